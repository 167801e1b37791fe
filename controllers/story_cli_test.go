package controllers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// pluginFolder is where the plug-in of kubectl lies, built once for all stories.
var pluginFolder = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(filepath.Dir(suite.binary), "plugin")
	command := exec.Command("go", "build", "-o", filepath.Join(folder, "kubectl-rollcall"), "./cmd/kubectl-rollcall")
	command.Dir = testkit.Repository()
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kubectl-rollcall: %w\n%s", err, out)
	}
	return folder, nil
})

// said is what a command answered.
type said struct {
	code     int
	out, err string
}

// rollcall runs kubectl rollcall as somebody does who has the plug-in on the PATH.
func (w *world) rollcall(args ...string) said {
	w.Helper()
	folder, err := pluginFolder()
	must(w.T, err)
	// The first of them is the verb, which kubectl wants before any flag.
	all := append([]string{"rollcall"}, args...)
	command := exec.CommandContext(w.ctx, suite.plane.Kubectl(), append(all, "-n", w.namespace)...)
	command.Env = append(os.Environ(), "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG="+suite.plane.Kubeconfig())
	var out, stderr bytes.Buffer
	command.Stdout, command.Stderr = &out, &stderr
	err = command.Run()
	exit := &exec.ExitError{}
	if err != nil && !errors.As(err, &exit) {
		w.Fatal(err)
	}
	return said{code: command.ProcessState.ExitCode(), out: out.String(), err: stderr.String()}
}

// does runs kubectl rollcall, and fails unless it is done.
func (w *world) does(args ...string) string {
	w.Helper()
	s := w.rollcall(args...)
	if s.code != 0 {
		w.Fatalf("kubectl rollcall %s: exit code %d\n%s%s", strings.Join(args, " "), s.code, s.out, s.err)
	}
	return s.out
}

// refuses runs kubectl rollcall, and fails unless it ends so and says that.
func (w *world) refuses(code int, says string, args ...string) {
	w.Helper()
	s := w.rollcall(args...)
	if s.code != code || !strings.Contains(s.err, says) {
		w.Errorf("kubectl rollcall %s: exit code %d, want %d and %q\n%s%s", strings.Join(args, " "), s.code, code, says, s.out, s.err)
	}
}

// kubectlApply applies what a verb printed, as a person does.
func (w *world) kubectlApply(manifests string) {
	w.Helper()
	command := exec.CommandContext(w.ctx, suite.plane.Kubectl(), "--kubeconfig", suite.plane.Kubeconfig(), "-n", w.namespace, "apply", "-f", "-")
	command.Stdin = strings.NewReader(manifests)
	out, err := command.CombinedOutput()
	if err != nil {
		w.Fatalf("kubectl apply: %v\n%s\n%s", err, out, manifests)
	}
}

