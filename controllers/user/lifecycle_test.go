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

// reminding is a world whose organization reminds.
func reminding(t *testing.T, after ...time.Duration) *world {
	t.Helper()
	w := emptyWorld(t)
	w.Provide(testkit.Organization(func(o *v1alpha1.Organization) {
		o.Spec.Invitations.ExpiresAfter = &metav1.Duration{Duration: week}
		for _, d := range after {
			o.Spec.Invitations.Reminders = append(o.Spec.Invitations.Reminders, metav1.Duration{Duration: d})
		}
	}))
	return w
}

// Who does not answer is reminded at the times that the organization says, in
// whatever order they are written, and is looked at just then.
func TestBY10_Reminders(t *testing.T) {
	w := reminding(t, 144*time.Hour, 72*time.Hour, 72*time.Hour, 300*time.Hour)
	w.Apply(testkit.User("ada"))
	w.sent("ada")
	w.Events()
	for number, due := range []time.Duration{72 * time.Hour, 72 * time.Hour} {
		if got := w.look("ada").RequeueAfter; got > due || got < due-time.Minute && got > 12*time.Hour {
			t.Errorf("looked at in %s, want a resync or in %s", got, due)
		}
		w.Clock.Step(due - time.Second)
		if left := w.look("ada").RequeueAfter; left != time.Second {
			t.Errorf("a second before reminder %d it is looked at in %s", number+1, left)
		}
		if n := w.Deliver(directory.ResultSent, ""); n != 0 {
			t.Fatalf("%d mails before reminder %d is due", n, number+1)
		}
		w.Clock.Step(time.Second)
		w.look("ada")
		w.look("ada")
		if n := w.Deliver(directory.ResultSent, ""); n != 1 {
			t.Fatalf("%d mails for reminder %d, want one", n, number+1)
		}
		w.look("ada")
		status := w.get("ada").Status.Invitation
		if status.Reminders != int32(number+1) || !status.LastReminderAt.Time.Equal(w.Clock.Now().Truncate(time.Second)) {
			t.Errorf("status tells of %d reminders, the last at %v", status.Reminders, status.LastReminderAt)
		}
		w.wantConditions("ada", "a reminder changes no condition", pending())
		w.wantEvents("a reminder is one event", "Normal Reminded The person was reminded by a mail.")
	}
	w.Clock.Step(25 * time.Hour)
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionPending, "False Expired")
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d mails after the end", n)
	}
}

// requested asks for another invitation by hand.
func requested(text string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) {
		u.Annotations = map[string]string{v1alpha1.AnnotationResend: text}
	}
}

// The annotation asks once for each text, and the status echoes what was
// answered; losing the status asks for nothing.
func TestBY2_ResendByAnnotation(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Clock.Step(6 * time.Minute)
	w.edit("ada", requested("monday"))
	w.sent("ada")
	if got := w.get("ada").Status.Invitation; got.ResendRequestedAt != "monday" || got.Revision != 2 {
		t.Errorf("status %+v, want the second invitation and the text that asked for it", got)
	}
	stage.SetStatus(w.Stage, "ada", func(u *v1alpha1.User) { u.Status = v1alpha1.UserStatus{} })
	w.Clock.Step(6 * time.Minute)
	w.look("ada")
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d mails because the status was lost", n)
	}
	w.wantConditions("ada", "everything comes back", pending())
	w.edit("ada", requested("a text that is much longer than anybody needs to ask for something, by far"))
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionInvited, "False InvalidSpec")
	w.edit("ada", requested("tuesday"))
	w.sent("ada")
	w.edit("ada", requested("at once"))
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionInvited, "False RateLimited")
	w.wantCondition("ada", v1alpha1.ConditionPending, "True AwaitingAcceptance")
}

func disabled(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }
func enabled(u *v1alpha1.User)  { u.Spec.Access = v1alpha1.AccessEnabled }

// kept are the conditions of a person who is kept out.
func kept(reason string) map[string]string {
	return pending(v1alpha1.ConditionAccessApplied, "True "+reason, v1alpha1.ConditionInvited, "True NotRequired",
		v1alpha1.ConditionPending, "False "+reason, v1alpha1.ConditionAccepted, "False "+reason)
}

