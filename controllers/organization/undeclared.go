package organization

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
)

// remove removes members whom no User declares, if that is wanted and as far as
// the rail lets them go. It returns how many went, and counts who is not asked
// to go. c is of a complete listing.
func (r *Reconciler) remove(ctx context.Context, s *scope, c plan.Comparison) (int, plan.Kept, error) {
	var asked []directory.ObservedMember
	var kept plan.Kept
	if s.organization.Spec.Membership.Undeclared == v1alpha1.UndeclaredRemove {
		asked, kept = c.Removable()
	}
	asked, err := r.confirm(ctx, s, asked)
	if err != nil {
		return 0, kept, err
	}
	// Also when nobody is asked to go: then nobody waits any more.
	limit := census.Removals(&s.organization.Spec.Safety)
	may, err := r.Rails.ReserveUndeclared(ctx, s.id, departures(s, asked), directory.RemovalLimit{Floor: limit.Floor, Window: limit.Window})
	if err != nil {
		return 0, kept, fmt.Errorf("ask the rails: %w", err)
	}
	granted := make(map[directory.Departure]bool, len(may))
	for _, d := range may {
		granted[d] = true
	}
	gone := 0
	for i := range asked {
		if !granted[departure(s, &asked[i])] {
			continue
		}
		evicted, err := r.evict(ctx, s, &asked[i])
		if err != nil {
			return gone, kept, err
		}
		if evicted {
			gone++
		}
	}
	if gone > 0 {
		r.Recorder.Eventf(s.organization, nil, corev1.EventTypeNormal, v1alpha1.ReasonRemoved, "Remove",
			"Removed from the backend: %s whom no User declares.", many(number(gone), "a member", "members"))
	}
	return gone, kept, nil
}

// confirm leaves out whom a User declares after all: the cache may not know a
// User yet that the API server has.
func (r *Reconciler) confirm(ctx context.Context, s *scope, asked []directory.ObservedMember) ([]directory.ObservedMember, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	users, err := r.usersNow(ctx, s)
	if err != nil {
		return nil, err
	}
	roster := declared.NewRoster(users)
	var confirmed []directory.ObservedMember
	for i := range asked {
		if address := asked[i].Address; roster.Living(address) == nil && roster.Going(address) == nil {
			confirmed = append(confirmed, asked[i])
		}
	}
	return confirmed, nil
}

// usersNow returns the organization's Users from the API server.
func (r *Reconciler) usersNow(ctx context.Context, s *scope) ([]v1alpha1.User, error) {
	var users []v1alpha1.User
	for next := ""; ; {
		var some v1alpha1.UserList
		err := r.Direct.List(ctx, &some, client.InNamespace(s.organization.Namespace), client.Limit(portion), client.Continue(next))
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		for i := range some.Items {
			if some.Items[i].Spec.OrganizationRef.Name == s.organization.Name {
				users = append(users, some.Items[i])
			}
		}
		if next = some.Continue; next == "" {
			return users, nil
		}
	}
}

// evict removes one member whom no User declares, and reports whether it did. That
// the organization took them over for it is recorded before. Whoever left or came
// anew since the listing is left alone.
func (r *Reconciler) evict(ctx context.Context, s *scope, listed *directory.ObservedMember) (bool, error) {
	now, err := s.backend.Member(ctx, s.id, listed.Address)
	if directory.IsKind(err, directory.KindNotFound) || err == nil && (now.ID != listed.ID || now.State != listed.State || !now.JoinedAt.Equal(listed.JoinedAt)) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("observe an undeclared member: %w", err)
	}
	taken, err := r.takeOver(ctx, s, listed.Address)
	if err != nil {
		return false, fmt.Errorf("take over an undeclared member: %w", err)
	}
	if !taken {
		return false, nil
	}
	// The link dies before the member goes: otherwise somebody could accept in between.
	if err := r.Backends.Inviter(s.backend).Close(ctx, s.id, listed.Address); err != nil {
		return false, fmt.Errorf("revoke the invitation of an undeclared member: %w", err)
	}
	if err := s.backend.RemoveMember(ctx, s.id, listed.Address, directory.RemovalDrop); err != nil {
		return false, fmt.Errorf("remove an undeclared member: %w", err)
	}
	if err := r.Ledger.Release(ctx, s.id, listed.Address, directory.Leaving("")); err != nil {
		return true, fmt.Errorf("release an undeclared member: %w", err)
	}
	return true, nil
}

// takeOver makes the organization the holder of an address that nobody holds, or
// a User that is gone, as after its finalizer was taken off by hand. It reports
// false when a User has it: one that was declared meanwhile, one that has come
// back, or one who is in under it still.
func (r *Reconciler) takeOver(ctx context.Context, s *scope, address string) (bool, error) {
	known, err := r.Ledger.Holding(ctx, s.id, address)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		known = directory.Holding{Organization: s.id, Address: address, Origin: directory.HoldingAdopted}
	case err != nil:
		return false, err
	}
	if is, err := r.isUser(ctx, s, known.Holder); is || err != nil {
		return false, err
	}
	taken := known
	taken.Holder = directory.Leaving("")
	err = r.Ledger.Hold(ctx, taken, known.Holder)
	if directory.IsKind(err, directory.KindConflict) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// A User of that name that came back before this was recorded, and may have
	// looked before as well, is there by now; one that comes later waits.
	is, err := r.isUser(ctx, s, known.Holder)
	if is {
		err = r.Ledger.Hold(ctx, known, taken.Holder)
	}
	return !is && err == nil, err
}

// isUser reports whether the holder of an address is a User that there is.
func (r *Reconciler) isUser(ctx context.Context, s *scope, holder string) (bool, error) {
	name, _ := directory.IsLeaving(holder)
	if name == "" {
		return false, nil
	}
	u := &v1alpha1.User{}
	err := r.Direct.Get(ctx, client.ObjectKey{Namespace: s.organization.Namespace, Name: name}, u)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("get holder: %w", err)
	}
	return err == nil && u.Spec.OrganizationRef.Name == s.organization.Name, nil
}

// letGo releases whom the organization took over for a removal that was broken
// off, or whose reply was lost: who is still there is taken over again.
func (r *Reconciler) letGo(ctx context.Context, s *scope, holdings []directory.Holding) error {
	for i := range holdings {
		if holdings[i].Holder != directory.Leaving("") {
			continue
		}
		if err := r.Ledger.Release(ctx, s.id, holdings[i].Address, holdings[i].Holder); err != nil {
			return fmt.Errorf("release who was to be removed: %w", err)
		}
	}
	return nil
}

func departures(s *scope, members []directory.ObservedMember) []directory.Departure {
	all := make([]directory.Departure, 0, len(members))
	for i := range members {
		all = append(all, departure(s, &members[i]))
	}
	return all
}

func departure(s *scope, m *directory.ObservedMember) directory.Departure {
	return directory.Departure{Organization: s.id, Address: m.Address, Subject: cmp.Or(m.ID, m.Address)}
}
