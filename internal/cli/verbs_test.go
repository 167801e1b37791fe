package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func TestHR2_InviteApplies(t *testing.T) {
	w := newWorld(t, testkit.Organization())
	name := reference.UserName(testkit.Clinic, "ada@example.com")
	if s := w.does("invite", "Ada <ADA@example.com>", "--role", "clinician", "--role", "lead@north", "--unit", "north"); s.out != "user/"+name+" invited\n" {
		t.Errorf("invite: %q", s.out)
	}
	u := get(w, name, &v1alpha1.User{})
	if u.Spec.Email != "ada@example.com" || u.Spec.Profile.DisplayName != "Ada" || len(u.Spec.Roles) != 2 || u.Spec.Roles[1].BusinessUnit != "north" {
		t.Errorf("applied %+v", u.Spec)
	}
	if m := u.ManagedFields; len(m) != 1 || m[0].Manager != "kubectl-rollcall" || m[0].Operation != metav1.ManagedFieldsOperationApply {
		t.Errorf("field managers %+v", m)
	}
	if s := w.does("invite", "Ada <ada@example.com>", "--role", "clinician", "--role", "lead@north", "--unit", "north"); s.out != "user/"+name+" unchanged\n" {
		t.Errorf("invite again: %q", s.out)
	}
	w.refuses(cli.ExitFailed, "says something else", "invite", "ada@example.com", "--role", "manager")
	if s := w.does("invite", "ada@example.com", "--role", "manager", "--force"); s.out != "user/"+name+" changed\n" {
		t.Errorf("invite with force: %q", s.out)
	}
}

func TestHR2_InviteRefuses(t *testing.T) {
	w := newWorld(t, testkit.Organization(), testkit.User("ada"))
	w.refuses(cli.ExitUsage, "at least one address", "invite")
	w.refuses(cli.ExitUsage, "there is no @", "invite", "ada@example.com", "bob")
	w.refuses(cli.ExitUsage, "--name is for one address", "invite", "a@example.com", "b@example.com", "--name", "x")
	w.refuses(cli.ExitUsage, "is not one of none, client, server", "invite", "a@example.com", "--dry-run=yes")
	w.refuses(cli.ExitUsage, "say which --organization", "invite", "a@example.com", "--dry-run=client")
	w.refuses(cli.ExitUsage, "write a day such as", "invite", "a@example.com", "--access-until", "tomorrow")
	w.refuses(cli.ExitFailed, `User "ada" has that address already`, "invite", "bob@example.com", "ADA@example.com")
	w.refuses(cli.ExitFailed, `there is no Organization "x"`, "invite", "bob@example.com", "--organization", "x")
	var all v1alpha1.UserList
	if err := w.api.List(t.Context(), &all); err != nil || len(all.Items) != 1 {
		t.Errorf("%d Users after refusals, %v: nothing may be half done", len(all.Items), err)
	}
}

func TestHR2_InvitePrints(t *testing.T) {
	w := newWorld(t)
	s := w.does("invite", "Ada Lovelace <ada@example.com>", "bob@example.com", "--organization", "clinic", "--role", "lead@north",
		"--access-until", "2027-03-31", "--expires-after", "72h", "--message", "Welcome!\nSee you.", "--delivery", "EmailAndLink", "--dry-run", "-o", "yaml")
	golden(t, "invite.yaml", s.out)
	asJSON := w.does("invite", "bob@example.com", "--organization", "clinic", "--dry-run", "-o", "json")
	var list struct{ Items []v1alpha1.User }
	if err := json.Unmarshal([]byte(asJSON.out), &list); err != nil || len(list.Items) != 1 || list.Items[0].Spec.Email != "bob@example.com" {
		t.Errorf("%v: %s", err, asJSON.out)
	}
}

