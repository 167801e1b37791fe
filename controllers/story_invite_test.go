package controllers_test

import (
	"net/http"
	"net/url"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
)

// Address and organization are enough; the person gets one mail, confirms the
// name, chooses a password, and can sign in.
func TestStory_HR2_CH2_HE3_InviteOneAndAccept(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return databasetest.SQLiteURL(t) },
		"PostgreSQL": func(t *testing.T) string { return databasetest.PostgreSQLURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, onDatabase(on(t)))
			w.start()
			w.settled()
			ada := user("ada", "Ada@Example.com")
			w.create(ada)
			sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
			sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
			sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

			mail := w.mailTo("ada@example.com")
			browser := w.person()
			w.shows(browser.get(mail.Link), "Sunrise Clinic", "ada@example.com")
			sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance) // a look changes nothing

			browser.accept(mail.Link, "Ada Lovelace")
			sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
			sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonAccepted)
			sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
			if ada.Status.AcceptedAt == nil || ada.Status.JoinedBy != v1alpha1.JoinedByInvitation {
				t.Errorf("acceptedAt %v, joinedBy %q", ada.Status.AcceptedAt, ada.Status.JoinedBy)
			}

			w.getsIn("ada@example.com", "Ada Lovelace", w.home.place())
			if again := w.person().get(mail.Link); again.status != http.StatusNotFound {
				t.Errorf("a used link answers %d, want 404", again.status)
			}
			if distinct, times := w.mailsTo("ada@example.com"); distinct != 1 || times != 1 {
				t.Errorf("%d mails, handed over %d times; want one, once", distinct, times)
			}
		})
	}
}

// The same as a person does it, in a browser.
func TestStory_HE3_AcceptInABrowser(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) {
		s.Profile.DisplayName = "Ada Lovelace"
		s.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}}
		s.BusinessUnits = []string{"north"}
	})
	w.create(ada)
	page := b.Open(t, browser.Window{Width: 360, Height: 740})
	page.Go(w.mailTo("ada@example.com").Link)
	w.home.fillIn(w, page)
	page.ClickAndLoad("button[type=submit]")
	if seen := page.Text(); !contains(seen, "Sunrise Clinic", "Clinician", "North Practice") {
		t.Errorf("the page after accepting says:\n%s", seen)
	}
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
}

// While the invitation is pending, role and unit change: the link stays, no
// second mail is sent, the page tells the new ones, and they hold on acceptance.
func TestStory_HR5a_HD1_ChangeRoleAndUnitWhilePending(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) {
		s.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}}
		s.BusinessUnits = []string{"north"}
	})
	w.create(ada)
	mail := w.mailTo("ada@example.com")
	w.shows(w.person().get(mail.Link), "Clinician", "North Practice")

	edit(w, ada, func(u *v1alpha1.User) {
		u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "manager"}, {Name: "lead", BusinessUnit: "south"}}
		u.Spec.BusinessUnits = []string{"south"}
	})
	w.eventually("the page tells the new role", func() (bool, string) {
		p := w.person().get(mail.Link)
		return contains(p.text, "Manager", "Team Lead", "South Practice") && !contains(p.text, "Clinician"), p.text
	})
	sees(w, ada, v1alpha1.ConditionAccessApplied, metav1.ConditionTrue, v1alpha1.ReasonDeferredUntilAccepted)

	somebody := w.person()
	somebody.accept(mail.Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccessApplied, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if seen := w.home.stillIn(w, somebody, "ada@example.com"); !contains(seen, "Manager", "Team Lead", "South Practice") {
		t.Errorf("the person has:\n%s", seen)
	}
	if distinct, times := w.mailsTo("ada@example.com"); distinct != 1 || times != 1 {
		t.Errorf("%d mails, handed over %d times; want one, once", distinct, times)
	}
}

// A link to copy and a code to scan, in a Secret of the person's own, and no mail.
func TestStory_HE2_DeliveryByLinkWithQRCode(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) { s.Invitation.Delivery = v1alpha1.DeliveryLink })
	w.create(ada)
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionFalse, v1alpha1.ReasonSecretDenied) // no right yet
	withSecrets(w)
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" }) // rather than to wait a minute
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonLinkPublished)

	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: w.namespace, Name: ada.Status.Invitation.LinkSecretRef.Name}
	must(t, suite.client.Get(w.ctx, key, secret))
	link := string(secret.Data[v1alpha1.SecretKeyLink])
	if scanned := scan(t, secret.Data[v1alpha1.SecretKeyQRCode]); scanned != link {
		t.Errorf("the QR code says %q, the link is %q", scanned, link)
	}
	w.person().accept(link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	w.gone(secret)
	if len(w.sink.Messages()) != 0 {
		t.Errorf("%d mails were sent, want none", len(w.sink.Messages()))
	}
}

// A no is told, and asking again is a change in Git.
func TestStory_BY2_Decline(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com")
	w.create(ada)
	mail := w.mailTo("ada@example.com")
	if p := w.person().submit(mail.Link+"/decline", url.Values{"confirm": {"yes"}}); p.status != http.StatusOK {
		t.Fatalf("declining: status %d\n%s", p.status, p.text)
	}
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonDeclined)
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonDeclined)
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if p := w.person().get(mail.Link); p.status != http.StatusNotFound {
		t.Errorf("a declined link answers %d, want 404", p.status)
	}
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionFalse, v1alpha1.ReasonRateLimited) // not within five minutes
}
