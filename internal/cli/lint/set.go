package lint

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
)

// Options say how a set of manifests is judged.
type Options struct {
	// Namespace is where objects lie that name none. Required.
	Namespace string
	// Partial says that what the manifests refer to may be elsewhere: what is
	// missing is then a warning.
	Partial bool
}

// key names an object among those of its namespace.
type key struct{ namespace, kind, name string }

// item is an object of the set.
type item struct {
	key

	document manifest.Document
	// object is nil when the schema refused it; it then exists, and no more is known.
	object client.Object
}

// Set is manifests of our kinds, with defaults.
type Set struct {
	options  Options
	items    []*item
	byKey    map[key]*item
	findings []Finding
}

// Load checks documents against the schemas, and those that pass against each
// other. It returns the set, and what was found in the order of the files.
func Load(ctx context.Context, s *Schemas, o Options, documents []manifest.Document, problems []manifest.Problem) (*Set, []Finding) {
	set := &Set{options: o, byKey: map[key]*item{}}
	for _, p := range problems {
		set.findings = append(set.findings, Finding{Problem: p, Severity: SeverityError})
	}
	for _, d := range documents {
		set.add(ctx, s, d)
	}
	set.relate()
	sortFindings(set.findings)
	return set, set.findings
}

func (s *Set) add(ctx context.Context, schemas *Schemas, d manifest.Document) {
	gvk := d.Object.GroupVersionKind()
	if gvk.Group != v1alpha1.Group {
		return
	}
	i := &item{document: d, key: key{namespace: d.Object.GetNamespace(), kind: gvk.Kind, name: d.Object.GetName()}}
	if i.namespace == "" {
		i.namespace = s.options.Namespace
	}
	if gvk.Version != v1alpha1.GroupVersion().Version || !schemas.Known(gvk.Kind) {
		s.report(i, SeverityError, "", "there is no kind %s in %s; write one of those of %s", gvk.Kind, gvk.GroupVersion(), v1alpha1.GroupVersion())
		return
	}
	full := d.Object.DeepCopy()
	full.SetNamespace(i.namespace)
	refused := schemas.Check(ctx, full)
	for _, e := range refused {
		s.report(i, SeverityError, e.Field, "%s", e.Error())
	}
	if before := s.byKey[i.key]; before != nil {
		s.report(i, SeverityError, "metadata.name", "%s %q is declared before, in %s line %d; rename one of the two", i.kind, i.name, before.document.File, before.document.Line)
		return
	}
	if len(refused) == 0 {
		i.object = s.typed(i, full)
	}
	s.byKey[i.key] = i
	s.items = append(s.items, i)
}

func (s *Set) typed(i *item, full *unstructured.Unstructured) client.Object {
	object := manifest.Kinds()[i.kind]()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(full.Object, object); err != nil {
		s.report(i, SeverityError, "", "cannot be read: %v", err)
		return nil
	}
	return object
}

func (s *Set) report(i *item, severity Severity, path, format string, args ...any) {
	s.findings = append(s.findings, Finding{
		Problem:  manifest.Problem{File: i.document.File, Line: i.document.LineOf(path), Message: fmt.Sprintf(format, args...)},
		Severity: severity, Object: i.kind + "/" + i.name,
	})
}

// missing reports what may be elsewhere when the set is only a part.
func (s *Set) missing(i *item, path, format string, args ...any) {
	severity := SeverityError
	if s.options.Partial {
		severity = SeverityWarning
	}
	s.report(i, severity, path, format, args...)
}

// All returns the objects of one kind that passed, with their defaults.
func All[T client.Object](s *Set) []T {
	var all []T
	for _, i := range s.items {
		if o, ok := i.object.(T); ok {
			all = append(all, o)
		}
	}
	return all
}

// find returns an object of the namespace of another; nil when it is not there.
func (s *Set) find(from *item, kind, name string) *item {
	return s.byKey[key{namespace: from.namespace, kind: kind, name: name}]
}

// Len is how many objects of our kinds there are.
func (s *Set) Len() int { return len(s.items) }
