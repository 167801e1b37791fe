package controllers_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// An organization that is in use is exported, planned, and taken over: whoever
// is in already is adopted and mailed nothing.
func TestStory_BY6_AdoptionWithoutAMail(t *testing.T) {
	w := newWorld(t, withSecrets)
	w.start()
	w.settled()
	w.retained("ada", "bob")
	mails := len(w.sink.Messages())

	org := sunrise()
	org.Namespace = w.namespace
	found := w.export(org, "export-1")
	if !found.Complete || len(found.Members) != 2 || len(found.Audit) == 0 {
		t.Errorf("the export has %d members and %d entries, complete: %t", len(found.Members), len(found.Audit), found.Complete)
	}

	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Mode = v1alpha1.ModePlan })
	var users []*v1alpha1.User
	for _, m := range found.Members {
		u := user("adopted-"+m.Address[:3], m.Address, func(s *v1alpha1.UserSpec) { s.Profile.DisplayName = m.Profile.DisplayName })
		users = append(users, u)
		w.create(u)
	}
	w.wantPlan(&v1alpha1.OrganizationPlan{Adopt: 2, Entries: []v1alpha1.PlannedEntry{
		{Action: v1alpha1.PlannedAdopt, User: "adopted-ada"}, {Action: v1alpha1.PlannedAdopt, User: "adopted-bob"},
	}})
	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Mode = v1alpha1.ModeEnforce })
	for _, u := range users {
		sees(w, u, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAdoptedExistingMember)
		sees(w, u, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonNotRequired)
	}
	org = w.resync()
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionFalse, v1alpha1.ReasonInSync)
	if n := len(w.sink.Messages()); n != mails {
		t.Errorf("%d mails to people who are in already", n-mails)
	}
}

// export asks for an export and reads it.
func (w *world) export(org *v1alpha1.Organization, asked string) report.Report {
	w.Helper()
	w.ask(org, asked)
	secret := &corev1.Secret{}
	w.eventually("an export", func() (bool, string) {
		must(w.T, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		told := org.Status.Report
		if told == nil || told.RequestedAt != asked || told.SecretRef == nil {
			return false, "there is none yet"
		}
		must(w.T, suite.client.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: told.SecretRef.Name}, secret))
		return true, ""
	})
	found, err := report.Decode(secret.Data)
	must(w.T, err)
	return found
}

func (w *world) ask(org *v1alpha1.Organization, asked string) {
	w.Helper()
	edit(w, org, func(o *v1alpha1.Organization) {
		if o.Annotations == nil {
			o.Annotations = map[string]string{}
		}
		o.Annotations[v1alpha1.AnnotationReport] = asked
	})
}

// Without the right to write Secrets an export says so in a word that a script
// can read; the Secret of one that could be written is gone after ten minutes.
func TestStory_BY6_AnExportComesAndGoes(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	org := sunrise()
	org.Namespace = w.namespace
	w.ask(org, "1")
	w.eventually("the reason why there is no export", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		told := org.Status.Report
		return told != nil && told.RequestedAt == "1" && told.Reason == v1alpha1.ReasonSecretDenied, "it does not say"
	})
	withSecrets(w)
	w.export(org, "2")

	w.travel(11 * time.Minute)
	w.restart()
	secret := &corev1.Secret{}
	w.eventually("the Secret is gone", func() (bool, string) {
		err := suite.client.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: org.Name + "-report"}, secret)
		return apierrors.IsNotFound(err), "it is there"
	})
	w.eventually("the status says that it was answered", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		told := org.Status.Report
		return told != nil && told.RequestedAt == "2" && told.SecretRef == nil && told.Reason == "", "it does not"
	})
}

// Tearing an organization down on purpose works, in whatever order its objects
// go: with Retain everybody stays in the backend, with Remove nobody does.
func TestStory_HE5_TearingDownAnOrganization(t *testing.T) {
	t.Parallel()
	for policy, stays := range map[v1alpha1.DeletionPolicy]bool{v1alpha1.DeletionRetain: true, v1alpha1.DeletionRemove: false} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t)
			w.start()
			w.settled()
			w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.DeletionPolicy = policy })
			ada, bob := user("ada", "ada@example.com"), user("bob", "bob@example.com")
			w.in(ada)
			w.create(bob)
			pending := w.mailTo("bob@example.com").Link
			all := append(clinic(), ada, bob)
			for _, o := range all {
				o.SetNamespace(w.namespace)
				must(t, suite.client.Delete(w.ctx, o))
			}
			for _, o := range all {
				w.gone(o)
			}
			credentials := url.Values{"address": {"ada@example.com"}, "password": {password}}
			p := w.person().submit(w.portal+"/o/"+w.namespace+"/sunrise/signin", credentials)
			if in := p.status == http.StatusOK && contains(p.text, "Somebody ada"); in != stays {
				t.Errorf("can sign in: %t, want %t\n%s", in, stays, p.text)
			}
			if p := w.person().get(pending); p.status != http.StatusNotFound {
				t.Errorf("the link of a revoked invitation answers %d, want 404", p.status)
			}
		})
	}
}