// Inviting from the command line, and all that follows until the person is in.
func TestStory_HE2_BY2_BY12_KubectlRollcallInvites(t *testing.T) {
	w := newWorld(t, withSecrets)
	w.start()
	w.settled()

	if printed := w.does("invite", "Ada Lovelace <Ada@Example.com>", "--name", "ada", "--role", "clinician", "--organization", "sunrise", "--dry-run=client", "-o", "yaml"); !strings.Contains(printed, "email: ada@example.com") {
		t.Errorf("the manifest has no canonical address:\n%s", printed)
	}
	invite := []string{"invite", "Ada Lovelace <Ada@Example.com>", "--name", "ada", "--role", "clinician", "--unit", "north", "--delivery", "EmailAndLink"}
	if out := w.does(append(invite, "--dry-run=server")...); out != "user/ada invited (server dry run)\n" {
		t.Errorf("dry run: %q", out)
	}
	if err := suite.client.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "ada"}, &v1alpha1.User{}); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("a dry run made a User: %v", err)
	}
	if out := w.does(invite...); out != "user/ada invited\n" {
		t.Errorf("invite: %q", out)
	}
	if out := w.does(invite...); out != "user/ada unchanged\n" {
		t.Errorf("invite again: %q", out)
	}
	w.refuses(1, "says something else", "invite", "ada@example.com", "--name", "ada", "--role", "manager")
	w.refuses(1, `User "ada" has that address already`, "invite", "ADA@example.com")

	w.does("status", "--wait=ready", "--timeout", "90s")
	w.refuses(3, "is not accepted within", "status", "--wait=accepted", "--timeout", "1s")
	first := w.mailTo("ada@example.com").Link
	if link := strings.TrimSpace(w.does("link", "ada")); link != first {
		t.Errorf("link %q, and the mail has %q", link, first)
	}
	if drawn := w.does("link", "user/ada", "--qr"); !strings.Contains(drawn, "█") {
		t.Errorf("no code is drawn:\n%s", drawn)
	}

	w.travel(6 * time.Minute)
	w.does("resend", "ada", "--wait", "--timeout", "90s")
	w.eventually("a second mail", func() (bool, string) {
		distinct, _ := w.mailsTo("ada@example.com")
		return distinct == 2, fmt.Sprint(distinct)
	})
	second := strings.TrimSpace(w.does("link", "ada"))
	if second == first {
		t.Error("the new invitation has the old link")
	}
	w.person().accept(second, "Ada Lovelace")
	w.does("status", "sunrise", "--wait=accepted", "--timeout", "90s")
	w.refuses(1, "is in already", "resend", "ada")
	w.refuses(1, "is in already", "revoke", "ada")

	w.does("invite", "bob@example.com", "--name", "bob")
	w.mailTo("bob@example.com")
	w.does("revoke", "bob")
	bob := user("bob", "bob@example.com")
	bob.Namespace = w.namespace
	w.gone(bob)
	w.audited()
}

// audited asks for the trail of one person.
func (w *world) audited() {
	w.Helper()
	var trail []struct{ Action, Address string }
	must(w.T, json.Unmarshal([]byte(w.does("audit", "user/ada", "-o", "json")), &trail))
	actions := map[string]int{}
	for _, e := range trail {
		actions[e.Action]++
		if e.Address != "ada@example.com" {
			w.Errorf("the trail of ada has an entry about %q", e.Address)
		}
	}
	for action, want := range map[string]int{"Issued": 2, "Sent": 2, "Accepted": 1} {
		if actions[action] != want {
			w.Errorf("%d entries %s, want %d: %v", actions[action], action, want, actions)
		}
	}
	var left corev1.SecretList
	must(w.T, suite.client.List(w.ctx, &left, client.InNamespace(w.namespace)))
	for i := range left.Items {
		if left.Items[i].Type == v1alpha1.SecretTypeReport {
			w.Errorf("Secret %q was left behind", left.Items[i].Name)
		}
	}
}