func TestBY2_Resend(t *testing.T) {
	w := newWorld(t, testkit.Organization(), testkit.User("ada", accepted), testkit.User("bob", pending),
		testkit.User("eve", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }),
		testkit.User("sam", func(u *v1alpha1.User) { u.Spec.Suspend = true }),
		testkit.User("nil", func(u *v1alpha1.User) { u.Spec.Invitation.Delivery = v1alpha1.DeliveryNone }),
		testkit.User("zac", func(u *v1alpha1.User) {
			u.Status.Conditions = []metav1.Condition{{
				Type: v1alpha1.ConditionInvited, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRateLimited, Message: "The last one is too recent.",
			}}
		}))
	w.refuses(cli.ExitFailed, "is in already", "resend", "bob", "ada")
	w.refuses(cli.ExitFailed, "spec.access", "resend", "eve")
	w.refuses(cli.ExitFailed, "suspended", "resend", "sam")
	w.refuses(cli.ExitFailed, "delivery is None", "resend", "nil")
	w.refuses(cli.ExitFailed, `there is no User "zoe"`, "resend", "zoe")
	w.refuses(cli.ExitUsage, "not the name of an object", "resend", "bob@example.com")
	w.refuses(cli.ExitUsage, "is not one of user/NAME", "resend", "batch/bob")
	if v := get(w, "bob", &v1alpha1.User{}).Annotations[v1alpha1.AnnotationResend]; v != "" {
		t.Errorf("a refused command asked for an invitation: %q", v)
	}
	w.does("resend", "user/bob")
	first := get(w, "bob", &v1alpha1.User{}).Annotations[v1alpha1.AnnotationResend]
	if first == "" || len(first) > 64 {
		t.Errorf("annotation %q", first)
	}
	w.does("resend", "users.iam.rollcall.dev/bob")
	if again := get(w, "bob", &v1alpha1.User{}).Annotations[v1alpha1.AnnotationResend]; again == first {
		t.Error("asking again is no new request")
	}
	s := w.run("resend", "bob", "--wait", "--timeout", "50ms")
	if s.code != cli.ExitUnfinished || !strings.Contains(s.err, "was not handed over within 50ms") {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	if s := w.run("resend", "zac", "--wait", "--timeout", "50ms"); !strings.HasPrefix(s.err, "user/zac waits: The last one is too recent.\n") {
		t.Errorf("it waits without a word: %s", s.err)
	}
}

