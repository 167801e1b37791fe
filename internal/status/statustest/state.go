package statustest

import (
	"cmp"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// state is what the rules look at.
type state struct {
	// name tells a reader of a violation which object it is about.
	name       string
	uid        types.UID
	generation int64
	deleted    bool
	status     statusFields
}

// statusFields are the fields that the statuses of all kinds have.
type statusFields struct {
	ObservedGeneration int64              `json:"observedGeneration"`
	Conditions         []metav1.Condition `json:"conditions"`
}

// stateOf reads the fields by their names in JSON, as clients of the API do.
func stateOf(o client.Object) (state, error) {
	s := state{
		name: fmt.Sprintf("%s %s/%s", kindOf(o), o.GetNamespace(), o.GetName()), uid: o.GetUID(),
		generation: o.GetGeneration(), deleted: o.GetDeletionTimestamp() != nil,
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return state{}, fmt.Errorf("%s: read the object: %w", s.name, err)
	}
	status, ok := content["status"].(map[string]any)
	if !ok {
		return s, nil
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(status, &s.status); err != nil {
		return state{}, fmt.Errorf("%s: read the status: %w", s.name, err)
	}
	return s, nil
}

// kindOf falls back on the Go type: typed objects rarely say their kind.
func kindOf(o client.Object) string {
	return cmp.Or(o.GetObjectKind().GroupVersionKind().Kind, reflect.TypeOf(o).Elem().Name())
}

func (s state) condition(kind string) *metav1.Condition {
	for i := range s.status.Conditions {
		if s.status.Conditions[i].Type == kind {
			return &s.status.Conditions[i]
		}
	}
	return nil
}

func (s state) isTrue(kind string) bool {
	c := s.condition(kind)
	return c != nil && c.Status == metav1.ConditionTrue
}
