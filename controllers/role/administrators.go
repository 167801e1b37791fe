package role

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// recheck is how soon it is looked again whether enough administrators are left:
// nothing tells of that.
const recheck = time.Minute

// mayGo asks the rail for administrators before the role, and with it every
// grant of it, is removed. The answer is Done when enough of them are left.
func (r *Reconciler) mayGo(ctx context.Context, role *v1alpha1.Role, org *v1alpha1.Organization) phase.Answer {
	minimum := census.MinAdministrators(&org.Spec.Safety)
	token := rails.Token(string(role.UID), v1alpha1.ReasonLastAdministrator, role.Generation)
	if minimum == 0 || role.Annotations[v1alpha1.AnnotationApproveRemoval] == token {
		return phase.Done("", "")
	}
	were, left, err := r.administrators(ctx, role, org)
	switch {
	case err != nil:
		return verdict.Of(err)
	case left >= were || left >= minimum:
		return phase.Done("", "")
	}
	return phase.StalledUntil(r.Clock.Now().Add(recheck), v1alpha1.ReasonLastAdministrator, fmt.Sprintf(
		"Without this role %d people who are in would administer Organization %q, fewer than %d; give others such a role, or let this one pass: "+
			"`kubectl annotate roles.%s %s -n %s --overwrite %s=%s`.",
		left, org.Name, minimum, v1alpha1.Group, role.Name, role.Namespace, v1alpha1.AnnotationApproveRemoval, token))
}

// administrators counts who administers the organization now, and who still
// would without the role.
func (r *Reconciler) administrators(ctx context.Context, role *v1alpha1.Role, org *v1alpha1.Organization) (int, int, error) {
	with, err := census.AdministeringRoles(ctx, r.Client, org)
	if err != nil || !with[role.Name] {
		return 0, 0, err
	}
	without, err := census.AdministeringRoles(ctx, r.Client, org, role.Name)
	if err != nil {
		return 0, 0, err
	}
	var users v1alpha1.UserList
	err = r.Client.List(ctx, &users, client.InNamespace(org.Namespace), client.MatchingFields{index.Organization: org.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return 0, 0, fmt.Errorf("list users: %w", err)
	}
	were, left := 0, 0
	for i := range users.Items {
		u := &users.Items[i]
		if !census.Stays(u, r.Clock.Now()) {
			continue
		}
		if holdsOne(u, with) {
			were++
		}
		if holdsOne(u, without) {
			left++
		}
	}
	return were, left, nil
}

func holdsOne(u *v1alpha1.User, roles map[string]bool) bool {
	for _, g := range u.Spec.Roles {
		if roles[g.Name] {
			return true
		}
	}
	return false
}