func TestBY1_RevokeFightsNoGitOps(t *testing.T) {
	flux := func(o client.Object) {
		o.SetLabels(map[string]string{"kustomize.toolkit.fluxcd.io/name": "people", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"})
	}
	batch := testkit.InviteBatch("autumn", []string{"eve@example.com"})
	w := newWorld(t, testkit.User("ada", accepted), testkit.User("bob", pending),
		testkit.User("git", pending, func(u *v1alpha1.User) { flux(u) }), batch,
		testkit.User("eve", pending, func(u *v1alpha1.User) { u.Labels = map[string]string{v1alpha1.LabelBatch: "autumn"} }),
		testkit.User("old", pending, func(u *v1alpha1.User) { u.Labels = map[string]string{v1alpha1.LabelBatch: "gone"} }))
	w.refuses(cli.ExitFailed, "is in already", "revoke", "bob", "ada")
	w.refuses(cli.ExitFailed, `Flux, by its Kustomization "flux-system/people"`, "revoke", "git")
	w.refuses(cli.ExitFailed, `take the address out of InviteBatch "autumn", and then delete the User`, "revoke", "eve")
	if s := w.does("revoke", "bob", "--dry-run"); s.out != "user/bob would be revoked\n" {
		t.Errorf("dry run: %q", s.out)
	}
	get(w, "bob", &v1alpha1.User{})
	if s := w.does("revoke", "bob", "old"); s.out != "user/bob revoked\nuser/old revoked\n" {
		t.Errorf("revoke: %q", s.out)
	}
	w.refuses(cli.ExitFailed, `there is no User "bob"`, "revoke", "bob")
}

func TestHE2_HE4_Link(t *testing.T) {
	const link = "https://join.example.com/i/AAAA"
	secret := func(name string, kind corev1.SecretType, value string) *corev1.Secret {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: name}, Type: kind,
			Data: map[string][]byte{v1alpha1.SecretKeyLink: []byte(value), v1alpha1.SecretKeyExpiresAt: []byte("2026-01-05T09:00:00Z")},
		}
	}
	published := func(name string) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) {
			u.Spec.Invitation.Delivery = v1alpha1.DeliveryLink
			u.Status.Invitation = &v1alpha1.UserInvitationStatus{LinkSecretRef: &v1alpha1.LocalReference{Name: name}}
		}
	}
	many := &v1alpha1.InviteLink{
		ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "summer"},
		Status:     v1alpha1.InviteLinkStatus{LinkSecretRef: &v1alpha1.LocalReference{Name: "summer-link"}},
	}
	w := newWorld(t, many, secret("summer-link", v1alpha1.SecretTypeLink, link+"B"),
		testkit.User("ada", published("ada-invitation")), secret("ada-invitation", v1alpha1.SecretTypeInvitation, link),
		testkit.User("eve", published("other")), secret("other", corev1.SecretTypeOpaque, link),
		testkit.User("bad", published("bad")), secret("bad", v1alpha1.SecretTypeInvitation, "javascript:\x1b[2J"),
		testkit.User("bob", pending), testkit.User("sam", accepted, func(u *v1alpha1.User) { u.Spec.Invitation.Delivery = v1alpha1.DeliveryLink }))
	if s := w.does("link", "ada"); s.out != link+"\n" || s.err != "It expires at 2026-01-05T09:00:00Z.\n" {
		t.Errorf("link: %q, %q", s.out, s.err)
	}
	if s := w.does("link", "invitelink/summer", "--qr"); !strings.HasPrefix(s.out, link+"B\n█") {
		t.Errorf("link with code:\n%s", s.out)
	}
	w.refuses(cli.ExitFailed, "it is not Rollcall's", "link", "eve")
	w.refuses(cli.ExitFailed, "is no link", "link", "bad")
	w.refuses(cli.ExitFailed, "is in the mail alone", "link", "bob")
	w.refuses(cli.ExitFailed, "has no link now", "link", "sam")
	w.refuses(cli.ExitFailed, `there is no InviteLink "x"`, "link", "link/x")
}

func TestBY4_ApproveWave(t *testing.T) {
	org := testkit.Organization(func(o *v1alpha1.Organization) {
		o.Status.HeldRemovals = &v1alpha1.HeldWave{Wave: "w-1", Waiting: 60, Done: 5, Limit: 50}
	})
	w := newWorld(t, org)
	w.refuses(cli.ExitUsage, "say what to approve", "approve")
	w.refuses(cli.ExitUsage, "say what to approve", "approve", "everything")
	w.refuses(cli.ExitUsage, "nobody answered", "approve", "removals")
	w.stdin = "n\n"
	w.refuses(cli.ExitFailed, "holds 60 removals; 5 went through within the window, and the limit is 50", "approve", "removals")
	if a := get(w, testkit.Clinic, &v1alpha1.Organization{}).Annotations; len(a) != 0 {
		t.Errorf("annotations %v after a no", a)
	}
	w.stdin = "yes\n"
	if s := w.does("approve", "removals", "org/clinic"); s.out != "organization/clinic 60 removals approved\n" {
		t.Errorf("approve: %q", s.out)
	}
	if a := get(w, testkit.Clinic, &v1alpha1.Organization{}).Annotations[v1alpha1.AnnotationApproveRemovals]; a != "w-1" {
		t.Errorf("annotation %q, want what was seen", a)
	}
	w.stdin = ""
	if s := w.does("approve", "removals"); s.out != "organization/clinic removals are approved already\n" {
		t.Errorf("approve again: %q", s.out)
	}
	if s := w.does("approve", "invitations"); s.out != "organization/clinic holds no invitations\n" {
		t.Errorf("approve nothing: %q", s.out)
	}
}

