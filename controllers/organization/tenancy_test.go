package organization_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// single makes the backend one organization, whose people sign in elsewhere.
func single(c *directory.Capabilities) {
	c.Tenancy, c.SignIn = directory.TenancyOne, directory.SignInElsewhere
}

const login = "https://acme.example/login"

func signsIn(o *v1alpha1.Organization) {
	o.Spec.SignIn = &v1alpha1.OrganizationSignIn{URL: login}
}

// aged makes an Organization that has been there for a while.
func aged(name string, age time.Duration) func(*v1alpha1.Organization) {
	return func(o *v1alpha1.Organization) {
		o.Name = name
		o.CreationTimestamp = metav1.NewTime(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Add(-age))
	}
}

// sharing is a world whose backend is one organization, and Organizations that
// name it.
func sharing(t *testing.T, organizations ...*v1alpha1.Organization) *world {
	t.Helper()
	w := newWorld(t)
	w.Backends.Limit(single)
	w.Provide(testkit.IdentityBackend("main"))
	for _, o := range organizations {
		w.Apply(o)
	}
	return w
}

func shared(name string, age time.Duration, edits ...func(*v1alpha1.Organization)) *v1alpha1.Organization {
	return testkit.Organization(append([]func(*v1alpha1.Organization){on("main"), signsIn, aged(name, age)}, edits...)...)
}

func (w *world) lookAt(name string) reconcile.Result {
	w.Helper()
	result, err := stage.Reconcile(w.Stage, w.organizations, name)
	if err != nil {
		w.Fatalf("reconcile %s: %v", name, err)
	}
	return result
}

func (w *world) ready(name string) string {
	return stage.Condition(stage.Get[v1alpha1.Organization](w.Stage, name).Status.Conditions, v1alpha1.ConditionBackendReady)
}

// Of several Organizations that name a backend which is one, the oldest uses it.
// The others do nothing there, and one takes over when that one is gone.
func TestBY11_OneUsesTheBackend(t *testing.T) {
	w := sharing(t, shared("alpha", time.Hour), shared("beta", 3*time.Hour), shared("gamma", 2*time.Hour))
	for _, name := range []string{"alpha", "beta", "gamma"} {
		w.lookAt(name)
	}
	if diff := cmp.Diff([]string{"False BackendInUse", "True Succeeded", "False BackendInUse"}, []string{w.ready("alpha"), w.ready("beta"), w.ready("gamma")}); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]directorytest.Write{{Method: directorytest.MethodApplyOrganization, Organization: "team/beta"}}, w.Memory.Writes()); diff != "" {
		t.Errorf("what the backend wrote (-want +got):\n%s", diff)
	}
	loser := stage.Get[v1alpha1.Organization](w.Stage, "alpha")
	says := `IdentityBackend "main" is one organization, and Organization "beta" uses it: delete one of the two, or apply this one anew with an IdentityBackend of its own.`
	if got := stage.Message(loser.Status.Conditions, v1alpha1.ConditionStalled); got != says {
		t.Errorf("it says\n%s\nwant\n%s", got, says)
	}
	if len(loser.Finalizers) > 0 {
		t.Error("it has a finalizer, and there is nothing to remove")
	}
	w.Writes()
	if result := w.lookAt("alpha"); !result.IsZero() || len(w.Writes()) > 0 {
		t.Errorf("it looks again: %v", result)
	}

	stage.Edit(w.Stage, "beta", func(o *v1alpha1.Organization) { o.Spec.Suspend = true })
	w.lookAt("gamma")
	if got := w.ready("gamma"); got != "False BackendInUse" {
		t.Errorf("one that is suspended lets others in: %s", got)
	}
	stage.Delete[v1alpha1.Organization](w.Stage, "beta")
	w.lookAt("gamma")
	if got := w.ready("gamma"); got != "False BackendInUse" {
		t.Errorf("one that has yet to leave lets others in: %s", got)
	}
	stage.Edit(w.Stage, "beta", func(o *v1alpha1.Organization) { o.Spec.Suspend = false })
	w.lookAt("beta")
	w.lookAt("alpha")
	w.lookAt("gamma")
	if diff := cmp.Diff([]string{"False BackendInUse", "True Succeeded"}, []string{w.ready("alpha"), w.ready("gamma")}); diff != "" {
		t.Errorf("the oldest is gone (-want +got):\n%s", diff)
	}
}

