package protocol

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// rosterJob is a change of a group's members that may be made together with
// others of the same group.
type rosterJob struct {
	MemberChange

	// most is how many members one request changes.
	most int
}

// fitsRoster keeps to the limit of one request, and leaves nobody open to doubt:
// who is added by one and removed by another is both in the order of the two.
func fitsRoster(going []rosterJob, next rosterJob) bool {
	n := len(next.Add) + len(next.Remove)
	for _, j := range going {
		n += len(j.Add) + len(j.Remove)
		if overlap(j.Add, next.Remove) || overlap(j.Remove, next.Add) {
			return false
		}
	}
	return n <= next.most
}

func overlap(some, others []string) bool {
	return slices.ContainsFunc(some, func(id string) bool { return slices.Contains(others, id) })
}

func (c *Client) changeAlone(ctx context.Context, j rosterJob, _ *pass) (struct{}, error) {
	return struct{}{}, c.changeMembers(ctx, j.MemberChange)
}

// changeTogether makes several changes of one group with one request, those that
// take away before those that give. When it is refused it goes in halves, so that
// the error reaches the one whose change is refused.
func (c *Client) changeTogether(ctx context.Context, jobs []rosterJob, _ *pass, tell func(int, verdict[struct{}])) {
	all := MemberChange{Group: jobs[0].Group}
	for _, j := range jobs {
		all.Add, all.Remove = append(all.Add, j.Add...), append(all.Remove, j.Remove...)
	}
	all.Add, all.Remove = once(all.Add), once(all.Remove)
	err := c.changeMembers(ctx, all)
	if err == nil || len(jobs) == 1 || !c.divides(ctx, all.Group, err) {
		tellAll(jobs, tell, func(rosterJob) verdict[struct{}] { return verdict[struct{}]{err: err} })
		return
	}
	half := len(jobs) / 2
	c.changeTogether(ctx, jobs[:half], nil, tell)
	c.changeTogether(ctx, jobs[half:], nil, func(i int, o verdict[struct{}]) { tell(half+i, o) })
}

// divides reports whether an error may be about one of several changes, and not
// about all of them, the service provider or our way to it. That something is not
// there may be said of a member and of the group, which is looked for.
func (c *Client) divides(ctx context.Context, group string, err error) bool {
	switch directory.KindOf(err) {
	case directory.KindUnavailable, directory.KindRateLimited, directory.KindCredentials:
		return false
	case directory.KindNotFound:
		_, gone := c.Get(ctx, GetRequest{Kind: Groups, ID: group, Attributes: []Path{{attribute: "displayName"}}})
		return gone == nil
	default:
		return true
	}
}

func once(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
