package organization_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// member puts somebody into the backend who has been in for a day.
func (w *world) member(name string, edits ...func(*directory.Member)) {
	w.Helper()
	m := directory.Member{Organization: stage.OrganizationID(), Address: name + "@example.com", State: directory.MemberInvited}
	for _, edit := range edits {
		edit(&m)
	}
	_, err := w.Memory.ApplyMember(w.Context(), m)
	must(w, err)
	must(w, w.Memory.Activate(w.Context(), m.Organization, m.Address, ""))
}

// settled is a world where everybody has been in for a day, and nothing was
// looked at since.
func settled(t *testing.T, edit func(*v1alpha1.Organization), people ...string) *world {
	t.Helper()
	w := newWorld(t, testkit.Organization(edit))
	tenant := directory.Organization{ID: stage.OrganizationID(), DisplayName: "Sunrise Clinic"}
	must(w, w.Memory.ApplyOrganization(w.Context(), tenant))
	for _, name := range people {
		w.member(name)
	}
	w.Clock.Step(24 * time.Hour)
	return w
}

// applied is what the controller of Users leaves behind: a holding with what
// was applied last.
func (w *world) applied(u *v1alpha1.User) *v1alpha1.User {
	w.Helper()
	p, err := declared.Of(u, w.Clock.Now())
	must(w, err)
	must(w, w.Ledger.Hold(w.Context(), directory.Holding{
		Organization: stage.OrganizationID(), Address: p.Address, Holder: u.Name, Origin: directory.HoldingCreated, Applied: p.Fingerprint(),
	}, ""))
	return u
}

func policy(undeclared v1alpha1.UndeclaredPolicy, drift v1alpha1.DriftPolicy) func(*v1alpha1.Organization) {
	return func(o *v1alpha1.Organization) {
		o.Spec.Membership = v1alpha1.OrganizationMembership{Undeclared: undeclared, Drift: drift}
	}
}

func (w *world) wantMembers(reason string, want *v1alpha1.ObservedMembers) {
	w.Helper()
	if diff := cmp.Diff(want, w.get().Status.Members); diff != "" {
		w.Errorf("%s: status.members (-want +got):\n%s", reason, diff)
	}
}

// What a listing shows is counted and told as the organization chooses, and
// everybody who is declared is so from the moment the User exists.
func TestBY7_WhatAListingShows(t *testing.T) {
	title := func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" }
	for name, test := range map[string]struct {
		policy  func(*v1alpha1.Organization)
		want    *v1alpha1.ObservedMembers
		drift   string
		drifted []string
	}{
		"Report, Correct": {
			policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect), &v1alpha1.ObservedMembers{Total: 4, Undeclared: 1, Drifted: 1},
			"True UndeclaredMembers",
			[]string{"team/ada", "team/new"},
		},
		"Report, Report": {
			policy(v1alpha1.UndeclaredReport, v1alpha1.DriftReport), &v1alpha1.ObservedMembers{Total: 4, Undeclared: 1, Drifted: 1}, "True UndeclaredMembers", nil,
		},
		"Ignore, Correct": {
			policy(v1alpha1.UndeclaredIgnore, v1alpha1.DriftCorrect), &v1alpha1.ObservedMembers{Total: 4, Drifted: 1},
			"True MembersDiffer",
			[]string{"team/ada", "team/new"},
		},
		"Ignore, Report": {policy(v1alpha1.UndeclaredIgnore, v1alpha1.DriftReport), nil, "False NotObserved", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := settled(t, test.policy, "ada", "bob", "eve", "grace")
			ada := w.applied(testkit.User("ada", title))
			going := testkit.User("grace", func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} })
			w.Apply(ada, testkit.User("bob"), going, testkit.User("new"))
			stage.Delete[v1alpha1.User](w.Stage, "grace")
			w.look()
			w.wantMembers("seen", test.want)
			w.wantDrift("seen", test.drift)
			if diff := cmp.Diff(test.drifted, w.drifted); diff != "" {
				t.Errorf("Users told to be reconciled (-want +got):\n%s", diff)
			}
			if message := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionDriftDetected); strings.Contains(message, "@") {
				t.Errorf("%q holds an address", message)
			}
			if name == "Ignore, Report" && w.Memory.Calls(directorytest.MethodListMembers) > 0 {
				t.Error("members were listed, and nobody looks")
			}
		})
	}
}

