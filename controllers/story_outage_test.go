package controllers_test

import (
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

// The mail server is down: the User says so, and the mail goes out once when it
// is back.
func TestStory_BY8_MailServerDownAndBack(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	must(t, w.sink.Stop())
	ada := user("ada", "ada@example.com")
	w.create(ada)
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionFalse, v1alpha1.ReasonMailUnavailable)
	sees(w, ada, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
	must(t, w.sink.Restart())
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
	if distinct, times := w.mailsTo("ada@example.com"); distinct != 1 || times != 1 {
		t.Errorf("%d mails, handed over %d times; want one, once", distinct, times)
	}
}

// The database is down: Users say so, the portal stays polite, and everything
// goes on by itself when it is back.
func TestStory_BY8_DatabaseDownAndBack(t *testing.T) {
	server := databasetest.NewServer(t)
	w := newWorld(t, inAHurry, onDatabase(server.Database(t)))
	w.start()
	w.settled()
	grace := user("grace", "grace@example.com")
	w.create(grace)
	link := w.mailTo("grace@example.com").Link
	sees(w, grace, v1alpha1.ConditionReady, metav1.ConditionTrue, "")

	server.Stop(t)
	ada := user("ada", "ada@example.com")
	w.create(ada)
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonBackendUnavailable)
	if p := w.person().get(link); p.status != http.StatusServiceUnavailable && p.status != http.StatusInternalServerError {
		t.Errorf("the portal answers %d without a database:\n%s", p.status, p.text)
	}
	if sees(w, grace, v1alpha1.ConditionPending, metav1.ConditionTrue, ""); grace.Status.Invitation == nil {
		t.Error("an outage made a status forget its invitation")
	}

	server.Start(t)
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	w.mailTo("ada@example.com")
	w.person().accept(link, "Grace Hopper")
	sees(w, grace, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	for _, email := range []string{"ada@example.com", "grace@example.com"} {
		if distinct, times := w.mailsTo(email); distinct != 1 || times != 1 {
			t.Errorf("%s: %d mails, handed over %d times; want one, once", email, distinct, times)
		}
	}
}

// Portal and manager are two processes that share nothing but the database.
func TestStory_HE3_PortalInAnotherProcess(t *testing.T) {
	w := newWorld(t, onDatabase(databasetest.PostgreSQLURL(t)))
	apart := w.apart()
	w.manager.start()
	apart.start()
	w.eventually("the portal answers", func() (bool, string) { return w.ready(w.portal) })
	w.settled()
	ada := user("ada", "ada@example.com")
	w.create(ada)
	w.person().accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	accepted := time.Now()
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	t.Logf("the controller told of the acceptance %s after the portal's answer", time.Since(accepted).Round(time.Millisecond))
}
