package census

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/rails"
)

// Stays reports whether somebody is in and stays in, as is declared.
func Stays(u *v1alpha1.User, now time.Time) bool {
	return u.DeletionTimestamp == nil && declared.StateOf(&u.Spec, now) != directory.MemberDisabled &&
		meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted)
}

// AdministeringRoles returns the names of an organization's roles that
// administer it, as far as they are not one of those without which is asked.
func AdministeringRoles(ctx context.Context, c client.Reader, org *v1alpha1.Organization, without ...string) (map[string]bool, error) {
	var list v1alpha1.RoleList
	err := c.List(ctx, &list, client.InNamespace(org.Namespace), client.MatchingFields{index.Organization: org.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	administers, includes := map[string]bool{}, map[string][]string{}
	for i := range list.Items {
		administers[list.Items[i].Name], includes[list.Items[i].Name] = list.Items[i].Spec.Administers, list.Items[i].Spec.Includes
	}
	for _, name := range without {
		delete(administers, name)
		delete(includes, name)
	}
	return rails.Administering(administers, includes), nil
}
