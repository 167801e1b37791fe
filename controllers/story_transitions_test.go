package controllers_test

import (
	"net/http"
	"net/url"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

// The database goes away at every transition of one person's life, just when it
// is asked for, and comes back: each transition happens once all the same.
func TestStory_BY2_BY8_TheDatabaseGoesAwayDuringEveryTransition(t *testing.T) {
	server := databasetest.NewServer(t)
	w := newWorld(t, inAHurry, onDatabase(server.Database(t)))
	w.start()
	org := sunrise()
	org.Spec.Invitations.Reminders = []metav1.Duration{{Duration: 2 * day}}
	w.create(org)
	sees(w, org, v1alpha1.ConditionReady, metav1.ConditionTrue, "")

	// without makes a change while nothing answers, and waits until that is seen.
	without := func(ada *v1alpha1.User, change func()) {
		t.Helper()
		server.Stop(t)
		change()
		sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonBackendUnavailable)
		server.Start(t)
	}
	ada := user("ada", "ada@example.com")
	without(ada, func() { w.create(ada) })
	first := w.mailTo("ada@example.com")
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)

	w.travel(enough)
	without(ada, func() { w.resend(ada, "monday") })
	second := w.nth("ada@example.com", 2)
	if p := w.person().get(first.Link); p.status != http.StatusNotFound {
		t.Errorf("the older link answers %d", p.status)
	}
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)

	w.travel(2*day + enough)
	without(ada, func() { edit(w, ada, func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" }) })
	if reminder := w.nth("ada@example.com", 3); reminder.Link != second.Link {
		t.Error("the reminder has another link")
	}

	server.Stop(t)
	late := w.person().submit(second.Link, url.Values{"name": {"Ada Lovelace"}, "password": {password}})
	if late.status != http.StatusServiceUnavailable && late.status != http.StatusInternalServerError {
		t.Errorf("accepting without a database: status %d", late.status)
	}
	server.Start(t)
	w.eventually("the portal answers again", func() (bool, string) { return w.ready(w.portal) })
	w.person().accept(second.Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)

	without(ada, func() { edit(w, ada, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }) })
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonAccessDisabled)
	without(ada, func() { edit(w, ada, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessEnabled }) })
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)

	without(ada, func() { edit(w, ada, func(u *v1alpha1.User) { u.Spec.Email = "lovelace@example.com" }) })
	confirm := w.mailTo("lovelace@example.com")
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingConfirmation)
	w.person().submit(confirm.Link, url.Values{"confirm": {"yes"}})
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonAccepted)
	if ada.Status.Address != "lovelace@example.com" || !w.signsIn("lovelace@example.com") || w.signsIn("ada@example.com") {
		t.Errorf("status %+v, want the person at the new address", ada.Status)
	}

	without(ada, func() { must(t, suite.client.Delete(w.ctx, ada)) })
	w.gone(ada)
	if w.signsIn("lovelace@example.com") {
		t.Error("somebody who was removed can sign in")
	}
	for email, mails := range map[string]int{"ada@example.com": 3, "lovelace@example.com": 1} {
		if distinct, times := w.mailsTo(email); distinct != mails || times != mails {
			t.Errorf("%s: %d mails, handed over %d times; want %d, once each", email, distinct, times, mails)
		}
	}
}
