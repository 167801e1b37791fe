package invitelink_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/invitelink"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const (
	open  = "open-day"
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

// world is a stage with an Organization on it, and the reconciler of InviteLinks.
type world struct {
	*testing.T
	*stage.Stage
	links *invitelink.Reconciler
}

func emptyWorld(t *testing.T) *world {
	t.Helper()
	s := stage.New(t)
	links, err := invitelink.New(invitelink.Options{
		Client: s.Client, Direct: s.Client, Backends: s.Backends, Links: s.Ledger, Recorder: s.Recorder, Clock: s.Clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{T: t, Stage: s, links: links}
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := emptyWorld(t)
	w.Provide(testkit.Organization(), testkit.Role("clinician"), testkit.BusinessUnit("north"))
	w.Apply(objects...)
	return w
}

// published is a world with a link that people can follow.
func published(t *testing.T, edits ...func(*v1alpha1.InviteLink)) *world {
	t.Helper()
	w := newWorld(t, testkit.InviteLink(open, edits...))
	w.look()
	return w
}

func approval(l *v1alpha1.InviteLink) { l.Spec.Approval = v1alpha1.ApprovalRequired }

func (w *world) look() reconcile.Result {
	w.Helper()
	result, err := w.try()
	if err != nil {
		w.Fatalf("reconcile: %v", err)
	}
	return result
}

func (w *world) try() (reconcile.Result, error) {
	w.Helper()
	return stage.Reconcile(w.Stage, w.links, open)
}

func (w *world) get() *v1alpha1.InviteLink { return stage.Get[v1alpha1.InviteLink](w.Stage, open) }

func (w *world) edit(change func(*v1alpha1.InviteLink)) {
	w.Helper()
	stage.Edit(w.Stage, open, change)
}

func (w *world) secret() *corev1.Secret { return stage.Get[corev1.Secret](w.Stage, open+"-link") }

// token is that of the link.
func (w *world) token() string {
	w.Helper()
	url, err := w.Ledger.LinkURL(w.Context(), stage.OrganizationID(), open)
	if err != nil {
		w.Fatal(err)
	}
	return url[strings.LastIndex(url, "/")+1:]
}

// wish is somebody who enters an address on the link's page.
func (w *world) wish(address string) {
	w.Helper()
	err := w.Ledger.RequestJoin(w.Context(), w.token(), directory.JoinRequest{Address: address, Name: "Ada Lovelace"})
	if err != nil {
		w.Fatal(err)
	}
}

// confirm is somebody who follows the mail, and is in, or waits for an approval.
func (w *world) confirm(address string) {
	w.Helper()
	if w.get().Spec.Approval == v1alpha1.ApprovalRequired {
		link := w.Link(address)
		if err := w.Ledger.ConfirmJoin(w.Context(), link[strings.LastIndex(link, "/")+1:]); err != nil {
			w.Fatal(err)
		}
		return
	}
	w.member(address, directory.MemberInvited)
	w.Accept(address, "Countess Ada")
}

func (w *world) member(address string, state directory.MemberState) {
	w.Helper()
	_, err := w.Memory.ApplyMember(w.Context(), directory.Member{Organization: stage.OrganizationID(), Address: address, State: state})
	if err != nil {
		w.Fatal(err)
	}
}

func userName(address string) string { return reference.UserName(testkit.Clinic, address) }

// user is the User that is made for an address; nil when there is none.
func (w *world) user(address string) *v1alpha1.User {
	return stage.Get[v1alpha1.User](w.Stage, userName(address))
}

func (w *world) wantConditions(reason string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, stage.Conditions(w.get().Status.Conditions)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

// wantOpen compares the condition beside Ready.
func (w *world) wantOpen(reason, want string) {
	w.Helper()
	if got := stage.Condition(w.get().Status.Conditions, v1alpha1.ConditionOpen); got != want {
		w.Errorf("%s: Open is %q, want %q", reason, got, want)
	}
}

// done are the conditions of a link that people can follow.
func done() map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReferencesResolved: "True Succeeded",
		v1alpha1.ConditionPublished: "True LinkPublished", v1alpha1.ConditionOpen: "True LinkOpen",
	}
}

func TestNew_NeedsEverything(t *testing.T) {
	s := stage.New(t)
	whole := invitelink.Options{Client: s.Client, Direct: s.Client, Backends: s.Backends, Links: s.Ledger, Recorder: s.Recorder, Clock: s.Clock}
	for name, take := range map[string]func(*invitelink.Options){
		"Client":   func(o *invitelink.Options) { o.Client = nil },
		"Direct":   func(o *invitelink.Options) { o.Direct = nil },
		"Backends": func(o *invitelink.Options) { o.Backends = nil },
		"Links":    func(o *invitelink.Options) { o.Links = nil },
		"Recorder": func(o *invitelink.Options) { o.Recorder = nil },
		"Clock":    func(o *invitelink.Options) { o.Clock = nil },
	} {
		less := whole
		take(&less)
		if _, err := invitelink.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
