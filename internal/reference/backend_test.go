package reference_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

func condition(kind string, is metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: is, Reason: reason}
}

func TestBY11_Usable(t *testing.T) {
	reachable := condition(v1alpha1.ConditionReachable, metav1.ConditionTrue, "")
	for name, test := range map[string]struct {
		conditions []metav1.Condition
		want       bool
	}{
		"never looked at": {nil, false},
		"answers":         {[]metav1.Condition{reachable}, false},
		"refuses us":      {[]metav1.Condition{reachable, condition(v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, "")}, false},
		"usable":          {[]metav1.Condition{reachable, condition(v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, "")}, true},
	} {
		if got := reference.Usable(test.conditions); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// An Organization that was provisioned is not, once another one uses its
// backend; any other trouble with the backend holds nobody up.
func TestBY11_Displaced(t *testing.T) {
	provisioned := condition(v1alpha1.ConditionProvisioned, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	for reason, displaced := range map[string]bool{
		v1alpha1.ReasonBackendInUse: true, v1alpha1.ReasonDependencyNotReady: false, v1alpha1.ReasonReferenceNotFound: false,
	} {
		conditions := []metav1.Condition{provisioned, condition(v1alpha1.ConditionBackendReady, metav1.ConditionFalse, reason)}
		if reference.Displaced(conditions) != displaced || reference.Provisioned(conditions) == displaced {
			t.Errorf("%s: displaced %t, provisioned %t", reason, reference.Displaced(conditions), reference.Provisioned(conditions))
		}
	}
	for _, reason := range []string{v1alpha1.ReasonCredentialsInvalid, v1alpha1.ReasonQuotaExceeded, v1alpha1.ReasonBackendDenied} {
		if !reference.Provisioned([]metav1.Condition{condition(v1alpha1.ConditionProvisioned, metav1.ConditionFalse, reason)}) {
			t.Errorf("%s holds up whoever is known already", reason)
		}
	}
}
