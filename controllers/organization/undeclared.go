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
	asked, users, err := r.confirm(ctx, s, asked)
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
		if err := r.evict(ctx, s, users, &asked[i]); err != nil {
			return gone, kept, err
		}
		gone++
	}
	if gone > 0 {
		r.Recorder.Eventf(s.organization, nil, corev1.EventTypeNormal, v1alpha1.ReasonRemoved, "Remove",
			"Removed from the backend: %s whom no User declares.", many(number(gone), "a member", "members"))
	}
	return gone, kept, nil
}

// confirm leaves out whom a User declares after all: the cache may not know a
// User yet that the API server has. It returns the names of all Users too.
func (r *Reconciler) confirm(
	ctx context.Context, s *scope, asked []directory.ObservedMember,
) ([]directory.ObservedMember, map[string]bool, error) {
	if len(asked) == 0 {
		return nil, nil, nil
	}
	users, err := r.usersNow(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	names := make(map[string]bool, len(users))
	for i := range users {
		names[users[i].Name] = true
	}
	roster := declared.NewRoster(users)
	var confirmed []directory.ObservedMember
	for i := range asked {
		if address := asked[i].Address; roster.Living(address) == nil && roster.Going(address) == nil {
			confirmed = append(confirmed, asked[i])
		}
	}
	return confirmed, names, nil
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

// evict removes one member whom no User declares. That the organization took
// them over for it is recorded before. Whoever left or came anew since the
// listing is left alone.
func (r *Reconciler) evict(ctx context.Context, s *scope, users map[string]bool, listed *directory.ObservedMember) error {
	now, err := s.backend.Member(ctx, s.id, listed.Address)
	if directory.IsKind(err, directory.KindNotFound) || err == nil && (now.ID != listed.ID || now.State != listed.State || !now.JoinedAt.Equal(listed.JoinedAt)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("observe an undeclared member: %w", err)
	}
	from, err := r.vacant(ctx, s, users, listed.Address)
	if err == nil {
		err = r.Ledger.Hold(ctx, directory.Holding{
			Organization: s.id, Address: listed.Address, Holder: directory.Leaving(""), Origin: directory.HoldingAdopted,
		}, from)
	}
	if directory.IsKind(err, directory.KindConflict) {
		return nil // a User was declared meanwhile, or is in under this address still
	}
	if err != nil {
		return fmt.Errorf("take over an undeclared member: %w", err)
	}
	// The link dies before the member goes: otherwise somebody could accept in between.
	if err := r.Backends.Inviter(s.backend).Close(ctx, s.id, listed.Address); err != nil {
		return fmt.Errorf("revoke the invitation of an undeclared member: %w", err)
	}
	if err := s.backend.RemoveMember(ctx, s.id, listed.Address, directory.RemovalDrop); err != nil {
		return fmt.Errorf("remove an undeclared member: %w", err)
	}
	if err := r.Ledger.Release(ctx, s.id, listed.Address, directory.Leaving("")); err != nil {
		return fmt.Errorf("release an undeclared member: %w", err)
	}
	return nil
}

// vacant returns the holder of an address whom no User stands for any more, as
// after its finalizer was taken off by hand; empty when nobody holds it.
// KindConflict while a User does, who is in under it still.
func (r *Reconciler) vacant(ctx context.Context, s *scope, users map[string]bool, address string) (string, error) {
	known, err := r.Ledger.Holding(ctx, s.id, address)
	if directory.IsKind(err, directory.KindNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	name, leaving := directory.IsLeaving(known.Holder)
	if !leaving {
		name = known.Holder
	}
	if users[name] {
		return "", directory.Errorf(directory.KindConflict, "take over an undeclared member", "a User has this address still")
	}
	return known.Holder, nil
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
