package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// wrote compares what was written to the API since the last call, by verb.
func (w *world) wrote(reason string, want ...stage.Verb) {
	w.Helper()
	var verbs []stage.Verb
	for _, write := range w.Writes() {
		verbs = append(verbs, write.Verb)
	}
	if diff := cmp.Diff(want, verbs); diff != "" {
		w.Errorf("%s: writes (-want +got):\n%s", reason, diff)
	}
}

// From apply to Pending a User costs two writes, to Accepted one more, and none
// in between that says nothing new.
func TestPromise_AtMostTwoWritesToPending(t *testing.T) {
	w := newWorld(t)
	w.Provide(testkit.BusinessUnit("north"), testkit.Role("clinician"))
	w.Apply(testkit.User("ada", withUnits("north"), withRoles(v1alpha1.RoleGrant{Name: "clinician"})))
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionPending, "True AwaitingAcceptance")
	w.wrote("to Pending", stage.VerbPatch, stage.VerbStatus)
	w.Deliver(directory.ResultSent, "")
	w.look("ada")
	w.wrote("the mail was taken", stage.VerbStatus)
	w.Accept(ada, "Ada")
	w.look("ada")
	w.wantConditions("ada", "in", in())
	w.wrote("to Accepted", stage.VerbStatus)
	w.remove("ada")
	w.look("ada")
	w.wrote("to the end", stage.VerbPatch)
}

