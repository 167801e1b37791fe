package businessunit

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// provision makes the unit known to the backend and counts the people in it.
func (r *Reconciler) provision(ctx context.Context, s *scope) phase.Answer {
	if a := s.can.BusinessUnit(); a.Word != phase.WordDone {
		return a
	}
	message := "The backend knows the unit as declared."
	unit := directory.Unit{
		Organization: reference.OrganizationID(s.unit.Namespace, s.unit.Spec.OrganizationRef),
		Name:         s.unit.Name, DisplayName: cmp.Or(s.unit.Spec.DisplayName, s.unit.Name),
	}
	switch {
	case s.unit.Spec.ParentRef == nil:
	case s.can.NestedUnits:
		unit.Parent = s.unit.Spec.ParentRef.Name
	default:
		message = "The backend knows the unit, and no units within units: what this one lies in is known here, in status.path."
	}
	if err := s.backend.ApplyUnit(ctx, unit); err != nil {
		return verdict.Of(err)
	}
	s.unit.Status.Path = strings.Join(s.path, "/")
	if err := r.count(ctx, s.unit); err != nil {
		return verdict.Of(err)
	}
	return phase.Done(v1alpha1.ReasonSucceeded, message)
}

// count counts the Users that name the unit from the cache. The index knows
// names only: Users of another organization may name one that is called alike.
func (r *Reconciler) count(ctx context.Context, unit *v1alpha1.BusinessUnit) error {
	var users v1alpha1.UserList
	err := r.Client.List(ctx, &users, client.InNamespace(unit.Namespace),
		client.MatchingFields{index.BusinessUnit: unit.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	unit.Status.Members, unit.Status.Pending = 0, 0
	for i := range users.Items {
		switch u := &users.Items[i]; {
		case u.Spec.OrganizationRef != unit.Spec.OrganizationRef:
		case meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted):
			unit.Status.Members++
		default:
			unit.Status.Pending++
		}
	}
	return nil
}
