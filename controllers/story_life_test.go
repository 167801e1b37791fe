package controllers_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

const (
	day = 24 * time.Hour
	// enough lies between two invitations of one person.
	enough = 6 * time.Minute
)

// nth waits for the n-th different mail to an address, from 1, in the order in
// which they came.
func (w *world) nth(email string, n int) mailtest.Message {
	w.Helper()
	var found mailtest.Message
	w.eventually("another mail to "+email, func() (bool, string) {
		var all []mailtest.Message
		for _, m := range w.sink.Messages() {
			if strings.Contains(m.To, email) {
				all = append(all, m)
			}
		}
		if len(all) < n {
			return false, "it has not come"
		}
		found = all[n-1]
		return true, ""
	})
	return found
}

// resend asks for another invitation as kubectl annotate does.
func (w *world) resend(u *v1alpha1.User, text string) {
	w.Helper()
	edit(w, u, func(u *v1alpha1.User) {
		u.Annotations = map[string]string{v1alpha1.AnnotationResend: text}
	})
}

// arrived is a User whose person is in.
func (w *world) arrived(name string) *v1alpha1.User {
	w.Helper()
	u := user(name, name+"@example.com")
	w.create(u)
	w.person().accept(w.mailTo(u.Spec.Email).Link, "Ada Lovelace")
	return sees(w, u, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
}

// signsIn reports whether somebody can sign in under an address.
func (w *world) signsIn(email string) bool {
	w.Helper()
	in, seen := w.home.signIn(w, email)
	return in && contains(seen, "Ada Lovelace")
}

// A person who does not answer is reminded by the same link, and then it ends;
// what has ended lets nobody in, also before anybody noticed; asking again
// invites anew, and that works.
func TestStory_BY10_RemindedExpiredAndInvitedAgain(t *testing.T) {
	w := newWorld(t)
	w.start()
	org := sunrise()
	org.Spec.Invitations.Reminders = []metav1.Duration{{Duration: 3 * day}, {Duration: 5 * day}}
	w.create(org)
	ada := user("ada", "ada@example.com")
	w.create(ada)
	first := w.mailTo("ada@example.com")
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)

	w.travel(3*day + time.Minute)
	w.restart()
	reminder := w.nth("ada@example.com", 2)
	if reminder.Link != first.Link || reminder.MessageID == first.MessageID || !strings.HasPrefix(reminder.Subject, "Reminder: ") {
		t.Errorf("the reminder is %q with its own link", reminder.Subject)
	}
	w.eventually("the status tells of the reminder", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(ada), ada))
		told := ada.Status.Invitation
		return told != nil && told.Reminders == 1 && told.LastReminderAt != nil, fmt.Sprintf("%+v", told)
	})
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)

	w.travel(5 * day) // the second reminder was passed over
	late := w.person().submit(first.Link, url.Values{"name": {"Ada"}, "password": {password}})
	if late.status != http.StatusNotFound || !contains(late.text, "expired") {
		t.Errorf("accepting too late: status %d\n%s", late.status, late.text)
	}
	w.restart()
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonExpired)
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonExpired)
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
	again := w.nth("ada@example.com", 3)
	w.person().accept(again.Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	w.travel(10 * day)
	w.restart()
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	if distinct, _ := w.mailsTo("ada@example.com"); distinct != 3 {
		t.Errorf("%d mails, want invitation, reminder, invitation", distinct)
	}
}

// A re-send by hand: the older link dies, the new one works, and the same text
// asks for nothing any more.
func TestStory_BY2_ResendByAnnotation(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com")
	w.create(ada)
	first := w.mailTo("ada@example.com")
	w.travel(enough)
	w.resend(ada, "monday")
	second := w.nth("ada@example.com", 2)
	if p := w.person().get(first.Link); p.status != http.StatusNotFound || !contains(p.text, "no longer valid") {
		t.Errorf("the older link answers %d\n%s", p.status, p.text)
	}
	w.eventually("the status echoes the request", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(ada), ada))
		told := ada.Status.Invitation // the mail leaves before the status is written
		return told != nil && told.ResendRequestedAt == "monday", fmt.Sprintf("%+v", told)
	})
	w.travel(enough)
	w.restart()
	w.person().accept(second.Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	if distinct, _ := w.mailsTo("ada@example.com"); distinct != 2 {
		t.Errorf("%d mails, want two", distinct)
	}
}