func TestBY4_ApproveRemoval(t *testing.T) {
	blocked := func(message string) func(*v1alpha1.User) {
		return with(v1alpha1.ConditionRemovalBlocked, metav1.ConditionTrue, v1alpha1.ReasonLastAdministrator, message)
	}
	w := newWorld(t, testkit.User("bob", pending), testkit.User("eve", blocked("Protected; edit the Organization.")),
		testkit.User("ada", blocked("The last administrator; to remove anyway: kubectl annotate user ada iam.rollcall.dev/approve-removal=abc-12.3.")))
	w.refuses(cli.ExitFailed, "no rail keeps", "approve", "removal", "bob", "--yes")
	w.refuses(cli.ExitFailed, "cannot be approved: Protected", "approve", "removal", "eve", "--yes")
	w.does("approve", "removal", "user/ada", "--yes")
	if a := get(w, "ada", &v1alpha1.User{}).Annotations[v1alpha1.AnnotationApproveRemoval]; a != "abc-12.3" {
		t.Errorf("annotation %q", a)
	}
}

func TestHE4_ApproveJoin(t *testing.T) {
	waits := func(u *v1alpha1.User) {
		u.Spec.Access, u.Labels = v1alpha1.AccessDisabled, map[string]string{v1alpha1.LabelLink: "summer"}
	}
	w := newWorld(t, testkit.User("ada", waits), testkit.User("bob", pending),
		testkit.User("eve", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }),
		testkit.User("git", waits, func(u *v1alpha1.User) { u.Labels["argocd.argoproj.io/instance"] = "people" }))
	w.refuses(cli.ExitFailed, "waits for no approval", "approve", "join", "ada", "bob", "--yes")
	w.refuses(cli.ExitFailed, "did not join by a link", "approve", "join", "eve", "--yes")
	w.refuses(cli.ExitFailed, "in Git", "approve", "join", "git", "--yes")
	if get(w, "ada", &v1alpha1.User{}).Spec.Access != v1alpha1.AccessDisabled {
		t.Error("a refused command let somebody in")
	}
	w.does("approve", "join", "ada", "--yes")
	if get(w, "ada", &v1alpha1.User{}).Spec.Access != v1alpha1.AccessEnabled {
		t.Error("nobody was let in")
	}
}

