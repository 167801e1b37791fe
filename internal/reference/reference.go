package reference

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// OrganizationID names the tenant that an object's organizationRef stands for.
func OrganizationID(namespace string, ref v1alpha1.LocalReference) directory.OrganizationID {
	return directory.OrganizationID(namespace + "/" + ref.Name)
}

// Organization gets an Organization that the backend knows already. The answer
// is Done, or what to say instead: Halted while the Organization is suspended or
// only plans.
func Organization(ctx context.Context, r client.Reader, namespace string, ref v1alpha1.LocalReference) (*v1alpha1.Organization, phase.Answer) {
	org := &v1alpha1.Organization{}
	missing, a := Get(ctx, r, client.ObjectKey{Namespace: namespace, Name: ref.Name}, org, "Organization")
	if a.Word != phase.WordDone {
		return nil, a
	}
	if missing {
		return nil, Missing("Organization", ref.Name)
	}
	if a, halted := Halted(org); halted {
		return org, a
	}
	if !Provisioned(org.Status.Conditions) {
		return nil, NotReady("Organization", ref.Name)
	}
	return org, phase.Done(v1alpha1.ReasonSucceeded, "")
}

// Halted reports whether nothing is to be done in the organization on purpose,
// and what to say then.
func Halted(org *v1alpha1.Organization) (phase.Answer, bool) {
	switch {
	case org.Spec.Suspend:
		return phase.Halted(v1alpha1.ReasonSuspended, fmt.Sprintf(
			"Suspended by spec.suspend of Organization %q: nothing is sent or changed.", org.Name)), true
	case org.Spec.Mode == v1alpha1.ModePlan:
		return phase.Halted(v1alpha1.ReasonPlanned, fmt.Sprintf(
			"The mode of Organization %q is Plan: nothing is sent or changed, and its status.plan tells what would be.", org.Name)), true
	}
	return phase.Answer{}, false
}

// Get gets an object; one that is not there, or on its way out, is missing.
func Get(ctx context.Context, r client.Reader, key client.ObjectKey, into client.Object, kind string) (bool, phase.Answer) {
	err := r.Get(ctx, key, into)
	switch {
	case apierrors.IsNotFound(err):
		return true, phase.Done(v1alpha1.ReasonSucceeded, "")
	case err != nil:
		return false, phase.Failed(fmt.Errorf("get %s: %w", kind, err), 0, v1alpha1.ReasonProgressingWithRetry,
			"The Kubernetes API could not be read; it is tried again.")
	}
	return into.GetDeletionTimestamp() != nil, phase.Done(v1alpha1.ReasonSucceeded, "")
}

// Missing says for whom an object waits. The names are sorted.
func Missing(kind string, names ...string) phase.Answer {
	return phase.Waiting(v1alpha1.ReasonReferenceNotFound,
		fmt.Sprintf("Waits for %s, not found in this namespace; apply it or correct the reference.", named(kind, names)))
}

// NotReady says which existing objects the backend does not know yet.
func NotReady(kind string, names ...string) phase.Answer {
	return phase.Waiting(v1alpha1.ReasonDependencyNotReady,
		fmt.Sprintf("Waits for %s to be provisioned; its own conditions say why it is not.", named(kind, names)))
}

func named(kind string, names []string) string {
	quoted := make([]string, 0, len(names))
	for _, n := range slices.Sorted(slices.Values(names)) {
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	return kind + " " + strings.Join(slices.Compact(quoted), ", ")
}

// Provisioned reports whether what names the object of these conditions can go
// on. A failure that is tried again holds nobody up: what is known stays known
// while the backend does not answer, and one that never was is found missing.
func Provisioned(conditions []metav1.Condition) bool {
	c := meta.FindStatusCondition(conditions, v1alpha1.ConditionProvisioned)
	if c == nil || c.Status == metav1.ConditionUnknown || Displaced(conditions) {
		return false
	}
	transient := []string{
		v1alpha1.ReasonBackendUnavailable, v1alpha1.ReasonBackendRateLimited, v1alpha1.ReasonCredentialsInvalid,
		v1alpha1.ReasonBackendDenied, v1alpha1.ReasonQuotaExceeded, v1alpha1.ReasonProgressingWithRetry,
	}
	return c.Status == metav1.ConditionTrue || slices.Contains(transient, c.Reason)
}