// Whatever ended the last invitation, asking again works without clean-up.
func TestStory_BY2_InvitedAgainFromEveryEnd(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	declined, kept := user("declined", "declined@example.com"), user("kept", "kept@example.com")
	rejected, revoked := user("rejected", "rejected@example.com"), user("revoked", "revoked@example.com")
	w.create(declined, kept, revoked)
	w.person().submit(w.mailTo("declined@example.com").Link+"/decline", url.Values{"confirm": {"yes"}})
	sees(w, declined, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonDeclined)
	w.mailTo("kept@example.com")
	w.mailTo("revoked@example.com")
	refusing := w.sink.Inject(mailtest.Fault{Stage: mailtest.StageRcpt, Code: 550, Text: "5.1.1 no such user"})
	w.create(rejected)
	sees(w, rejected, v1alpha1.ConditionInvited, metav1.ConditionFalse, v1alpha1.ReasonMailRejected)
	sees(w, rejected, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonMailRejected)
	refusing.Remove()
	edit(w, kept, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
	sees(w, kept, v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonAccessDisabled)
	must(t, suite.client.Delete(w.ctx, revoked))
	w.gone(revoked)

	w.travel(enough)
	edit(w, declined, func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
	edit(w, kept, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessEnabled })
	w.resend(rejected, "again")
	revoked = user("revoked", "revoked@example.com")
	w.create(revoked)
	for u, mails := range map[*v1alpha1.User]int{declined: 2, kept: 2, rejected: 1, revoked: 2} {
		w.person().accept(w.nth(u.Spec.Email, mails).Link, "Ada Lovelace")
		sees(w, u, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
		if distinct, _ := w.mailsTo(u.Spec.Email); distinct != mails {
			t.Errorf("%s: %d mails, want %d", u.Name, distinct, mails)
		}
	}
}

// An unknown delivery that is held: the message names the command, and the
// command resolves it.
func TestStory_BY8_AHeldDeliveryIsResolvedByOneCommand(t *testing.T) {
	w := newWorld(t)
	w.start()
	org := sunrise()
	org.Spec.Invitations.OnUnknownDelivery = v1alpha1.UnknownDeliveryHold
	w.create(org)
	lost := w.sink.Inject(mailtest.Fault{Stage: mailtest.StageStored, Drop: true, Times: 1})
	ada := user("ada", "ada@example.com")
	w.create(ada)
	<-lost.Reached()
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionFalse, v1alpha1.ReasonDeliveryUnknown)
	w.travel(enough)
	w.run(w.commandIn(ada, v1alpha1.ConditionInvited))
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
	w.person().accept(w.nth("ada@example.com", 2).Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
}

// eventsOfAccess are those of somebody who was kept out, let in again, and whose time
// is over; with is what differs.
func eventsOfAccess(with map[string]int) map[string]int {
	all := map[string]int{
		v1alpha1.ReasonAcceptedByInvitee: 1, v1alpha1.ReasonAccessDisabled: 1, v1alpha1.ReasonAccessEnabled: 1, v1alpha1.ReasonAccessEnded: 1,
	}
	maps.Copy(all, with)
	return all
}

// Somebody is kept out and let in again, and membership ends at its date; each of
// that is one event and one entry in the audit trail.
func TestStory_HE5_BY10_DisableEnableAndAnEnd(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := w.arrived("ada")
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonAccessDisabled)
	if w.signsIn("ada@example.com") {
		t.Error("somebody who is kept out can sign in")
	}
	edit(w, ada, func(u *v1alpha1.User) {
		u.Spec.Access = v1alpha1.AccessEnabled
		u.Spec.AccessUntil = &metav1.Time{Time: time.Now().Add(30 * day)}
	})
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	if !w.signsIn("ada@example.com") {
		t.Error("somebody who is let in again cannot sign in")
	}
	w.wantTrail("let in again", "ada@example.com", ledger.ActionAccessDisabled, ledger.ActionAccessEnabled)
	w.wantEvents("let in again", ada, eventsOfAccess(map[string]int{v1alpha1.ReasonAccessEnded: 0}))
	w.travel(31 * day)
	w.restart()
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonAccessEnded)
	w.wantEvents("ended", ada, eventsOfAccess(nil))
	w.restart()
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" })
	seesAnew(w, ada)
	w.wantTrail("ended", "ada@example.com", ledger.ActionAccessDisabled, ledger.ActionAccessEnabled, ledger.ActionAccessEnded)
	w.wantEvents("ended, and nothing since", ada, eventsOfAccess(nil))
	if w.signsIn("ada@example.com") {
		t.Error("somebody whose access has ended can sign in")
	}
	if distinct, _ := w.mailsTo("ada@example.com"); distinct != 1 {
		t.Errorf("%d mails, want one", distinct)
	}
}

// While pending a changed address is another invitation; once in, the person
// confirms it, keeps the password, and signs in under the new one.
func TestStory_BY2_ChangedAddress(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "aad@example.com")
	w.create(ada)
	wrong := w.mailTo("aad@example.com")
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Email = "ada@example.com" })
	right := w.mailTo("ada@example.com")
	if p := w.person().get(wrong.Link); p.status != http.StatusNotFound {
		t.Errorf("the link of the former address answers %d", p.status)
	}
	w.person().accept(right.Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	member := ada.Status.MemberID

	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Email = "lovelace@example.com" })
	confirm := w.mailTo("lovelace@example.com")
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingConfirmation)
	if !w.signsIn("ada@example.com") || w.signsIn("lovelace@example.com") {
		t.Error("the former address is not the one in force before it is confirmed")
	}
	w.shows(w.person().get(confirm.Link), "Is this your new address", "lovelace@example.com")
	if p := w.person().submit(confirm.Link, url.Values{"confirm": {"yes"}}); p.status != http.StatusOK {
		t.Fatalf("confirming: status %d\n%s", p.status, p.text)
	}
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonAccepted)
	if ada.Status.Address != "lovelace@example.com" || ada.Status.MemberID != member {
		t.Errorf("status %+v, want the same member at the new address", ada.Status)
	}
	if w.signsIn("ada@example.com") || !w.signsIn("lovelace@example.com") {
		t.Error("the new address is not the one in force after it was confirmed")
	}
}

