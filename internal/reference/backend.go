package reference

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// Usable reports whether the IdentityBackend of these conditions answers and
// takes our credentials.
func Usable(conditions []metav1.Condition) bool {
	return meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReachable) &&
		meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionCredentialsValid)
}

// Displaced reports whether the Organization of these conditions names a backend
// that another one uses. Nothing that belongs to it is looked for there, changed
// or removed.
func Displaced(conditions []metav1.Condition) bool {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionBackendReady)
	return c != nil && c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonBackendInUse
}
