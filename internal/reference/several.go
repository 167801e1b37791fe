package reference

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// Several collects what is wrong with a list of references to one kind, so that
// an object says at once for all of them it waits.
type Several struct {
	// Kind of the objects named.
	Kind string

	missing, notReady []string
	gone              bool
}

// Get gets one of them. Anything but Done means that nothing could be found out.
func (s *Several) Get(ctx context.Context, r client.Reader, key client.ObjectKey, into client.Object) phase.Answer {
	missing, a := Get(ctx, r, key, into, s.Kind)
	s.gone = missing
	return a
}

// Check looks at what Get found: one of another organization is as good as
// missing, and one that the backend does not know is waited for.
func (s *Several) Check(name string, belongs, wanted v1alpha1.LocalReference, conditions []metav1.Condition) {
	switch {
	case s.gone || belongs != wanted:
		s.missing = append(s.missing, name)
	case !Provisioned(conditions):
		s.notReady = append(s.notReady, name)
	}
}

// Answer is Done when all were found and are provisioned.
func (s *Several) Answer() phase.Answer {
	if len(s.missing) > 0 {
		return Missing(s.Kind, s.missing...)
	}
	if len(s.notReady) > 0 {
		return NotReady(s.Kind, s.notReady...)
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "")
}