// From a spreadsheet to people who are in; then the manifests are lost, and an
// export brings everybody back without a mail.
func TestStory_BY5_BY6_KubectlRollcallExportsAndPlans(t *testing.T) {
	w := newWorld(t, withSecrets)
	w.start()
	w.settled()
	folder := t.TempDir()
	table := filepath.Join(folder, "staff.csv")
	must(t, os.WriteFile(table, []byte("\ufeffEmail;Display name;Roles;Business units\r\n"+
		"ada@example.com;\"Lovelace; Ada 𝔸\";clinician lead@north;north\r\n"+
		"GRACE@example.com;Grace;manager;\r\nnot an address;X;;\r\nada@EXAMPLE.com;Again;;\r\n"), 0o600))
	w.refuses(1, "line 4: Email:", "import", table, "--organization", "sunrise")
	w.refuses(1, "line 5: email: the same address stands in line 2", "import", table, "--organization", "sunrise")
	manifests := filepath.Join(folder, "people.yaml")
	must(t, os.WriteFile(manifests, []byte(w.does("import", table, "--organization", "sunrise", "--skip-bad")), 0o600))
	w.does("lint", manifests, "--partial")
	if planned := w.does("plan", manifests, "--prune=false"); !strings.Contains(planned, "2 to invite") {
		t.Errorf("the plan does not say that two would be invited:\n%s", planned)
	}
	w.kubectlApply(readFile(t, manifests))
	for _, email := range []string{"ada@example.com", "grace@example.com"} {
		w.person().accept(w.mailTo(email).Link, "Some Body")
	}
	w.does("status", "--wait=accepted", "--timeout", "90s")
	if s := w.rollcall("plan", manifests, "--prune=false", "--exit-code"); s.code != 0 {
		t.Errorf("a plan of what is there finds differences:\n%s%s", s.out, s.err)
	}

	w.forgotten()
	exported := w.does("export")
	w.kubectlApply(exported)
	w.does("status", "--wait=accepted", "--timeout", "90s")
	users := w.users()
	if len(users) != 2 {
		t.Fatalf("%d Users, want 2", len(users))
	}
	for i := range users {
		sees(w, &users[i], v1alpha1.ConditionAccepted, metav1.ConditionTrue, "")
		if distinct, times := w.mailsTo(users[i].Spec.Email); distinct != 1 || times != 1 {
			t.Errorf("%s got %d mails %d times, want the first only", users[i].Spec.Email, distinct, times)
		}
	}
	if again := w.does("export"); strings.Contains(again, "kind: User") {
		t.Errorf("there is something left to export:\n%s", again)
	}
	before := w.users()
	w.kubectlApply(w.does("export", "--all"))
	if diff := cmp.Diff(generations(before), generations(w.users())); diff != "" {
		t.Errorf("applying an export of all changed something:\n%s", diff)
	}
	must(t, os.WriteFile(manifests, []byte(exported), 0o600))
	w.refuses(3, "", "plan", manifests, "--exit-code")
	if s := w.rollcall("plan", manifests, "--prune=false", "--exit-code"); s.code != 0 {
		t.Errorf("a plan of the export finds differences:\n%s%s", s.out, s.err)
	}
}

// forgotten deletes all Users, and leaves everybody in the backend.
func (w *world) forgotten() {
	w.Helper()
	users := w.users()
	for i := range users {
		edit(w, &users[i], func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyRetain })
		sees(w, &users[i], v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	}
	for i := range users {
		must(w.T, suite.client.Delete(w.ctx, &users[i]))
		w.gone(&users[i])
	}
}

// A wave of removals waits for one approval.
func TestStory_BY4_KubectlRollcallApproves(t *testing.T) {
	w := newWorld(t, withSecrets)
	w.start()
	w.settled()
	var addresses []string
	for i := range 8 {
		addresses = append(addresses, fmt.Sprintf("p%d@example.com", i))
	}
	w.does(append([]string{"invite"}, addresses...)...)
	w.does("status", "--wait", "--timeout", "90s")
	for _, email := range addresses {
		w.mailTo(email)
	}
	if out := w.does("approve", "removals", "--yes"); out != "organization/sunrise holds no removals\n" {
		t.Errorf("approve: %q", out)
	}
	must(t, suite.client.DeleteAllOf(w.ctx, &v1alpha1.User{}, client.InNamespace(w.namespace)))
	org := sunrise()
	org.Namespace = w.namespace
	sees(w, org, v1alpha1.ConditionRemovalsPaused, metav1.ConditionTrue, v1alpha1.ReasonTooManyRemovals)
	w.refuses(2, "say --yes", "approve", "removals")
	w.does("approve", "removals", "sunrise", "--yes")
	w.eventually("everybody is gone", func() (bool, string) { return len(w.users()) == 0, fmt.Sprint(len(w.users()), " are left") })
}

func (w *world) users() []v1alpha1.User {
	w.Helper()
	var all v1alpha1.UserList
	must(w.T, suite.client.List(w.ctx, &all, client.InNamespace(w.namespace)))
	return all.Items
}

func generations(users []v1alpha1.User) map[string]int64 {
	all := map[string]int64{}
	for i := range users {
		all[users[i].Name] = users[i].Generation
	}
	return all
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	return string(text)
}