// Whoever was made in the same second is told apart by name; one that goes
// without having used the backend holds nobody up; a backend of many
// organizations has many.
func TestBY11_WhoIsFirst(t *testing.T) {
	w := sharing(t, shared("beta", time.Hour), shared("alpha", time.Hour),
		shared("old", 2*time.Hour, func(o *v1alpha1.Organization) { o.Finalizers = []string{"example.com/theirs"} }))
	stage.Delete[v1alpha1.Organization](w.Stage, "old")
	w.lookAt("beta")
	w.lookAt("alpha")
	if diff := cmp.Diff([]string{"True Succeeded", "False BackendInUse"}, []string{w.ready("alpha"), w.ready("beta")}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.Backends.Limit(func(c *directory.Capabilities) { c.SignIn = directory.SignInElsewhere })
	w.lookAt("beta")
	if got := w.ready("beta"); got != "True Succeeded" {
		t.Errorf("a backend of many organizations: %s", got)
	}
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: "Organization", Err: errBroken})
	w.Backends.Limit(single)
	if _, err := stage.Reconcile(w.Stage, w.organizations, "beta"); err == nil {
		t.Error("it goes on, and nobody knows who else uses the backend")
	}
	withdraw()
}

// One that loses the backend after it had used it, and goes, removes nothing
// there, and revokes what it has sent.
func TestHE5_ALoserGoes(t *testing.T) {
	w := sharing(t, shared("beta", time.Hour, removable))
	w.lookAt("beta")
	_, err := w.Ledger.Invite(w.Context(), directory.InvitationRequest{
		Organization: "team/beta", Address: "bob@example.com", Revision: 1, Mail: true, ExpiresAfter: time.Hour,
	})
	must(w, err)
	w.Apply(shared("alpha", 2*time.Hour))
	stage.Delete[v1alpha1.Organization](w.Stage, "beta")
	w.Events()
	w.lookAt("beta")
	if stage.Get[v1alpha1.Organization](w.Stage, "beta") != nil {
		t.Fatal("it is still there")
	}
	if n := len(w.Memory.Writes()); n != 1 {
		t.Errorf("the backend wrote %v", w.Memory.Writes())
	}
	if events := w.Events(); len(events) != 1 || !strings.HasPrefix(events[0], "Warning Retained Another Organization uses the IdentityBackend") {
		t.Errorf("events %q", events)
	}
	if _, err := w.Ledger.Invitation(w.Context(), "team/beta", "bob@example.com"); err == nil {
		t.Error("what it has sent is still good")
	}
}

// A tenant that the backend cannot remove is told, before anything is revoked.
func TestHE5_ATenantThatCannotBeRemoved(t *testing.T) {
	w := sharing(t, shared(testkit.Clinic, time.Hour, removable))
	w.look()
	w.Backends.Limit(func(c *directory.Capabilities) {
		single(c)
		c.Removals = []directory.Removal{directory.RemovalDisable}
	})
	_, err := w.Ledger.Invite(w.Context(), directory.InvitationRequest{
		Organization: stage.OrganizationID(), Address: "bob@example.com", Revision: 1, Mail: true, ExpiresAfter: time.Hour,
	})
	must(w, err)
	stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
	w.look()
	w.wantCondition("told", v1alpha1.ConditionStalled, "True Unsupported")
	if _, err := w.Ledger.Invitation(w.Context(), stage.OrganizationID(), "bob@example.com"); err != nil {
		t.Errorf("it was revoked: %v", err)
	}
	w.edit(func(o *v1alpha1.Organization) { o.Spec.DeletionPolicy = v1alpha1.DeletionRetain })
	w.look()
	if w.get() != nil {
		t.Error("it still waits")
	}
	for name, failing := range map[string]func(*world){
		"finding the backend": func(w *world) { w.Backends.Fail(directory.Errorf(directory.KindUnavailable, "find", "no")) },
		"who uses it":         func(w *world) { w.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: "Organization", Err: errBroken}) },
	} {
		w := sharing(t, shared(testkit.Clinic, time.Hour, removable))
		w.look()
		stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
		failing(w)
		if _, err := w.try(); err == nil || w.get() == nil {
			t.Errorf("%s: error %v, and it is gone: %t", name, err, w.get() == nil)
		}
	}
}

