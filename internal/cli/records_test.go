package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// backend is what a manager reports in these tests.
func backend(asked string) report.Report {
	joined := time.Date(2020, 1, 5, 9, 0, 0, 0, time.UTC)
	return report.Report{
		RequestedAt: asked, Complete: true,
		Members: []report.Member{
			{ID: "m-1", Address: "ada@example.com", State: directory.MemberActive, JoinedAt: joined},
			{ID: "m-2", Address: "eve@example.com", State: directory.MemberActive, JoinedAt: joined, Profile: report.Profile{DisplayName: hostile, Title: "\u202eDr\u009b"}, Grants: []report.Grant{{Role: "clinician"}}},
			{ID: "m-3", Address: "off@example.com", State: directory.MemberDisabled, Units: []string{"north"}},
			{ID: "m-4", Address: "new@example.com", State: directory.MemberInvited},
		},
		Audit: []report.AuditEntry{
			{ID: "3", At: joined.Add(2 * time.Minute), Actor: "portal", Action: "Accepted", Address: "ada@example.com", Invitation: "i-1", Revision: 1},
			{ID: "2", At: joined.Add(time.Minute), Actor: "outbox", Action: "Rejected", Address: "eve@example.com", Revision: 2, Note: hostile},
			{ID: "1", At: joined, Actor: "manager", Action: "OrganizationApplied"},
			{ID: "0", At: joined.Add(-time.Minute), Actor: "manager", Action: "AccessEnded", Address: "off@example.com", Note: "by User off"},
		},
	}
}

func clinicWorld(t *testing.T, more ...client.Object) *world {
	t.Helper()
	w := newWorld(t, append(more, testkit.Organization(ready), testkit.Role("clinician"), testkit.BusinessUnit("north"), testkit.User("ada", accepted))...)
	w.report = backend
	return w
}

// The keys of a report are those that the API names.
func TestReportKeys(t *testing.T) {
	for ours, api := range map[string]string{
		report.KeyRequestedAt: v1alpha1.SecretKeyRequestedAt, report.KeyMembers: v1alpha1.SecretKeyMembers,
		report.KeyInvitations: v1alpha1.SecretKeyInvitations, report.KeyAudit: v1alpha1.SecretKeyAudit,
	} {
		if ours != api {
			t.Errorf("key %q, and the API says %q", ours, api)
		}
	}
}

func TestBY12_Audit(t *testing.T) {
	w := clinicWorld(t)
	s := w.does("audit")
	sound(t, s.out)
	golden(t, "audit.txt", s.out)
	golden(t, "audit-user.json", w.does("audit", "user/ada", "-o", "json").out)
	golden(t, "audit-address.yaml", w.does("audit", "EVE@example.com", "-o", "yaml", "--limit", "1").out)
	if s := w.does("audit", "nobody@example.com"); s.out != "" || s.err != "Nothing is recorded.\n" {
		t.Errorf("%q, %q", s.out, s.err)
	}
	if s := w.does("audit", "nobody@example.com", "-o", "json"); s.out != "[]\n" {
		t.Errorf("%q", s.out)
	}
	w.report = func(asked string) report.Report {
		r := backend(asked)
		r.AuditTruncated = true
		return r
	}
	if s := w.does("audit", "clinic", "--limit", "1"); s.err != "Older entries exist that are not shown.\n" {
		t.Errorf("%q", s.err)
	}
	var left corev1.SecretList
	if err := w.api.List(t.Context(), &left); err != nil || len(left.Items) != 0 {
		t.Errorf("%d Secrets are left, %v", len(left.Items), err)
	}
	w.refuses(cli.ExitFailed, `there is no User "x"`, "audit", "user/x")
	w.refuses(cli.ExitUsage, "are not the same", "audit", "clinic", "--organization", "other")
}

func TestBY6_Export(t *testing.T) {
	w := clinicWorld(t)
	s := w.does("export")
	golden(t, "export.yaml", s.out)
	golden(t, "export-notes.txt", s.err)
	sound(t, s.err)
	if again := w.does("export"); again.out != s.out {
		t.Error("the same export is another the next time")
	}
	var list struct{ Items []v1alpha1.User }
	if err := json.Unmarshal([]byte(w.does("export", "--all", "-o", "json").out), &list); err != nil || len(list.Items) != 3 {
		t.Errorf("%d Users with --all, %v", len(list.Items), err)
	}
	folder := filepath.Join(t.TempDir(), "people")
	w.does("export", "--to", folder)
	if files, err := os.ReadDir(folder); err != nil || len(files) != 2 {
		t.Errorf("%d files, %v", len(files), err)
	}
	w.refuses(cli.ExitFailed, "nothing was written", "export", "--to", folder)
	w.does("lint", folder, "--partial")
}