// A suspended organization sends and removes nothing, and goes on where it was;
// that is told once, of the organization and not of everybody in it.
func TestStory_BY2_SuspendedOrganization(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	grace := w.arrived("grace")
	org := sunrise()
	org.Namespace = w.namespace
	edit(w, org, func(o *v1alpha1.Organization) { o.Spec.Suspend = true })
	sees(w, grace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	ada := user("ada", "ada@example.com")
	w.create(ada)
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	must(t, suite.client.Delete(w.ctx, grace))
	edit(w, org, func(o *v1alpha1.Organization) { o.Spec.DisplayName = "Sunrise Clinics" })
	sees(w, org, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	w.wantEvents("suspended", org, map[string]int{v1alpha1.ReasonSuspended: 1, v1alpha1.ReasonResumed: 0})
	w.restart()
	edit(w, org, func(o *v1alpha1.Organization) { o.Spec.DisplayName = "Sunrise" })
	seesAnew(w, org)
	w.wantTrail("suspended", "", ledger.ActionSuspended)
	if !w.signsIn("grace@example.com") {
		t.Error("somebody was removed from a suspended organization")
	}
	if distinct, _ := w.mailsTo("ada@example.com"); distinct != 0 {
		t.Errorf("%d mails of a suspended organization", distinct)
	}
	edit(w, org, func(o *v1alpha1.Organization) { o.Spec.Suspend = false })
	w.mailTo("ada@example.com")
	w.gone(grace)
	if w.signsIn("grace@example.com") {
		t.Error("the removal was forgotten")
	}
	sees(w, org, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.wantTrail("resumed", "", ledger.ActionSuspended, ledger.ActionResumed)
	w.wantEvents("resumed", org, map[string]int{v1alpha1.ReasonSuspended: 1, v1alpha1.ReasonResumed: 1})
	w.wantTrail("resumed", "grace@example.com", ledger.ActionReleased)
	for _, u := range []*v1alpha1.User{ada, grace} {
		w.wantEvents("nobody was suspended", u, map[string]int{v1alpha1.ReasonSuspended: 0, v1alpha1.ReasonResumed: 0})
	}
}

// A suspended User sends and changes nothing, and its deletion waits; it goes on
// where it was. Each suspension of somebody who is managed, and its end, is one
// entry in the audit trail.
func TestStory_BY2_SuspendedUser(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) { s.Suspend = true })
	w.create(ada)
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	if distinct, _ := w.mailsTo("ada@example.com"); distinct != 0 {
		t.Errorf("%d mails of a suspended User", distinct)
	}
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Suspend = false })
	w.person().accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	w.wantTrail("nobody was managed", "ada@example.com")
	w.wantEvents("resumed", ada, map[string]int{v1alpha1.ReasonSuspended: 1, v1alpha1.ReasonResumed: 1})
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Suspend, u.Spec.Access = true, v1alpha1.AccessDisabled })
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	w.wantEvents("suspended", ada, map[string]int{v1alpha1.ReasonSuspended: 2, v1alpha1.ReasonResumed: 1})
	w.restart()
	must(t, suite.client.Delete(w.ctx, ada))
	seesAnew(w, ada)
	w.wantTrail("suspended", "ada@example.com", ledger.ActionSuspended)
	if !w.signsIn("ada@example.com") {
		t.Error("somebody was kept out, or removed, while suspended")
	}
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Suspend = false })
	w.gone(ada)
	if w.signsIn("ada@example.com") {
		t.Error("the removal was forgotten")
	}
	w.wantTrail("gone", "ada@example.com", ledger.ActionSuspended, ledger.ActionResumed, ledger.ActionReleased)
	w.wantEvents("gone", ada, map[string]int{v1alpha1.ReasonSuspended: 2, v1alpha1.ReasonResumed: 2, v1alpha1.ReasonRemoved: 1})
}

// Clocks that jump, forward and back, send nothing twice and lock nobody out.
func TestStory_BY8_ClocksThatJump(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada, grace := user("ada", "ada@example.com"), user("grace", "grace@example.com")
	w.create(ada)
	w.mailTo("ada@example.com")
	w.travel(2 * day)
	w.create(grace)
	mail := w.mailTo("grace@example.com")
	w.travel(-3 * day)
	w.restart()
	sees(w, grace, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
	w.person().accept(mail.Link, "Ada Lovelace")
	sees(w, grace, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	// Her last invitation is in the future now, and locks nothing.
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
	w.nth("ada@example.com", 2)
	for _, email := range []string{"ada@example.com", "grace@example.com"} {
		if distinct, times := w.mailsTo(email); distinct != times {
			t.Errorf("%s: %d mails were handed over %d times", email, distinct, times)
		}
	}
}
