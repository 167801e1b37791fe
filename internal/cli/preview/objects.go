package preview

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Verb says what becomes of an object.
type Verb string

const (
	// VerbCreate: it is not there yet.
	VerbCreate Verb = "create"
	// VerbChange: its spec differs.
	VerbChange Verb = "change"
	// VerbDelete: it is there and no manifest declares it.
	VerbDelete Verb = "delete"
)

// Change is what becomes of one object.
type Change struct {
	Verb Verb   `json:"verb"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Fields are the parts of the spec that differ, sorted.
	Fields []string `json:"fields,omitempty"`
}

// objects compares what is declared with what is there, both by kind and name.
func objects(declared, there map[Key]client.Object, prune func(client.Object) bool) ([]Change, error) {
	var changes []Change
	for key, want := range declared {
		have := there[key]
		if have == nil {
			changes = append(changes, Change{Verb: VerbCreate, Kind: key.Kind, Name: key.Name})
			continue
		}
		fields, err := differing(want, have)
		if err != nil {
			return nil, err
		}
		if len(fields) > 0 {
			changes = append(changes, Change{Verb: VerbChange, Kind: key.Kind, Name: key.Name, Fields: fields})
		}
	}
	for key, have := range there {
		if declared[key] == nil && have.GetDeletionTimestamp() == nil && prune(have) {
			changes = append(changes, Change{Verb: VerbDelete, Kind: key.Kind, Name: key.Name})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(string(b.Verb), string(a.Verb)), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return changes, nil
}

// differing returns the fields of two specs that are not the same once both are
// written as JSON: there, an empty list and none are two things, and a time is
// the same in every zone.
func differing(want, have client.Object) ([]string, error) {
	a, err := spec(want)
	if err != nil {
		return nil, err
	}
	b, err := spec(have)
	if err != nil {
		return nil, err
	}
	var fields []string
	for name, value := range a {
		if !reflect.DeepEqual(value, b[name]) {
			fields = append(fields, name)
		}
	}
	for name := range b {
		if _, both := a[name]; !both {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return fields, nil
}

func spec(o client.Object) (map[string]any, error) {
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("compare %q: %w", o.GetName(), err)
	}
	fields, ok := all["spec"].(map[string]any)
	if !ok {
		return map[string]any{}, nil
	}
	return fields, nil
}