// An IdentityBackend that goes while it is used: the Organization says so, and
// nothing is lost.
func TestBY11_TheIdentityBackendGoes(t *testing.T) {
	w := sharing(t, shared(testkit.Clinic, time.Hour))
	w.look()
	w.member("ada")
	stage.Delete[v1alpha1.IdentityBackend](w.Stage, "main")
	before := len(w.Memory.Writes())
	w.look()
	w.wantCondition("it says so", v1alpha1.ConditionBackendReady, "False ReferenceNotFound")
	w.wantCondition("its people are where they were", v1alpha1.ConditionProvisioned, "True Succeeded")
	w.Provide(testkit.IdentityBackend("main"))
	w.later(2 * time.Hour)
	w.wantCondition("it is there again", v1alpha1.ConditionReady, "True Succeeded")
	if after := len(w.Memory.Writes()); after != before || w.get().Status.Members.Total != 1 {
		t.Errorf("the backend wrote %d times, and has %d members", after-before, w.get().Status.Members.Total)
	}
}

// An edit while the IdentityBackend cannot be used forgets nothing: whoever goes
// on because the backend knows the organization goes on.
func TestBY11_EditedWhileTheBackendIsAway(t *testing.T) {
	unreachable := func(is metav1.ConditionStatus) func(*v1alpha1.IdentityBackend) {
		return func(b *v1alpha1.IdentityBackend) {
			meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReachable, Status: is, Reason: v1alpha1.ReasonBackendUnavailable})
		}
	}
	failure := directory.Errorf(directory.KindUnavailable, "ask", "no answer")
	for name, test := range map[string]struct {
		away, back func(*world)
		ready      string
	}{
		"unreachable": {
			func(w *world) { stage.SetStatus(w.Stage, "main", unreachable(metav1.ConditionFalse)) },
			func(w *world) { stage.SetStatus(w.Stage, "main", unreachable(metav1.ConditionTrue)) }, "False DependencyNotReady",
		},
		"not found": {
			func(w *world) { stage.Delete[v1alpha1.IdentityBackend](w.Stage, "main") },
			func(w *world) { w.Provide(testkit.IdentityBackend("main")) }, "False ReferenceNotFound",
		},
		"no answer": {
			func(w *world) { w.Backends.Deny(failure) }, func(w *world) { w.Backends.Deny(nil) }, "False BackendUnavailable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sharing(t, shared(testkit.Clinic, time.Hour))
			w.look()
			test.away(w)
			w.edit(func(o *v1alpha1.Organization) { o.Spec.DisplayName = "Sunset Clinic" })
			_, _ = w.try()
			w.wantCondition("told", v1alpha1.ConditionBackendReady, test.ready)
			w.wantCondition("known all the same", v1alpha1.ConditionProvisioned, "True Succeeded")
			if _, a := reference.Organization(t.Context(), w.Client, testkit.Namespace, v1alpha1.LocalReference{Name: testkit.Clinic}); a.Word != phase.WordDone {
				t.Errorf("its Users wait: %s", a.Message)
			}
			test.back(w)
			w.look()
			w.wantCondition("it is there again", v1alpha1.ConditionReady, "True Succeeded")
			if w.records.last.DisplayName != "Sunset Clinic" {
				t.Errorf("it is called %q", w.records.last.DisplayName)
			}
		})
	}
	w := sharing(t)
	stage.SetStatus(w.Stage, "main", unreachable(metav1.ConditionFalse))
	w.Apply(shared(testkit.Clinic, time.Hour))
	w.look()
	w.wantCondition("never known", v1alpha1.ConditionProvisioned, "Unknown Progressing")
}

