package user

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// itself begins what Ready says of a User that is suspended itself; of one whose
// Organization is, it says that. See [reference.Halted].
const itself = "Suspended by spec.suspend: "

// recordAgain is how soon it is tried again to record a suspension.
const recordAgain = 10 * time.Second

// suspended does nothing for the User, and records that of whom it manages. The
// suspension holds whether or not that can be recorded now.
func (r *Reconciler) suspended(ctx context.Context, u *v1alpha1.User) phase.Outcome {
	message := itself + "nothing is sent or changed."
	if u.DeletionTimestamp != nil {
		message = itself + "the deletion waits until it is false."
	}
	held, err := r.heldBy(ctx, reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef), u.Name)
	if err == nil {
		err = r.recordSuspension(ctx, held, true)
	}
	if err != nil {
		log.FromContext(ctx).Info("the suspension is not recorded yet; will try again", "after", recordAgain.String(), "error", err.Error())
		return phase.Only(phase.DoneUntil(r.Clock.Now().Add(recordAgain), v1alpha1.ReasonSuspended, message))
	}
	return phase.Only(phase.Done(v1alpha1.ReasonSuspended, message))
}

// recordSuspension records that work on all that is held was suspended or goes
// on, where that is not known.
func (r *Reconciler) recordSuspension(ctx context.Context, held []directory.Holding, suspended bool) error {
	for _, h := range held {
		if h.Suspended == suspended {
			continue
		}
		h.Suspended = suspended
		if err := r.Holdings.Hold(ctx, h, h.Holder); err != nil {
			return err
		}
	}
	return nil
}

// isSuspended reports whether a User's status says that it is suspended itself.
func isSuspended(u *v1alpha1.User) bool {
	c := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Reason == v1alpha1.ReasonSuspended && strings.HasPrefix(c.Message, itself)
}

// suspension tells that the User was suspended, or goes on. That its Organization
// was is the Organization's event, and not one for every User.
func suspension(before, after *v1alpha1.User) []status.Happening {
	switch was, is := isSuspended(before), isSuspended(after); {
	case is && !was:
		return []status.Happening{{
			Type: corev1.EventTypeNormal, Reason: v1alpha1.ReasonSuspended, Action: "Suspend", Note: itself + "nothing is sent or changed.",
		}}
	case was && !is:
		return []status.Happening{resumed()}
	}
	return nil
}

func resumed() status.Happening {
	return status.Happening{
		Type: corev1.EventTypeNormal, Reason: v1alpha1.ReasonResumed, Action: "Resume", Note: "Not suspended any more: work goes on where it was.",
	}
}
