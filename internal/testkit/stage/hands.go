package stage

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// Apply creates objects as somebody with kubectl does.
func (s *Stage) Apply(objects ...client.Object) {
	s.t.Helper()
	for _, o := range objects {
		s.api.admit(o)
		s.must(s.api.raw.Create(context.Background(), o))
	}
}

// Edit changes the spec or metadata of an object as somebody with kubectl does.
func Edit[K any, T Object[K]](s *Stage, name string, change func(T)) {
	s.t.Helper()
	o := Get[K, T](s, name)
	if o == nil {
		s.t.Fatalf("there is no %q to edit", name)
	}
	before, err := s.api.stored(context.Background(), o)
	s.must(err)
	change(o)
	s.must(s.api.raw.Update(context.Background(), o))
	s.must(s.api.count(context.Background(), before, o))
}

// SetStatus writes a status as another controller, or a restore, does. No rule
// is checked: what follows it starts anew.
func SetStatus[K any, T Object[K]](s *Stage, name string, change func(T)) {
	s.t.Helper()
	o := Get[K, T](s, name)
	if o == nil {
		s.t.Fatalf("there is no %q to edit", name)
	}
	change(o)
	s.must(s.api.raw.Status().Update(context.Background(), o))
	s.api.checker.Forget(o)
}

// Delete deletes an object as somebody with kubectl does: one with finalizers
// is marked.
func Delete[K any, T Object[K]](s *Stage, name string) {
	s.t.Helper()
	o := Get[K, T](s, name)
	if o == nil {
		s.t.Fatalf("there is no %q to delete", name)
	}
	s.must(s.api.remove(context.Background(), o))
}

// Raw is the API without faults and without a record, for what has no function here.
func (s *Stage) Raw() client.Client { return s.api.raw }

// Provide applies Organizations, BusinessUnits, Roles and IdentityBackends as if
// their controllers had done their work: the status says so, backend and ledger
// know them.
func (s *Stage) Provide(objects ...client.Object) {
	s.t.Helper()
	ctx := context.Background()
	s.Apply(objects...)
	for _, o := range objects {
		switch o := o.(type) {
		case *v1alpha1.IdentityBackend:
			o.Status.ObservedGeneration = o.Generation
			provided(&o.Status.Conditions, o.Generation, v1alpha1.ConditionReachable)
			provided(&o.Status.Conditions, o.Generation, v1alpha1.ConditionCredentialsValid)
		case *v1alpha1.Organization:
			tenant := directory.Organization{ID: organization(o.Name), DisplayName: o.Spec.DisplayName}
			s.must(s.Memory.ApplyOrganization(ctx, tenant))
			s.must(s.Ledger.ApplyOrganization(ctx, tenant))
			o.Status.ObservedGeneration = o.Generation
			provided(&o.Status.Conditions, o.Generation, v1alpha1.ConditionProvisioned)
		case *v1alpha1.BusinessUnit:
			s.must(s.Memory.ApplyUnit(ctx, directory.Unit{Organization: organization(o.Spec.OrganizationRef.Name), Name: o.Name}))
			o.Status.ObservedGeneration = o.Generation
			provided(&o.Status.Conditions, o.Generation, v1alpha1.ConditionProvisioned)
		case *v1alpha1.Role:
			s.must(s.Memory.ApplyRole(ctx, directory.Role{
				Organization: organization(o.Spec.OrganizationRef.Name), Name: o.Name, Level: directory.RoleLevel(o.Spec.Level),
			}))
			o.Status.ObservedGeneration = o.Generation
			provided(&o.Status.Conditions, o.Generation, v1alpha1.ConditionProvisioned)
		default:
			s.t.Fatalf("%T cannot be provided", o)
		}
		s.must(s.api.raw.Status().Update(ctx, o))
	}
}

func provided(conditions *[]metav1.Condition, generation int64, kind string) {
	for _, k := range []string{v1alpha1.ConditionReady, kind} {
		status.Set(conditions, generation, metav1.Condition{
			Type: k, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: "Everything is as declared.",
		})
	}
}

func organization(name string) directory.OrganizationID {
	return reference.OrganizationID(namespace, v1alpha1.LocalReference{Name: name})
}

// OrganizationID is the tenant that the builders' Organization stands for.
func OrganizationID() directory.OrganizationID { return organization(testkit.Clinic) }

// Conditions are all conditions as tests compare them: "True Succeeded" by type.
func Conditions(conditions []metav1.Condition) map[string]string {
	all := map[string]string{}
	for _, c := range conditions {
		all[c.Type] = fmt.Sprintf("%s %s", c.Status, c.Reason)
	}
	return all
}

// Condition is a condition as tests compare it: "True Succeeded"; "" when there is none.
func Condition(conditions []metav1.Condition, kind string) string {
	return Conditions(conditions)[kind]
}

// Message is a condition's message; "" when there is none.
func Message(conditions []metav1.Condition, kind string) string {
	for _, c := range conditions {
		if c.Type == kind {
			return c.Message
		}
	}
	return ""
}

// Names are the names of a list's items, sorted; nil when there are none.
func Names(list client.ObjectList) []string {
	var names []string
	_ = meta.EachListItem(list, func(item runtime.Object) error {
		if o, ok := item.(client.Object); ok {
			names = append(names, o.GetName())
		}
		return nil
	})
	slices.Sort(names)
	return names
}