// Members are listed when an organization is new, when its spec is edited, when
// somebody asks, and about once an hour; not on every look, and not by everybody
// at once when the manager starts.
func TestBY7_WhenMembersAreListed(t *testing.T) {
	w := settled(t, policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect))
	lists := 0
	wantLists := func(reason string, more int) {
		t.Helper()
		if got := w.Memory.Calls(directorytest.MethodListMembers) - lists; got != more {
			t.Errorf("%s: %d listings, want %d", reason, got, more)
		}
		lists = w.Memory.Calls(directorytest.MethodListMembers)
	}
	if again := w.look().RequeueAfter; again != time.Hour+3*time.Minute {
		t.Errorf("looked at again in %s, want in an hour and half of the jitter", again)
	}
	wantLists("new", 1)
	for range 3 {
		w.later(10 * time.Minute)
	}
	wantLists("recounts", 0)
	w.later(33 * time.Minute)
	wantLists("an hour later", 1)
	w.edit(func(o *v1alpha1.Organization) { o.Spec.DisplayName = "Another" })
	w.look()
	w.look()
	wantLists("edited", 1)

	w.edit(func(o *v1alpha1.Organization) {
		o.Annotations = map[string]string{v1alpha1.AnnotationResync: strings.Repeat("é", 70)}
	})
	w.look()
	w.look()
	wantLists("asked for", 1)
	if got := w.get().Status.ResyncRequestedAt; got != strings.Repeat("é", 64) {
		t.Errorf("the echo is %q", got)
	}
	w.start()
	if again := w.look().RequeueAfter; again != 150*time.Second {
		t.Errorf("after a start it is looked at again in %s, want within the spread", again)
	}
	wantLists("the manager started", 0)
	w.later(150 * time.Second)
	wantLists("a while after the start", 1)
	w.start()
	w.edit(func(o *v1alpha1.Organization) { o.Annotations[v1alpha1.AnnotationResync] = "2" })
	w.look()
	wantLists("asked for while no manager ran", 1)
}

// A listing that breaks off, or that the backend does not vouch for, removes
// nobody and says so; what a complete one showed before stays.
func TestBY4_AnIncompleteListingRemovesNobody(t *testing.T) {
	unavailable := directory.Errorf(directory.KindUnavailable, "list members", "no answer")
	for name, test := range map[string]struct {
		inject func(*world) func()
		again  time.Duration
	}{
		"not vouched for": {func(w *world) func() {
			must(w, w.Memory.Omit(stage.OrganizationID(), "p000@example.com"))
			return func() { must(w, w.Memory.Omit(stage.OrganizationID())) }
		}, 10*time.Minute + 30*time.Second},
		"the first page fails": {func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodListMembers, Call: 1, Err: unavailable})
		}, time.Minute},
		"the second page fails": {func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodListMembers, Call: 2, Err: unavailable})
		}, time.Minute},
		"the ledger fails": {func(w *world) func() {
			w.records.listing = unavailable
			return func() { w.records.listing = nil }
		}, time.Minute},
		"the rails fail": {func(w *world) func() {
			w.rail.err = unavailable
			return func() { w.rail.err = nil }
		}, time.Minute},
		"the API server fails": {func(w *world) func() {
			return w.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: "User", Call: 3, Err: errBroken})
		}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			var people []string
			for i := range 120 {
				people = append(people, fmt.Sprintf("p%03d", i))
			}
			w := settled(t, policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect), people...)
			w.Apply(testkit.User("p001"))
			w.look()
			seen := &v1alpha1.ObservedMembers{Total: 120, Undeclared: 119}
			w.wantMembers("complete", seen)
			w.edit(policy(v1alpha1.UndeclaredRemove, v1alpha1.DriftCorrect))
			withdraw := test.inject(w)
			if again := w.look().RequeueAfter; again != test.again {
				t.Errorf("looked at again in %s, want in %s", again, test.again)
			}
			w.wantDrift("nothing is certain", "Unknown IncompleteObservation")
			w.wantMembers("nothing is certain", seen)
			w.wantCondition("nothing is certain", v1alpha1.ConditionRemovalsPaused, "True IncompleteObservation")
			if got := stage.Condition(w.get().Status.Conditions, v1alpha1.ConditionReady); got != "True Succeeded" {
				t.Errorf("Ready is %q: it does not wait for a listing", got)
			}
			w.wantGone("nobody is removed")
			withdraw()
			w.later(test.again)
			w.wantDrift("complete again", "True UndeclaredMembers")
			w.wantCondition("too many for the rails", v1alpha1.ConditionRemovalsPaused, "True TooManyRemovals")
			w.wantGone("the floor", "p000", "p002", "p003", "p004", "p005")
		})
	}
}