// Where people sign in is asked for exactly when that is not here, and told to
// backend and ledger.
func TestBY11_WhereToSignIn(t *testing.T) {
	for name, test := range map[string]struct {
		limit func(*directory.Capabilities)
		edit  func(*v1alpha1.Organization)
		want  string
	}{
		"elsewhere, and not said":    {single, func(*v1alpha1.Organization) {}, "False InvalidSpec"},
		"elsewhere":                  {single, signsIn, "True Succeeded"},
		"here":                       {nil, func(*v1alpha1.Organization) {}, "True Succeeded"},
		"here, and somewhere else":   {nil, signsIn, "False InvalidSpec"},
		"removing what is not known": {func(c *directory.Capabilities) { c.Removals = nil }, func(o *v1alpha1.Organization) { o.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove }, "False Unsupported"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.Organization(test.edit))
			w.Backends.Limit(test.limit)
			w.look()
			w.wantCondition("told", v1alpha1.ConditionProvisioned, test.want)
			if done := test.want == "True Succeeded"; done != (len(w.Memory.Writes()) > 0) || done != (w.records.last.ID != "") {
				t.Errorf("the backend wrote %v, the ledger was told %v", w.Memory.Writes(), w.records.last)
			}
			planned := newWorld(t, testkit.Organization(test.edit, planning))
			planned.Backends.Limit(test.limit)
			planned.look()
			ready := strings.Replace(test.want, "Succeeded", v1alpha1.ReasonPlanned, 1)
			planned.wantCondition("told by a plan too", v1alpha1.ConditionReady, ready)
		})
	}
	w := newWorld(t, testkit.Organization(signsIn))
	w.Backends.Limit(single)
	w.look()
	if w.records.last.SignInURL != login {
		t.Errorf("the ledger was told %q", w.records.last.SignInURL)
	}
}

// When the last complete listing was stands in the status of an Organization
// that names an IdentityBackend, once for each listing.
func TestBY11_WhenMembersWereListed(t *testing.T) {
	w := newWorld(t, testkit.Organization(on("main")))
	w.Provide(testkit.IdentityBackend("main"))
	at := func() string {
		seen := w.get().Status.Members
		if seen == nil || seen.ObservedAt == nil {
			return ""
		}
		return seen.ObservedAt.UTC().Format("15:04")
	}
	w.look()
	if got := at(); got != "09:00" {
		t.Errorf("listed at %q", got)
	}
	w.Writes()
	w.later(5 * time.Minute)
	if writes := w.Writes(); len(writes) > 0 || at() != "09:00" {
		t.Errorf("wrote %v, and listed nobody: %s", writes, at())
	}
	w.later(2 * time.Hour)
	if got, writes := at(), w.Writes(); got != "11:05" || len(writes) != 1 {
		t.Errorf("listed at %q with %v, want one write", got, writes)
	}
	must(w, w.Memory.Omit(stage.OrganizationID(), "ada@example.com"))
	w.later(2 * time.Hour)
	if got := at(); got != "11:05" {
		t.Errorf("an incomplete listing counts: %q", got)
	}
	must(w, w.Memory.Omit(stage.OrganizationID()))
	w.edit(planning)
	w.later(2 * time.Hour)
	if got := at(); got != "15:05" {
		t.Errorf("a plan's listing was at %q", got)
	}
	embedded := newWorld(t, testkit.Organization())
	embedded.look()
	if embedded.get().Status.Members.ObservedAt != nil {
		t.Error("without an IdentityBackend a listing of an unchanged world is a write")
	}
}
