package organization_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const exportName = testkit.Clinic + "-report"

func asking(value string) func(*v1alpha1.Organization) {
	return func(o *v1alpha1.Organization) { o.Annotations = map[string]string{v1alpha1.AnnotationReport: value} }
}

func (w *world) secret() *corev1.Secret { return stage.Get[corev1.Secret](w.Stage, exportName) }

func (w *world) wantReport(reason string, want v1alpha1.OrganizationReport) {
	w.Helper()
	got := w.get().Status.Report
	switch {
	case got == nil:
		w.Errorf("%s: there is no status.report", reason)
	case got.RequestedAt != want.RequestedAt || got.Reason != want.Reason || (got.SecretRef == nil) != (want.SecretRef == nil):
		w.Errorf("%s: status.report is %+v, want %+v", reason, got, want)
	case got.SecretRef != nil && got.SecretRef.Name != exportName, (got.Message == "") != (got.Reason == ""), strings.Contains(got.Message, "@"):
		w.Errorf("%s: status.report is %+v", reason, got)
	}
}

var there = &v1alpha1.LocalReference{Name: exportName}

// An export holds everybody, the newest invitation of every address and the
// trail; it is the Organization's, says until when it is there, and goes then.
func TestBY6_AnExport(t *testing.T) {
	w := inUse(t)
	w.edit(asking("first"))
	if again := w.look().RequeueAfter; again != 10*time.Minute {
		t.Errorf("looked at again in %s, want when the Secret is to go", again)
	}
	w.wantReport("asked for", v1alpha1.OrganizationReport{RequestedAt: "first", SecretRef: there})
	secret := w.secret()
	got, err := report.Decode(secret.Data)
	must(w, err)
	if got.RequestedAt != "first" || !got.Complete || len(got.Members) != 1 || len(got.Invitations) != 1 || len(got.Audit) == 0 {
		t.Errorf("the export is of %q with %d members, %d invitations, %d entries", got.RequestedAt, len(got.Members), len(got.Invitations), len(got.Audit))
	}
	if m := got.Members[0]; m.Address != "ada@example.com" || m.Held == nil || m.Held.Holder != "ada" {
		t.Errorf("the member is %+v", m)
	}
	if !metav1.IsControlledBy(secret, w.get()) || secret.Type != v1alpha1.SecretTypeReport || secret.OwnerReferences[0].BlockOwnerDeletion != nil && *secret.OwnerReferences[0].BlockOwnerDeletion {
		t.Errorf("the Secret is of type %s, owned by %v", secret.Type, secret.OwnerReferences)
	}
	if until := string(secret.Data[v1alpha1.SecretKeyExpiresAt]); until != w.Clock.Now().Add(10*time.Minute).Format(time.RFC3339) {
		t.Errorf("it is there until %q", until)
	}
	w.Writes()
	w.later(9 * time.Minute)
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v, and nothing was due", writes)
	}
	w.edit(asking("second"))
	w.look()
	w.wantReport("asked for again", v1alpha1.OrganizationReport{RequestedAt: "second", SecretRef: there})
	w.later(9 * time.Minute)
	w.wantReport("nine minutes later", v1alpha1.OrganizationReport{RequestedAt: "second", SecretRef: there})
	w.later(time.Minute)
	w.wantReport("ten minutes later", v1alpha1.OrganizationReport{RequestedAt: "second"})
	if w.secret() != nil {
		t.Error("the Secret is still there")
	}
	w.Writes()
	w.later(time.Minute)
	if writes := w.Writes(); len(writes) > 0 || w.secret() != nil {
		t.Errorf("wrote %v: what was answered is asked for no more", writes)
	}
	w.edit(func(o *v1alpha1.Organization) { o.Annotations = nil })
	w.look()
	if got := w.get().Status.Report; got != nil {
		t.Errorf("status.report is %+v although nobody asks", got)
	}
}

// A manager that starts finds out from the Secret until when it is there; who
// asks no more has it deleted at once.
func TestBY6_AnExportOutlivesTheManager(t *testing.T) {
	w := inUse(t, asking("1"))
	w.later(4 * time.Minute)
	w.start()
	if again := w.look().RequeueAfter; again != 150*time.Second || w.secret() == nil {
		t.Errorf("looked at again in %s", again)
	}
	w.start()
	if w.later(3 * time.Minute); w.secret() == nil {
		t.Error("it is gone after seven minutes")
	}
	w.start()
	if w.later(3 * time.Minute); w.secret() != nil {
		t.Error("it is there after ten minutes")
	}
	w.wantReport("after ten minutes", v1alpha1.OrganizationReport{RequestedAt: "1"})

	w = inUse(t, asking("1"))
	w.edit(func(o *v1alpha1.Organization) { o.Annotations = nil })
	w.look()
	if w.secret() != nil || w.get().Status.Report != nil {
		t.Error("nobody asks any more, and it is still there")
	}
}

// What hinders an export is told by a word that a script can read; it is tried
// again for a while.
func TestBY6_AnExportThatFails(t *testing.T) {
	denied := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, exportName, errBroken)
	unavailable := directory.Errorf(directory.KindUnavailable, "list members", "no answer")
	for name, test := range map[string]struct {
		inject func(*world) func()
		reason string
	}{
		"no right to look": {func(w *world) func() {
			return w.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Secret", Err: denied})
		}, v1alpha1.ReasonSecretDenied},
		"no right to write": {func(w *world) func() {
			return w.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Kind: "Secret", Err: denied})
		}, v1alpha1.ReasonSecretDenied},
		"somebody else's": {func(w *world) func() {
			must(w, w.Raw().Create(w.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: exportName}}))
			return func() { must(w, w.Raw().Delete(context.Background(), w.secret())) }
		}, v1alpha1.ReasonSecretDenied},
		"no answer": {func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodListMembers, Err: unavailable})
		}, v1alpha1.ReasonBackendUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := inUse(t)
			withdraw := test.inject(w)
			w.edit(asking("1"))
			if again := w.look().RequeueAfter; again != time.Minute {
				t.Errorf("looked at again in %s, want in a minute", again)
			}
			w.wantReport("it fails", v1alpha1.OrganizationReport{RequestedAt: "1", Reason: test.reason})
			w.wantCondition("it fails", v1alpha1.ConditionReady, "True Succeeded")
			withdraw()
			w.look()
			w.wantReport("before it is tried again", v1alpha1.OrganizationReport{RequestedAt: "1", Reason: test.reason})
			w.later(time.Minute)
			w.wantReport("it was tried again", v1alpha1.OrganizationReport{RequestedAt: "1", SecretRef: there})
		})
	}
	w := inUse(t)
	w.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Secret", Err: denied})
	w.edit(asking("1"))
	w.look()
	w.later(10 * time.Minute)
	if again := w.look().RequeueAfter; again < 40*time.Minute {
		t.Errorf("after ten minutes it is tried again in %s, want never", again)
	}
	w.edit(asking("2"))
	if again := w.look().RequeueAfter; again != time.Minute {
		t.Errorf("asked for anew it is tried again in %s", again)
	}
}

// An export works while the organization only plans, and of a tenant that does
// not exist yet.
func TestBY6_AnExportOfAPlan(t *testing.T) {
	w := newWorld(t, testkit.Organization(planning, asking("1")))
	w.look()
	w.wantReport("planned", v1alpha1.OrganizationReport{RequestedAt: "1", SecretRef: there})
	got, err := report.Decode(w.secret().Data)
	if err != nil || !got.Complete || len(got.Members) > 0 || len(w.Memory.Writes()) > 0 {
		t.Errorf("%d members, %v", len(got.Members), err)
	}
}