// Converged means quiet, wherever a person stands and however much later one
// looks: no writes to Kubernetes, the backend or the ledger, and no events.
func TestPromise_ConvergedMeansQuiet(t *testing.T) {
	for name, test := range map[string]struct {
		edit  func(*v1alpha1.User)
		given func(*world)
	}{
		"queued":   {delivering(v1alpha1.DeliveryEmail), func(*world) {}},
		"sent":     {delivering(v1alpha1.DeliveryEmail), func(w *world) { w.sent("ada") }},
		"rejected": {delivering(v1alpha1.DeliveryEmail), func(w *world) { w.look("ada"); w.Deliver(directory.ResultRejected, "550 no such user") }},
		"accepted": {delivering(v1alpha1.DeliveryEmail), func(w *world) { w.sent("ada"); w.Accept(ada, "Ada") }},
		"declined": {delivering(v1alpha1.DeliveryEmail), func(w *world) { w.sent("ada"); w.Decline(ada) }},
		"adopted":  {delivering(v1alpha1.DeliveryEmail), func(w *world) { w.settle(ada) }},
		"gone":     {delivering(v1alpha1.DeliveryEmail), func(w *world) { w.sent("ada"); w.Accept(ada, "Ada"); w.look("ada"); w.evict(ada) }},
		"link":     {delivering(v1alpha1.DeliveryLink), func(*world) {}},
		"no right": {delivering(v1alpha1.DeliveryLink), func(w *world) { w.forbidSecrets() }},
		"unwanted": {delivering(v1alpha1.DeliveryNone), func(*world) {}},
		"too soon": {delivering(v1alpha1.DeliveryEmail), func(w *world) {
			w.sent("ada")
			w.edit("ada", func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
		}},
		"waiting":   {withUnits("nowhere"), func(*world) {}},
		"invalid":   {func(u *v1alpha1.User) { u.Spec.Email = "nobody" }, func(*world) {}},
		"suspended": {func(u *v1alpha1.User) { u.Spec.Suspend = true }, func(*world) {}},
		"suspended later": {delivering(v1alpha1.DeliveryEmail), func(w *world) {
			w.sent("ada")
			w.edit("ada", suspending(true))
		}},
		"kept out": {delivering(v1alpha1.DeliveryEmail), func(w *world) {
			w.sent("ada")
			w.Accept(ada, "Ada")
			w.look("ada")
			w.edit("ada", disabled)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada", test.edit))
			test.given(w)
			w.look("ada")
			w.age("ada", time.Hour)
			w.Writes()
			w.Events()
			written, head := len(w.Memory.Writes()), w.head()
			for range 3 {
				w.Clock.Step(time.Second)
				w.look("ada")
			}
			w.wrote("nothing changed")
			w.wantEvents("nothing happened")
			if writes := w.Memory.Writes()[written:]; len(writes) > 0 {
				t.Errorf("the backend wrote %v", writes)
			}
			if now := w.head(); now != head {
				t.Errorf("the ledger has %d entries, before %d", now, head)
			}
		})
	}
}

// head is how much the ledger has written down about ada.
func (w *world) head() int {
	w.Helper()
	entries, err := w.Ledger.Audit(w.Context(), stage.OrganizationID(), "", 0)
	if err != nil {
		w.Fatal(err)
	}
	return len(entries)
}

// age makes all transitions lie further in the past, as they do by the time of
// another look.
func (w *world) age(name string, by time.Duration) {
	w.Helper()
	stage.SetStatus(w.Stage, name, func(u *v1alpha1.User) {
		for i := range u.Status.Conditions {
			c := &u.Status.Conditions[i]
			c.LastTransitionTime = metav1.NewTime(c.LastTransitionTime.Add(-by))
		}
	})
}

// An event is emitted when something happened, and not on every look.
func TestPromise_OneEventForOneHappening(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.look("ada")
	w.look("ada")
	w.wantEvents("invited, and the mail is on its way")
	w.Deliver(directory.ResultSent, "")
	w.look("ada")
	w.look("ada")
	w.wantEvents("sent", "Normal MailSent The mail server took the invitation.")
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" })
	w.look("ada")
	w.wantEvents("an edit that changes no standing")
	w.Accept(ada, "Ada")
	w.look("ada")
	w.look("ada")
	w.wantEvents("accepted", "Normal NotRequired The person is in.", "Normal AcceptedByInvitee The person accepted the invitation.")

	rejected := newWorld(t, testkit.User("ada"))
	rejected.look("ada")
	rejected.Events()
	rejected.Deliver(directory.ResultRejected, "550 no such user")
	rejected.look("ada")
	rejected.wantEvents("rejected is a warning", "Warning MailRejected The mail server refused the invitation for good: "+
		"550 no such user; correct spec.email, or raise spec.invitation.revision to try again.")
}

// A status that was lost comes back the same, and nothing is done again.
func TestPromise_ALostStatusComesBack(t *testing.T) {
	for name, given := range map[string]func(*world){
		"pending":  func(w *world) { w.sent("ada") },
		"accepted": func(w *world) { w.sent("ada"); w.Accept(ada, "Ada"); w.look("ada") },
		"declined": func(w *world) { w.sent("ada"); w.Decline(ada); w.look("ada") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			given(w)
			before := w.get("ada").Status
			w.forgetStatus("ada")
			written := len(w.Memory.Writes())
			w.look("ada")
			after := w.get("ada").Status
			for _, s := range []*v1alpha1.UserStatus{&before, &after} {
				for i := range s.Conditions {
					s.Conditions[i].LastTransitionTime = metav1.Time{}
				}
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			if writes := w.Memory.Writes()[written:]; len(writes) > 0 || w.Deliver(directory.ResultSent, "") > 0 {
				t.Errorf("something was done again: %v", writes)
			}
		})
	}
}

// An object that is recreated under the same name is the same membership.
func TestPromise_ARecreatedUserIsTheSamePerson(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	link := w.Link(ada)
	w.edit("ada", func(u *v1alpha1.User) { u.Finalizers = nil })
	w.remove("ada")
	w.Apply(testkit.User("ada"))
	w.look("ada")
	w.wantConditions("ada", "as before", pending())
	if w.Link(ada) != link || w.Deliver(directory.ResultSent, "") > 0 {
		t.Error("the person was invited again")
	}
}