// gone are the people who were removed from the backend, in order.
func (w *world) wantGone(reason string, want ...string) {
	w.Helper()
	var gone []string
	for _, write := range w.Memory.Writes() {
		if write.Method == directorytest.MethodRemoveMember {
			gone = append(gone, strings.TrimSuffix(write.Key, "@example.com"))
		}
	}
	if diff := cmp.Diff(want, gone); diff != "" {
		w.Errorf("%s: removed (-want +got):\n%s", reason, diff)
	}
}

// What was seen is told again when the status was not written, or lost.
func TestPromise_WhatWasSeenIsNotLost(t *testing.T) {
	w := settled(t, policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect), "eve")
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "organizations"}, testkit.Clinic, errBroken)
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbStatus, Err: conflict})
	w.look()
	withdraw()
	w.look()
	want := &v1alpha1.ObservedMembers{Total: 1, Undeclared: 1}
	w.wantMembers("after a conflict", want)
	w.wantDrift("after a conflict", "True UndeclaredMembers")
	stage.SetStatus(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { o.Status = v1alpha1.OrganizationStatus{} })
	w.look()
	w.wantMembers("after a restore without status", want)
	if n := w.Memory.Calls(directorytest.MethodListMembers); n != 1 {
		t.Errorf("%d listings, want one", n)
	}
}

// What is corrected is looked at once more soon; what cannot be corrected is not
// asked about all the time.
func TestBY7_CorrectionsAreChecked(t *testing.T) {
	w := settled(t, policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect), "ada", "bob")
	for _, name := range []string{"ada", "bob"} {
		w.Apply(w.applied(testkit.User(name, func(u *v1alpha1.User) { u.Spec.Profile.Title = "Doctor" })))
	}
	if again := w.look().RequeueAfter; again != time.Minute {
		t.Errorf("looked at again in %s, want in a minute", again)
	}
	w.member("ada", func(m *directory.Member) { m.Profile.Title = "Doctor" })
	if again := w.later(time.Minute).RequeueAfter; again < time.Hour {
		t.Errorf("looked at again in %s although one stays as it is, want in an hour", again)
	}
	w.wantMembers("one is corrected", &v1alpha1.ObservedMembers{Total: 2, Drifted: 1})
	w.member("bob", func(m *directory.Member) { m.Profile.Title = "Doctor" })
	w.later(2 * time.Hour)
	w.wantDrift("both are", "False InSync")
}

// Drift is an event when it is found, and not on every look.
func TestPromise_OneEventForOneDrift(t *testing.T) {
	w := settled(t, policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect), "eve")
	w.look()
	var drift []string
	for _, e := range w.Events() {
		if strings.Contains(e, "UndeclaredMembers") {
			drift = append(drift, e)
		}
	}
	if len(drift) != 1 || !strings.HasPrefix(drift[0], "Warning UndeclaredMembers ") {
		t.Errorf("events %q, want one warning", drift)
	}
	w.later(2 * time.Hour)
	if again := w.Events(); len(again) > 0 {
		t.Errorf("events %q at the next look", again)
	}
}

// Ten thousand unchanged members are read in pages, and nothing is written: not
// to Kubernetes, not to the backend, not to the ledger.
func TestPromise_AResyncOfTenThousandWritesNothing(t *testing.T) {
	const people, users = 10_000, 1_000
	w := settled(t, policy(v1alpha1.UndeclaredIgnore, v1alpha1.DriftCorrect))
	for i := range people {
		name := fmt.Sprintf("p%05d", i)
		w.member(name)
		// The API of this test takes its time with each.
		if i < users {
			w.Apply(testkit.User(name))
		}
	}
	w.Clock.Step(time.Hour)
	w.look()
	w.wantMembers("seen", &v1alpha1.ObservedMembers{Total: people})
	w.Writes()
	w.Events()
	written, trail := len(w.Memory.Writes()), w.trail()
	w.later(2 * time.Hour)
	w.wantDrift("the next listing", "False InSync")
	if writes := w.Writes(); len(writes) > 0 || len(w.Memory.Writes()) != written || w.trail() != trail || len(w.Events()) > 0 {
		t.Errorf("something was written: %v", writes)
	}
	if n := w.Memory.Calls(directorytest.MethodListMembers); n != 2*people/100 {
		t.Errorf("%d pages for two listings, want %d", n, 2*people/100)
	}
	if n := w.Memory.Calls(directorytest.MethodMember); n > 0 {
		t.Errorf("%d members were asked for one by one", n)
	}
}

// trail is how much the ledger has written down.
func (w *world) trail() int {
	w.Helper()
	entries, err := w.Ledger.Audit(w.Context(), stage.OrganizationID(), "", 0)
	must(w, err)
	return len(entries)
}
