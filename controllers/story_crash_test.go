package controllers_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

// The manager is killed when the invitation is recorded and the mail server has
// not been asked: the mail goes out once.
func TestStory_BY8_KilledBetweenRecordingAndSending(t *testing.T) {
	w := newWorld(t, inAHurry)
	w.start()
	w.settled()
	must(t, w.sink.Stop())
	ada := user("ada", "ada@example.com")
	w.create(ada)
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
	w.manager.kill()
	must(t, w.sink.Restart())
	w.start()
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
	if distinct, times := w.mailsTo("ada@example.com"); distinct != 1 || times != 1 {
		t.Errorf("%d mails, handed over %d times; want one, once", distinct, times)
	}
}

// The manager is killed when the mail server has the mail and its answer is on
// the way: nobody can know. By default the same mail, with the same link, is
// handed over once more; under Hold it is not, and the User says so.
func TestStory_BY8_KilledBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for policy, want := range map[v1alpha1.UnknownDelivery]struct {
		times  int
		status metav1.ConditionStatus
		reason string
	}{
		v1alpha1.UnknownDeliveryResendOnce: {2, metav1.ConditionTrue, v1alpha1.ReasonMailSent},
		v1alpha1.UnknownDeliveryHold:       {1, metav1.ConditionFalse, v1alpha1.ReasonDeliveryUnknown},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t, inAHurry)
			w.start()
			org := sunrise()
			org.Spec.Invitations.OnUnknownDelivery = policy
			w.create(org)
			answer := w.sink.Inject(mailtest.Fault{Stage: mailtest.StageStored, Hold: true, Times: 1})
			ada := user("ada", "ada@example.com")
			w.create(ada)
			<-answer.Reached()
			first := w.mailTo("ada@example.com")
			w.manager.kill()
			answer.Remove()
			w.start()
			sees(w, ada, v1alpha1.ConditionInvited, want.status, want.reason)
			if distinct, times := w.mailsTo("ada@example.com"); distinct != 1 || times != want.times {
				t.Errorf("%d mails, handed over %d times; want one, %d times", distinct, times, want.times)
			}
			if again := w.mailTo("ada@example.com"); again.Link != first.Link {
				t.Error("the second mail has another link")
			}
			w.person().accept(first.Link, "Ada Lovelace")
			sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
		})
	}
}

// The manager is killed at every moment of handing mails over, one after the
// other: nobody is forgotten, and nobody gets two mails unless the kill hit
// between the final dot and its answer.
func TestStory_BY8_KilledAtAnyMoment(t *testing.T) {
	const each = 5
	w := newWorld(t, inAHurry)
	w.start()
	w.settled()
	var users []*v1alpha1.User
	for _, stage := range []mailtest.Stage{
		mailtest.StageConnect, mailtest.StageHello, mailtest.StageMail, mailtest.StageRcpt,
		mailtest.StageData, mailtest.StageBody, mailtest.StageDot, mailtest.StageStored,
	} {
		held := w.sink.Inject(mailtest.Fault{Stage: stage, Hold: true, Times: 1})
		for range each {
			name := fmt.Sprintf("p%d", len(users))
			users = append(users, user(name, name+"@example.com"))
			w.create(users[len(users)-1])
		}
		<-held.Reached()
		w.manager.kill()
		held.Remove()
		w.start()
		// A mail whose fate is unknown twice is left to a human, so each is let
		// through before the next kill.
		for _, u := range users {
			sees(w, u, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
		}
	}
	for _, u := range users {
		if distinct, times := w.mailsTo(u.Spec.Email); distinct != 1 || times > 2 {
			t.Errorf("%s: %d mails, handed over %d times; want one, twice at most", u.Spec.Email, distinct, times)
		}
	}
}
