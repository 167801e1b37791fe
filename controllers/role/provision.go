package role

import (
	"cmp"
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// provision makes the role known to the backend and counts the people who have it.
func (r *Reconciler) provision(ctx context.Context, s *scope) phase.Answer {
	level := cmp.Or(s.role.Spec.Level, v1alpha1.RoleLevelOrganization)
	if a := s.can.Role(level); a.Word != phase.WordDone {
		return a
	}
	err := s.backend.ApplyRole(ctx, directory.Role{
		Organization: reference.OrganizationID(s.role.Namespace, s.role.Spec.OrganizationRef),
		Name:         s.role.Name, DisplayName: cmp.Or(s.role.Spec.DisplayName, s.role.Name),
		Level: directory.RoleLevel(level), Permissions: s.permissions,
	})
	if err != nil {
		return verdict.Of(err)
	}
	effective := make([]v1alpha1.Permission, 0, len(s.permissions))
	for _, p := range s.permissions {
		effective = append(effective, v1alpha1.Permission(p))
	}
	s.role.Status.EffectivePermissions = effective

	s.role.Status.Members, err = r.count(ctx, s.role)
	if err != nil {
		return verdict.Of(err)
	}
	if !s.can.Permissions && len(s.permissions) > 0 {
		return phase.Done(v1alpha1.ReasonSucceeded,
			"The backend knows the role by its name only: what it permits is known here, in status.effectivePermissions.")
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend knows the role with all its permissions.")
}

// count counts the Users that name the role from the cache. The index knows
// names only: Users of another organization may name one that is called alike.
func (r *Reconciler) count(ctx context.Context, role *v1alpha1.Role) (int32, error) {
	var users v1alpha1.UserList
	err := r.Client.List(ctx, &users, client.InNamespace(role.Namespace),
		client.MatchingFields{index.Role: role.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return 0, fmt.Errorf("list users: %w", err)
	}
	members := int32(0)
	for i := range users.Items {
		if users.Items[i].Spec.OrganizationRef == role.Spec.OrganizationRef {
			members++
		}
	}
	return members, nil
}