// Keeping somebody out who has not answered takes the link back; letting them
// in again invites them anew.
func TestHE5_DisableAndEnableWhilePending(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.edit("ada", disabled)
	w.look("ada")
	w.wantConditions("ada", "the link is dead", kept("AccessDisabled"))
	if m, _ := w.member(ada); m.State != directory.MemberDisabled {
		t.Errorf("the member is %s", m.State)
	}
	if i, ok := w.invitation(ada); ok {
		t.Errorf("an invitation is open: %s", i.State)
	}
	w.Clock.Step(6 * time.Minute)
	w.edit("ada", enabled)
	w.sent("ada")
	w.wantConditions("ada", "invited anew", pending())
	w.Accept(ada, "Ada")
	w.look("ada")
	w.wantConditions("ada", "and in", in())
}

// Who was in comes back as they were, without a mail.
func TestHE5_DisableAndEnableAfterAcceptance(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Accept(ada, "Ada")
	w.look("ada")
	at := w.get("ada").Status.AcceptedAt
	w.edit("ada", disabled)
	w.look("ada")
	w.wantConditions("ada", "kept out", kept("AccessDisabled"))
	if got := w.get("ada").Status; got.AcceptedAt != nil || got.JoinedBy != "" {
		t.Errorf("status %+v says that somebody is in who is kept out", got)
	}
	w.edit("ada", enabled)
	w.look("ada")
	w.wantConditions("ada", "in again", in())
	if diff := cmp.Diff(at, w.get("ada").Status.AcceptedAt); diff != "" {
		t.Errorf("accepted at (-want +got):\n%s", diff)
	}
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d mails to somebody who was in", n)
	}
}

// Access ends at its time, and moving the time lets the person in again.
func TestBY10_AccessUntil(t *testing.T) {
	w := newWorld(t)
	until := metav1.NewTime(w.Clock.Now().Add(3 * time.Hour).Truncate(time.Second))
	w.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Spec.AccessUntil = &until }))
	w.sent("ada")
	w.Accept(ada, "Ada")
	if got, want := w.look("ada").RequeueAfter, until.Sub(w.Clock.Now()); got != want {
		t.Errorf("looked at in %s, want in %s", got, want)
	}
	w.wantConditions("ada", "before", in())
	w.Clock.Step(3 * time.Hour)
	w.look("ada")
	w.wantConditions("ada", "after", kept("AccessEnded"))
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.AccessUntil = nil })
	w.look("ada")
	w.wantConditions("ada", "the date was taken away", in())
}

// Whatever ended an invitation, asking again leads to one new mail, and to
// acceptance, and nothing has to be cleaned up before.
func TestBY2_ReinvitedFromEveryEnd(t *testing.T) {
	ends := map[string]func(*world){
		"declined":          func(w *world) { w.sent("ada"); w.Decline(ada) },
		"expired":           func(w *world) { w.sent("ada"); w.Clock.Step(week + time.Second) },
		"expired, not sent": func(w *world) { w.look("ada"); w.Clock.Step(week + time.Second) },
		"rejected":          func(w *world) { w.look("ada"); w.Deliver(directory.ResultRejected, "550 no") },
		"rejected, expired": func(w *world) {
			w.look("ada")
			w.Deliver(directory.ResultRejected, "550 no")
			w.Clock.Step(week + time.Second)
		},
		"unknown, held": func(w *world) {
			o := directory.Organization{ID: stage.OrganizationID(), DisplayName: "Sunrise Clinic", UnknownDelivery: directory.UnknownHold}
			if err := w.Ledger.ApplyOrganization(w.Context(), o); err != nil {
				w.Fatal(err)
			}
			w.look("ada")
			w.Deliver(directory.ResultUnknown, "lost")
		},
		"accepted and gone": func(w *world) { w.sent("ada"); w.Accept(ada, "Ada"); w.look("ada"); w.evict(ada) },
		"kept out":          func(w *world) { w.sent("ada"); w.edit("ada", disabled); w.look("ada"); w.edit("ada", enabled) },
		"still pending":     func(w *world) { w.sent("ada") },
		"no longer wanted": func(w *world) {
			w.sent("ada")
			w.edit("ada", delivering(v1alpha1.DeliveryNone))
			w.look("ada")
			w.edit("ada", delivering(v1alpha1.DeliveryEmail))
		},
	}
	asks := map[string]func(*v1alpha1.User){
		"by a revision":    func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 },
		"by an annotation": requested("please"),
	}
	for end, bring := range ends {
		for how, ask := range asks {
			t.Run(end+" "+how, func(t *testing.T) {
				w := newWorld(t, testkit.User("ada"))
				bring(w)
				w.Clock.Step(6 * time.Minute)
				w.edit("ada", ask)
				w.sent("ada")
				w.wantConditions("ada", "invited again", pending())
				w.Accept(ada, "Ada")
				w.look("ada")
				w.wantConditions("ada", "and in", in())
			})
		}
	}
}
