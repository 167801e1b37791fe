package user

import (
	"context"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// ending is what an event tells about a membership that is no longer this User's.
type ending struct{ reason, note string }

// retained is the ending of whoever stays in.
func retained() ending {
	return ending{v1alpha1.ReasonRetained, "The person stays as they are in the backend."}
}

// endingOf is the ending of whoever goes in a way; "" is that of whoever stays.
func endingOf(how directory.Removal) ending {
	switch how {
	case "":
		return retained()
	case directory.RemovalDisable:
		return ending{v1alpha1.ReasonDisabled, "The person is disabled in the backend."}
	case directory.RemovalDelete:
		return ending{v1alpha1.ReasonRemoved, "The person is removed from the backend, and the account with them."}
	default:
		return ending{v1alpha1.ReasonRemoved, "The person is removed from the backend."}
	}
}

// canGo answers Done unless there is somebody to go in a way that the backend
// does not know. Nothing was revoked then: the removal policy can still be edited.
func (r *Reconciler) canGo(ctx context.Context, d *farewell) phase.Answer {
	if len(d.addresses) == 0 || d.user.Spec.RemovalPolicy == v1alpha1.RemovalPolicyRetain {
		return phase.Done("", "")
	}
	can, err := ability.Of(ctx, d.backend, d.organization.Spec.BackendRef)
	if err != nil {
		return verdict.Of(err)
	}
	return can.Farewell(d.user.Spec.RemovalPolicy)
}
