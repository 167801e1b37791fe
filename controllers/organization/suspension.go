package organization

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// recordAgain is how soon it is tried again to record a suspension.
const recordAgain = 10 * time.Second

// suspended does nothing in the organization, and records that. The suspension
// holds whether or not that can be recorded now.
func (r *Reconciler) suspended(ctx context.Context, s *scope, message string) phase.Outcome {
	if err := r.Ledger.SuspendOrganization(ctx, s.id); err != nil {
		log.FromContext(ctx).Info("the suspension is not recorded yet; will try again", "after", recordAgain.String(), "error", err.Error())
		return phase.Only(phase.DoneUntil(r.Clock.Now().Add(recordAgain), v1alpha1.ReasonSuspended, message))
	}
	return phase.Only(phase.Done(v1alpha1.ReasonSuspended, message))
}

// isSuspended reports whether the status says that the organization is.
func isSuspended(org *v1alpha1.Organization) bool {
	c := meta.FindStatusCondition(org.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Reason == v1alpha1.ReasonSuspended
}

// suspension tells that the organization was suspended, or goes on.
func suspension(before, after *v1alpha1.Organization) []status.Happening {
	switch was, is := isSuspended(before), isSuspended(after); {
	case is && !was:
		return []status.Happening{{
			Type: corev1.EventTypeNormal, Reason: v1alpha1.ReasonSuspended, Action: "Suspend",
			Note: "Suspended by spec.suspend: nothing is sent, changed or removed in the organization.",
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