func TestStatus(t *testing.T) {
	batch := testkit.InviteBatch("autumn", nil, func(b *v1alpha1.InviteBatch) {
		b.Status.Refusals = []v1alpha1.Refusal{{Source: "emails", Line: 3, Reason: v1alpha1.RefusedInvalid, Message: hostile}}
	})
	w := newWorld(t, testkit.Organization(ready), batch, testkit.User("ada", accepted), testkit.User("bob", pending),
		testkit.User("eve", with(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound, "Waits for "+hostile), func(u *v1alpha1.User) {
			u.Spec.Email, u.Labels = hostile+"@example.com", map[string]string{v1alpha1.LabelBatch: "autumn"}
		}))
	for name, args := range map[string][]string{
		"status.txt": {"status"}, "status-batch.txt": {"status", "batch/autumn"},
		"status.json": {"status", "clinic", "-o", "json"}, "status.yaml": {"status", "-o", "yaml"},
	} {
		s := w.does(args...)
		if name != "status.yaml" {
			sound(t, s.out)
		}
		golden(t, name, s.out)
	}
	var fromYAML, fromJSON struct{ People []struct{ Message string } }
	if err := yaml.Unmarshal([]byte(w.does("status", "-o", "yaml").out), &fromYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(w.does("status", "-o", "json").out), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if fromJSON.People[0].Message != "Waits for "+hostile || fromYAML.People[0].Message != "Waits for "+hostile {
		t.Errorf("machines read %q and %q", fromJSON.People[0].Message, fromYAML.People[0].Message)
	}
	w.refuses(cli.ExitFailed, `there is no Organization "x"`, "status", "x")
	w.refuses(cli.ExitUsage, "is not one of table, json, yaml", "status", "-o", "xml")
	w.refuses(cli.ExitUsage, "is not one of ready, accepted", "status", "--wait=done")
	w.refuses(cli.ExitUsage, "with -o json use --wait", "status", "--watch", "-o", "json")
}

func TestStatus_Waits(t *testing.T) {
	w := newWorld(t, testkit.Organization(ready), testkit.User("ada", accepted), testkit.User("bob", pending))
	if s := w.does("status", "--wait"); !strings.Contains(s.out, "bob: Ready=True Accepted=False (AwaitingAcceptance)\n") {
		t.Errorf("waiting until all are ready:\n%s", s.out)
	}
	s := w.run("status", "--wait=accepted", "--timeout", "50ms", "-o", "json")
	if s.code != cli.ExitUnfinished || !strings.Contains(s.err, `Organization "clinic" is not accepted within 50ms`) || !strings.HasPrefix(s.out, "{") {
		t.Errorf("exit code %d:\n%s%s", s.code, s.out, s.err)
	}
	done := make(chan said)
	go func() { done <- w.run("status", "--wait=accepted") }()
	u := get(w, "bob", &v1alpha1.User{})
	u.Status.Conditions = nil
	accepted(u)
	if err := w.api.Status().Update(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if s := <-done; s.code != cli.ExitDone || !strings.Contains(s.out, "2/2") {
		t.Errorf("exit code %d:\n%s%s", s.code, s.out, s.err)
	}
}

func TestUsage(t *testing.T) {
	w := newWorld(t, testkit.Organization(), testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" }))
	w.refuses(cli.ExitUsage, `there is no verb "invit"; did you mean invite?`, "invit")
	w.refuses(cli.ExitUsage, "unknown flag: --nope", "status", "--nope")
	w.refuses(cli.ExitUsage, "has several Organizations; say which: clinic, other", "status")
	w.refuses(cli.ExitUsage, "the group is iam.rollcall.dev", "resend", "users.example.com/ada")
	for _, verb := range []string{"", "invite", "resend", "revoke", "link", "status", "plan", "export", "lint", "import", "approve", "audit"} {
		args := []string{"--help"}
		if verb != "" {
			args = []string{verb, "--help"}
		}
		golden(t, "help-"+verb+".txt", w.does(args...).out)
	}
	if code := cli.Run(t.Context(), cli.Options{}); code != cli.ExitFailed {
		t.Errorf("exit code %d without a clock and streams", code)
	}
}

func TestCompletion(t *testing.T) {
	w := newWorld(t, testkit.Organization(), testkit.User("ada"), testkit.User("adam"), testkit.User("bob"), testkit.Role("clinician"),
		testkit.BusinessUnit("north"), testkit.InviteBatch("autumn", nil))
	for typed, want := range map[string]string{
		"resend ad":             "ada adam",
		"resend ada a":          "adam",
		"status ":               "clinic batch/autumn",
		"approve re":            "invitations join removal removals",
		"approve removal b":     "bob",
		"approve removals ":     "clinic",
		"invite --role ":        "clinician",
		"invite --unit ":        "north",
		"link user/b":           "user/bob",
		"status --wait=":        "ready accepted",
		"export -o ":            "yaml json",
		"audit --organization ": "clinic",
	} {
		s := w.exec(append([]string{"__complete", "-n", testkit.Namespace}, strings.Split(typed, " ")...)...)
		var offered []string
		for line := range strings.Lines(s.out) {
			if word, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); !strings.HasPrefix(word, ":") {
				offered = append(offered, word)
			}
		}
		if got := strings.Join(offered, " "); got != want {
			t.Errorf("%q offers %q, want %q", typed, got, want)
		}
	}
}
