package user_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// person is a User with ada's address, in some spelling.
func person(name, email string, edits ...func(*v1alpha1.User)) *v1alpha1.User {
	u := testkit.User(name, edits...)
	u.Spec.Email = email
	return u
}

func byBatch(u *v1alpha1.User) { u.Labels = map[string]string{v1alpha1.LabelBatch: "autumn"} }

// Of several Users with one address one has it: declared before made by a
// batch, then the older, then the first by name. The others name it.
func TestCH1_OneUserPerAddress(t *testing.T) {
	for name, test := range map[string]struct {
		reason        string
		first, second *v1alpha1.User
		pause         time.Duration
		wins          string
		loses         string
	}{
		"the older":          {"it was there first", person("zoe", ada), person("ada", ada), time.Minute, "zoe", "ada"},
		"in other spelling":  {"it is the same address", person("zoe", "ADA@example.com"), person("ada", " ada@EXAMPLE.com"), time.Minute, "zoe", "ada"},
		"at the same second": {"the first by name", person("zoe", ada), person("ada", ada), 0, "ada", "zoe"},
		"a batch was first":  {"what somebody declared wins", person("made", ada, byBatch), person("zoe", ada), time.Minute, "zoe", "made"},
		"a batch comes late": {"what somebody declared wins", person("zoe", ada), person("made", ada, byBatch), time.Minute, "zoe", "made"},
		"two batches":        {"the older", person("made", ada, byBatch), person("also", ada, byBatch), time.Minute, "made", "also"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Apply(test.first)
			w.Clock.Step(test.pause)
			w.Apply(test.second)
			w.look(test.loses)
			w.sent(test.wins)
			w.look(test.loses)
			w.wantConditions(test.wins, test.reason, pending())
			says := v1alpha1.ReasonDuplicateEmail
			w.wantConditions(test.loses, test.reason, untouched(v1alpha1.ConditionReady, "False "+says,
				v1alpha1.ConditionStalled, "True "+says, v1alpha1.ConditionReferencesResolved, "False "+says,
				v1alpha1.ConditionPending, "False "+says, v1alpha1.ConditionAccepted, "False "+says))
			want := `User "` + test.wins + `" has this address in the same Organization; delete one of the two.`
			if got := stage.Message(w.get(test.loses).Status.Conditions, v1alpha1.ConditionReady); got != want {
				t.Errorf("it says %q, want %q", got, want)
			}
			if len(w.get(test.loses).Finalizers) > 0 {
				t.Error("it holds on to a person who is another's")
			}
		})
	}
}

func TestCH1_SameAddressElsewhere(t *testing.T) {
	w := newWorld(t)
	other := testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" })
	w.Provide(other)
	w.Apply(person("ada", ada), person("also", ada, func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name = "other" }))
	w.look("ada")
	w.look("also")
	for _, name := range []string{"ada", "also"} {
		w.wantCondition(name, v1alpha1.ConditionPending, "True AwaitingAcceptance")
	}
}

// When the one that has the address goes, the next takes over: nobody is removed,
// and nobody is invited again.
func TestCH1_TheNextTakesOver(t *testing.T) {
	for name, test := range map[string]struct {
		accepted bool
		want     map[string]string
	}{
		"pending":  {false, pending()},
		"accepted": {true, in()},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, person("zoe", ada))
			w.Clock.Step(time.Minute)
			w.Apply(person("ada", ada))
			w.sent("zoe")
			w.look("ada")
			if test.accepted {
				w.Accept(ada, "Ada")
				w.look("zoe")
			}
			w.Events()
			before, _ := w.member(ada)
			invited, _ := w.invitation(ada)

			w.remove("zoe")
			w.look("zoe")
			w.wantEvents("handed over", `Normal HandedOver User "ada" has the same address; the membership is now its.`)
			if w.get("zoe") != nil {
				t.Error("zoe is still there")
			}
			w.look("ada")
			w.wantConditions("ada", "has taken over", test.want)
			after, known := w.member(ada)
			if !known || after.ID != before.ID || !after.JoinedAt.Equal(before.JoinedAt) {
				t.Errorf("member %+v, want the same as before: %+v", after, before)
			}
			if now, _ := w.invitation(ada); now.ID != invited.ID || now.State != invited.State {
				t.Errorf("invitation %s %s, want the same as before: %s %s", now.ID, now.State, invited.ID, invited.State)
			}
			if n := w.Deliver(directory.ResultSent, ""); n != 0 {
				t.Errorf("%d more mails", n)
			}
		})
	}
}

// Renaming a manifest must not invite again: the new one is applied, the old one
// pruned, in whatever order the controller sees it.
func TestPromise_ARenamedManifestInvitesNobodyAgain(t *testing.T) {
	for name, looks := range map[string][]string{
		"old first": {"old", "new"}, "new first": {"new", "old", "new"}, "new twice": {"new", "new", "old", "new"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, person("old", ada))
			w.sent("old")
			link := w.Link(ada)
			w.Clock.Step(time.Hour)
			w.Apply(person("new", ada))
			w.remove("old")
			for _, name := range looks {
				w.look(name)
			}
			w.wantConditions("new", "goes on", pending())
			if w.get("old") != nil || w.Link(ada) != link {
				t.Error("the old one stays, or its link died")
			}
			if n := w.Deliver(directory.ResultSent, ""); n != 0 {
				t.Errorf("%d more mails", n)
			}
		})
	}
}

// Who had to wait for the address and goes takes nothing along.
func TestCH1_TheOneThatWaitedGoes(t *testing.T) {
	w := newWorld(t, person("zoe", ada))
	w.Clock.Step(time.Minute)
	w.Apply(person("ada", ada, func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} }))
	w.sent("zoe")
	w.look("ada")
	w.remove("ada")
	w.look("ada")
	w.look("zoe")
	w.wantConditions("zoe", "as before", pending())
	if w.get("ada") != nil {
		t.Error("ada is still there")
	}
}

// One that is going has nothing to hand over to another that is going: the last
// one takes the person along.
func TestCH1_AllOfThemGo(t *testing.T) {
	held := func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer, "example.com/theirs"} }
	w := newWorld(t, person("zoe", ada, held))
	w.Clock.Step(time.Minute)
	w.Apply(person("ada", ada, held))
	w.sent("zoe")
	w.Events()
	w.remove("zoe")
	w.remove("ada")
	w.look("zoe")
	if _, known := w.member(ada); known {
		t.Error("the person is still a member, and nobody declares that")
	}
	w.wantEvents("removed", "Normal Removed The person is removed from the backend.")
}

// The next takes over as soon as the one before is marked, however long that
// one is held.
func TestCH1_TheNextDoesNotWait(t *testing.T) {
	w := newWorld(t, person("zoe", ada, func(u *v1alpha1.User) { u.Finalizers = []string{"example.com/theirs"} }))
	w.Clock.Step(time.Minute)
	w.Apply(person("ada", ada))
	w.sent("zoe")
	w.look("ada")
	w.remove("zoe")
	w.look("ada")
	w.wantConditions("ada", "has taken over", pending())
}
