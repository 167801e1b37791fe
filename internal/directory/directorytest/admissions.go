package directorytest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Admissions keeps admissions in memory, for the tests of backends that need
// some. The zero value is empty. It may be used by many goroutines at once.
type Admissions struct {
	mu     sync.Mutex
	all    map[person]directory.Admission
	writes int64
}

var _ directory.Admissions = (*Admissions)(nil)

type person struct {
	org     directory.OrganizationID
	address string
}

// Writes counts what was changed so far, acceptances included.
func (a *Admissions) Writes() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.writes
}

// Accept does what the portal does when somebody accepts: the person may be
// active, and is called so. Repeating it keeps the time of the first. KindConflict
// for nobody, and for who is disabled.
func (a *Admissions) Accept(ctx context.Context, org directory.OrganizationID, address, confirmedName string, at time.Time) error {
	known, err := a.Admission(ctx, org, address)
	if directory.IsKind(err, directory.KindNotFound) || known.State == directory.MemberDisabled {
		return directory.Errorf(directory.KindConflict, "accept", "there is nobody to let in")
	}
	if err != nil {
		return err
	}
	accepted := known
	accepted.State, accepted.ConfirmedName = directory.MemberActive, confirmedName
	accepted.Provisioned = known.Provisioned && known.State == directory.MemberActive
	if accepted.JoinedAt.IsZero() {
		accepted.JoinedAt = at
	}
	return a.Admit(ctx, accepted, known)
}

// Admission implements [directory.Admissions].
func (a *Admissions) Admission(ctx context.Context, org directory.OrganizationID, address string) (directory.Admission, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.all[person{org, address}]
	if err := ctx.Err(); err != nil {
		return directory.Admission{}, err
	}
	if !ok {
		return directory.Admission{}, notFound("find an admission", "the admission")
	}
	return found, nil
}

// Admissions implements [directory.Admissions].
func (a *Admissions) Admissions(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Admission, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var found []directory.Admission
	for p, one := range a.all {
		if p.org == org && p.address > after {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b directory.Admission) int { return cmp.Compare(a.Address, b.Address) })
	return found[:min(len(found), limit, 1000)], nil
}

// Admit implements [directory.Admissions].
func (a *Admissions) Admit(ctx context.Context, wanted, known directory.Admission) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	p := person{wanted.Organization, wanted.Address}
	switch have := a.all[p]; {
	case have == wanted:
		return nil
	case have != known:
		return directory.Errorf(directory.KindConflict, "admit", "another admission is there")
	}
	if a.all == nil {
		a.all = map[person]directory.Admission{}
	}
	a.all[p] = wanted
	a.writes++
	return nil
}

// Readdress implements [directory.Admissions].
func (a *Admissions) Readdress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	const op = "give an admission another address"
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	moved, is := a.all[person{org, from}]
	_, taken := a.all[person{org, to}]
	switch {
	case !is && !taken:
		return notFound(op, "the admission")
	case !is || from == to:
		return nil
	case taken:
		return directory.Errorf(directory.KindExists, op, "somebody else has the new address")
	}
	delete(a.all, person{org, from})
	moved.Address = to
	a.all[person{org, to}] = moved
	a.writes++
	return nil
}

// Dismiss implements [directory.Admissions].
func (a *Admissions) Dismiss(ctx context.Context, org directory.OrganizationID, address string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	before := len(a.all)
	maps.DeleteFunc(a.all, func(p person, _ directory.Admission) bool {
		return p.org == org && (address == "" || p.address == address)
	})
	if len(a.all) != before {
		a.writes++
	}
	return nil
}
