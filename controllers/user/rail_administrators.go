package user

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// lastAdministrator reports whether too few administrators would be left. Who
// goes is one as the backend has it, because a role may have been taken from
// the declaration just before; who stays is one as is declared.
func (r *Reconciler) lastAdministrator(ctx context.Context, l leaving) (bool, error) {
	roles, err := r.administering(ctx, l.organization)
	if err != nil || len(roles) == 0 {
		return false, err
	}
	id := reference.OrganizationID(l.user.Namespace, l.user.Spec.OrganizationRef)
	one := false
	for _, at := range l.current {
		member, err := l.backend.Member(ctx, id, at)
		if err != nil && !directory.IsKind(err, directory.KindNotFound) {
			return false, err
		}
		one = one || err == nil && member.State == directory.MemberActive && holdsOne(member.Access.Grants, roles)
	}
	return r.tooFew(ctx, l.user, l.organization, roles, one)
}

// tooFew reports whether too few administrators are left without one of them.
func (r *Reconciler) tooFew(ctx context.Context, u *v1alpha1.User, org *v1alpha1.Organization, roles map[string]bool, one bool) (bool, error) {
	if !one {
		return false, nil
	}
	others, err := r.administrators(ctx, u, roles)
	facts := rails.Administrators{Minimum: census.MinAdministrators(&org.Spec.Safety), One: one, Others: others}
	return err == nil && facts.Blocked(), err
}

// demotion keeps the administering roles of the last administrator, whatever is
// declared: it returns the access to apply, and Done or what to say about it.
func (r *Reconciler) demotion(ctx context.Context, s *scope, wanted directory.Access) (directory.Access, phase.Answer) {
	observed := s.member.Access.Grants
	roles, last, err := map[string]bool(nil), false, error(nil)
	if s.active() && !s.kept() && !declared.SameAccess(s.member.Access, wanted) {
		if roles, err = r.administering(ctx, s.organization); err == nil {
			last, err = r.tooFew(ctx, s.user, s.organization, roles, holdsOne(observed, roles) && !holdsOne(wanted.Grants, roles))
		}
	}
	switch {
	case err != nil:
		return wanted, verdict.Of(err)
	case !last || r.approved(s.user, v1alpha1.ReasonLastAdministrator):
		unblock(s.user)
		return wanted, phase.Done("", "")
	}
	kept := directory.Access{Units: wanted.Units, Grants: append([]directory.Grant{}, wanted.Grants...)}
	for _, g := range observed {
		if roles[g.Role] {
			kept.Grants = append(kept.Grants, g)
		}
	}
	return declared.Normal(kept), r.block(s.user, s.organization, v1alpha1.ReasonLastAdministrator)
}

func holdsOne(grants []directory.Grant, roles map[string]bool) bool {
	for _, g := range grants {
		if roles[g.Role] {
			return true
		}
	}
	return false
}

// administering returns the roles that administer the organization; none when
// the rail is turned off.
func (r *Reconciler) administering(ctx context.Context, org *v1alpha1.Organization) (map[string]bool, error) {
	if census.MinAdministrators(&org.Spec.Safety) == 0 {
		return nil, nil
	}
	return census.AdministeringRoles(ctx, r.Client, org)
}

// administrators counts the others who are in, stay in, and have one of the
// roles, as is declared.
func (r *Reconciler) administrators(ctx context.Context, but *v1alpha1.User, roles map[string]bool) (int, error) {
	found := map[types.UID]bool{}
	for role := range roles {
		var list v1alpha1.UserList
		err := r.Client.List(ctx, &list, client.InNamespace(but.Namespace), client.MatchingFields{index.Role: role}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return 0, fmt.Errorf("list users of role: %w", err)
		}
		for i := range list.Items {
			u := &list.Items[i]
			if u.UID != but.UID && u.Spec.OrganizationRef == but.Spec.OrganizationRef && census.Stays(u, r.Clock.Now()) {
				found[u.UID] = true
			}
		}
	}
	return len(found), nil
}