func TestBY6_ExportRefuses(t *testing.T) {
	w := clinicWorld(t)
	w.report = nil
	s := w.run("export", "--report-timeout", "50ms")
	if s.code != cli.ExitUnfinished || !strings.Contains(s.err, "--clusterrole=rollcall-secrets --serviceaccount=rollcall-system:rollcall-manager") {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	w.report = func(string) report.Report { return backend("another") }
	w.refuses(cli.ExitFailed, `is not the report that was asked for`, "export")
	w = clinicWorld(t)
	w.api = interceptor.NewClient(w.api, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if _, secret := o.(*corev1.Secret); secret {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, nil)
		}
		return c.Get(ctx, key, o, opts...)
	}})
	w.refuses(cli.ExitFailed, "which you may not read", "export")
}

// A manager that may not write Secrets says so, and the plug-in what to do.
func TestBY6_ExportTellsWhatToBind(t *testing.T) {
	w := clinicWorld(t)
	w.report = nil
	w.api = interceptor.NewClient(w.api, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
		if err := c.Patch(ctx, o, patch, opts...); err != nil {
			return err
		}
		org, ok := o.DeepCopyObject().(*v1alpha1.Organization)
		if !ok {
			return nil
		}
		org.Status.Report = &v1alpha1.OrganizationReport{
			RequestedAt: org.Annotations[v1alpha1.AnnotationReport], Reason: v1alpha1.ReasonSecretDenied, Message: "The manager may not write Secrets.",
		}
		return c.Status().Update(ctx, org)
	}})
	w.refuses(cli.ExitFailed, "The manager may not write Secrets. To let it write Secrets here: kubectl create rolebinding rollcall-secrets -n team", "export")
}

const planned = `apiVersion: iam.rollcall.dev/v1alpha1
kind: User
metadata: {name: ada}
spec:
  organizationRef: {name: clinic}
  email: ada@example.com
  profile: {title: "Dr\u202e"}
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: User
metadata: {name: eve}
spec:
  organizationRef: {name: clinic}
  email: Eve@example.com
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: User
metadata: {name: zoe}
spec:
  organizationRef: {name: clinic}
  email: zoe@example.com
`

func TestBY5_Plan(t *testing.T) {
	w := clinicWorld(t, testkit.User("bob", accepted))
	w.stdin = planned
	s := w.does("plan", "-")
	sound(t, s.out)
	golden(t, "plan.txt", s.out)
	golden(t, "plan.json", w.does("plan", "-", "--prune=false", "-o", "json").out)
	if s := w.run("plan", "-", "--exit-code"); s.code != cli.ExitUnfinished || s.err != "" {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	w.refuses(cli.ExitUsage, `declare nothing of Organization "other"`, "plan", "-", "--organization", "other")
	w.stdin = "a: b\n"
	w.refuses(cli.ExitFailed, "1 error in the manifests; nothing is planned", "plan", "-")
	w.stdin = ""
	w.refuses(cli.ExitUsage, "declare nothing in namespace", "plan", "-")
	w.refuses(cli.ExitFailed, "no such file", "plan", "nowhere")
}

func TestLint(t *testing.T) {
	w := newWorld(t)
	w.stdin = planned
	if s := w.does("lint", "-", "--partial"); s.err != "3 objects checked, 3 warnings\n" {
		t.Errorf("%q", s.err)
	}
	s := w.run("lint", "-")
	if s.code != cli.ExitFailed || s.err != "error: 3 errors\n" {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	golden(t, "lint.txt", s.out)
	golden(t, "lint.json", w.run("lint", "-", "-o", "json").out)
}

func TestHR8_Import(t *testing.T) {
	w := newWorld(t)
	w.stdin = "email,display name\nada@example.com,Ada 𝔸\nnobody,\nb@example.com,\"a\nb\"\nc@example.com,\u202eEve\u009b<b>\n"
	s := w.run("import", "-", "--organization", "clinic", "--role", "clinician")
	if s.code != cli.ExitFailed || s.out != "" {
		t.Errorf("exit code %d with bad lines:\n%s", s.code, s.out)
	}
	golden(t, "import-problems.txt", s.err)
	s = w.does("import", "-", "--organization", "clinic", "--role", "clinician", "--skip-bad")
	golden(t, "import.yaml", s.out)
	w.stdin = s.out
	w.does("lint", "-", "--partial")
	w.refuses(cli.ExitUsage, "say which --organization", "import", "-")
	w.refuses(cli.ExitUsage, "is not one of yaml, json", "import", "-", "--organization", "clinic", "-o", "csv")
	w.stdin = ""
	w.refuses(cli.ExitFailed, "the table is empty", "import", "-", "--organization", "clinic")
}
