package organization_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// inUse is a world with an organization that has a member, a holding and a
// pending invitation.
func inUse(t *testing.T, edits ...func(*v1alpha1.Organization)) *world {
	t.Helper()
	w := newWorld(t, testkit.Organization(edits...))
	w.look()
	w.member("ada")
	w.applied(testkit.User("ada"))
	_, err := w.Ledger.Invite(w.Context(), directory.InvitationRequest{
		Organization: stage.OrganizationID(), Address: "bob@example.com", Revision: 1, Mail: true, ExpiresAfter: time.Hour,
	})
	must(w, err)
	w.Events()
	return w
}

func removable(o *v1alpha1.Organization) { o.Spec.DeletionPolicy = v1alpha1.DeletionRemove }

// remains are what is left of an organization outside Kubernetes.
type remains struct{ tenant, invitation, holding bool }

func (w *world) left() remains {
	w.Helper()
	_, tenant := w.Memory.ListMembers(w.Context(), stage.OrganizationID(), "")
	_, invitation := w.Ledger.Invitation(w.Context(), stage.OrganizationID(), "bob@example.com")
	_, holding := w.Ledger.Holding(w.Context(), stage.OrganizationID(), "ada@example.com")
	return remains{tenant == nil, invitation == nil, holding == nil}
}

// An Organization that goes is kept, or removed with all that is in it, as its
// deletion policy says; it waits for nobody, Users included.
func TestHE5_AnOrganizationGoes(t *testing.T) {
	for name, test := range map[string]struct {
		edit  func(*v1alpha1.Organization)
		stays bool
		event string
	}{
		"nothing said": {func(*v1alpha1.Organization) {}, true, "Normal Retained "},
		"Retain":       {func(o *v1alpha1.Organization) { o.Spec.DeletionPolicy = v1alpha1.DeletionRetain }, true, "Normal Retained "},
		"Remove":       {removable, false, "Normal Removed "},
	} {
		t.Run(name, func(t *testing.T) {
			w := inUse(t, test.edit)
			w.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} }))
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
			if result := w.look(); !result.IsZero() {
				t.Errorf("result %v, want none", result)
			}
			if w.get() != nil {
				t.Fatal("it is still there")
			}
			if got := w.left(); got != (remains{test.stays, test.stays, test.stays}) {
				t.Errorf("left are %+v, want all to be so: %t", got, test.stays)
			}
			if events := w.Events(); len(events) != 1 || !strings.HasPrefix(events[0], test.event) {
				t.Errorf("events %q, want one %q", events, test.event)
			}
		})
	}
}

// A deletion waits while the organization is suspended, and while it only plans
// and the tenant would be removed.
func TestHE5_ADeletionWaits(t *testing.T) {
	suspended := func(o *v1alpha1.Organization) { o.Spec.Suspend = true }
	for name, test := range map[string]struct {
		edit  []func(*v1alpha1.Organization)
		ready string
	}{
		"suspended":         {[]func(*v1alpha1.Organization){suspended}, "True Suspended"},
		"suspended, Remove": {[]func(*v1alpha1.Organization){suspended, removable}, "True Suspended"},
		"Plan, Remove":      {[]func(*v1alpha1.Organization){planning, removable}, "True Planned"},
		"Plan, Retain":      {[]func(*v1alpha1.Organization){planning}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := inUse(t)
			for _, edit := range test.edit {
				w.edit(edit)
			}
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
			w.look()
			if !w.left().tenant {
				t.Error("the tenant is gone")
			}
			if w.get() == nil {
				if test.ready != "" {
					t.Error("it did not wait")
				}
				return
			}
			w.wantCondition("deleted", v1alpha1.ConditionReady, test.ready)
			w.edit(func(o *v1alpha1.Organization) { o.Spec.Suspend, o.Spec.Mode = false, v1alpha1.ModeEnforce })
			w.look()
			if w.get() != nil {
				t.Error("it still waits")
			}
		})
	}
}

// One that was never provisioned is held by nothing.
func TestHE5_AnOrganizationThatNeverWas(t *testing.T) {
	w := newWorld(t, testkit.Organization(on("nowhere"), func(o *v1alpha1.Organization) { o.Finalizers = []string{"example.com/theirs"} }))
	w.look()
	stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
	w.Writes()
	if result := w.look(); !result.IsZero() || len(w.Writes()) > 0 || len(w.Memory.Writes()) > 0 {
		t.Errorf("something is done for an Organization that goes: %v", result)
	}
}

// Whatever fails on the way is tried again, and what was done is not undone or
// done twice; a backend that is gone is nothing to wait for.
func TestPromise_RemovingAnOrganizationSurvivesEverything(t *testing.T) {
	failure := directory.Errorf(directory.KindUnavailable, "do something", "no answer")
	for name, inject := range map[string]func(*world) func(){
		"finding the backend": func(w *world) func() { w.Backends.Fail(failure); return func() { w.Backends.Fail(nil) } },
		"backend": func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodRemoveOrganization, Err: failure})
		},
		"backend, lost reply": func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodRemoveOrganization, After: true, Err: failure})
		},
		"ledger":    func(w *world) func() { w.records.err = failure; return func() { w.records.err = nil } },
		"finalizer": func(w *world) func() { return w.FailAPI(stage.APIFault{Verb: stage.VerbPatch, Err: errBroken}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := inUse(t, removable)
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
			withdraw := inject(w)
			if _, err := w.try(); err == nil {
				t.Error("no error, so it is not tried again")
			}
			if w.get() == nil {
				t.Fatal("it is gone before its tenant is")
			}
			withdraw()
			w.look()
			if got := w.left(); w.get() != nil || got != (remains{}) {
				t.Errorf("left are %+v, and the object: %t", got, w.get() != nil)
			}
		})
	}

	w := newWorld(t, testkit.Organization(removable, on("main")))
	w.Provide(testkit.IdentityBackend("main"))
	w.look()
	stage.Delete[v1alpha1.IdentityBackend](w.Stage, "main")
	stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
	w.Events()
	w.look()
	if events := w.Events(); w.get() != nil || len(events) != 1 || !strings.HasPrefix(events[0], "Warning Retained ") {
		t.Errorf("events %q, want that the tenant stays where it is", events)
	}
}
