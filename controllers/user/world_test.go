package user_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/user"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// world is a stage with an Organization on it, and the reconciler of Users.
type world struct {
	*testing.T
	*stage.Stage
	holdings *holdings
	users    *user.Reconciler
}

// keeper is [directory.Holdings] under a name that none of its methods has.
type keeper interface{ directory.Holdings }

// holdings is the ledger as the keeper of holdings, what writes failing on request.
type holdings struct {
	keeper
	// err fails Hold before it takes effect, lost afterwards.
	err, lost error
}

func (h *holdings) Hold(ctx context.Context, held directory.Holding, from string) error {
	if h.err != nil {
		return h.err
	}
	if err := h.keeper.Hold(ctx, held, from); err != nil {
		return err
	}
	return h.lost
}

// newWorld applies these Users, and nothing has looked at them yet.
func newWorld(t *testing.T, users ...*v1alpha1.User) *world {
	t.Helper()
	w := emptyWorld(t)
	w.Provide(testkit.Organization(func(o *v1alpha1.Organization) {
		o.Spec.Invitations.ExpiresAfter = &metav1.Duration{Duration: week}
		o.Spec.Safety.RemovalDelay = &metav1.Duration{}
	}))
	for _, u := range users {
		w.Apply(u)
	}
	return w
}

// emptyWorld has not even an Organization.
func emptyWorld(t *testing.T) *world {
	t.Helper()
	s := stage.New(t)
	kept := &holdings{keeper: s.Ledger}
	users, err := user.New(user.Options{
		Client: s.Client, Secrets: s.Client, Backends: s.Backends, Changes: s.Ledger, Holdings: kept, Rails: s.Ledger, Alarm: s.Alarm, Recorder: s.Recorder, Clock: s.Clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{T: t, Stage: s, holdings: kept, users: users}
}

const week = 7 * 24 * time.Hour

// look reconciles a User once, and fails on an error.
func (w *world) look(name string) reconcile.Result {
	w.Helper()
	result, err := w.try(name)
	if err != nil {
		w.Fatalf("reconcile %s: %v", name, err)
	}
	return result
}

// try reconciles a User once.
func (w *world) try(name string) (reconcile.Result, error) {
	w.Helper()
	return stage.Reconcile(w.Stage, w.users, name)
}

// get returns a User as it stands; nil when it is gone.
func (w *world) get(name string) *v1alpha1.User { return stage.Get[v1alpha1.User](w.Stage, name) }

// edit changes a User as somebody with kubectl does.
func (w *world) edit(name string, change func(*v1alpha1.User)) {
	w.Helper()
	stage.Edit(w.Stage, name, change)
}

// remove deletes a User as somebody with kubectl does.
func (w *world) remove(name string) {
	w.Helper()
	stage.Delete[v1alpha1.User](w.Stage, name)
}

// sent looks at a User and has its mail taken.
func (w *world) sent(name string) {
	w.Helper()
	w.look(name)
	if n := w.Deliver(directory.ResultSent, ""); n != 1 {
		w.Fatalf("%d mails were due for %s, want one", n, name)
	}
	w.look(name)
}

// wantConditions compares all conditions of a User.
func (w *world) wantConditions(name, reason string, want map[string]string) {
	w.Helper()
	u := w.get(name)
	if u == nil {
		w.Fatalf("%s: User %q is gone", reason, name)
	}
	if diff := cmp.Diff(want, stage.Conditions(u.Status.Conditions)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

// wantCondition compares one condition of a User.
func (w *world) wantCondition(name, kind, want string) {
	w.Helper()
	if got := stage.Condition(w.get(name).Status.Conditions, kind); got != want {
		w.Errorf("%s of %s is %q, want %q: %s", kind, name, got, want, stage.Message(w.get(name).Status.Conditions, kind))
	}
}

// pending are the conditions of a person whose mail was taken; with is what differs.
func pending(with ...string) map[string]string {
	return differing(map[string]string{
		v1alpha1.ConditionReady:              "True Succeeded",
		v1alpha1.ConditionReferencesResolved: "True Succeeded",
		v1alpha1.ConditionProvisioned:        "True Succeeded",
		v1alpha1.ConditionAccessApplied:      "True DeferredUntilAccepted",
		v1alpha1.ConditionInvited:            "True MailSent",
		v1alpha1.ConditionPending:            "True AwaitingAcceptance",
		v1alpha1.ConditionAccepted:           "False AwaitingAcceptance",
	}, with)
}

// in are the conditions of a person who accepted; with is what differs.
func in(with ...string) map[string]string {
	return differing(pending(
		v1alpha1.ConditionAccessApplied, "True Succeeded", v1alpha1.ConditionInvited, "True NotRequired",
		v1alpha1.ConditionPending, "False Accepted", v1alpha1.ConditionAccepted, "True AcceptedByInvitee",
	), with)
}

// untouched are the conditions of a person for whom a reference is waited for
// from the first look on, so that nothing else was looked at.
func untouched(with ...string) map[string]string {
	unknown := "Unknown Progressing"
	return differing(map[string]string{
		v1alpha1.ConditionProvisioned: unknown, v1alpha1.ConditionAccessApplied: unknown, v1alpha1.ConditionInvited: unknown,
		v1alpha1.ConditionPending: unknown, v1alpha1.ConditionAccepted: unknown,
	}, with)
}

// differing sets pairs of a condition and what it is.
func differing(conditions map[string]string, with []string) map[string]string {
	for i := 0; i+1 < len(with); i += 2 {
		conditions[with[i]] = with[i+1]
	}
	return conditions
}

// member is what the backend knows about ada.
func (w *world) member(address string) (directory.ObservedMember, bool) {
	w.Helper()
	m, err := w.Memory.Member(w.Context(), stage.OrganizationID(), address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		w.Fatal(err)
	}
	return m, err == nil
}

// invitation is what the ledger knows about somebody's newest invitation.
func (w *world) invitation(address string) (directory.Invitation, bool) {
	w.Helper()
	i, err := w.Ledger.Invitation(w.Context(), stage.OrganizationID(), address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		w.Fatal(err)
	}
	return i, err == nil
}

// wantEvents compares the events since the last call.
func (w *world) wantEvents(reason string, want ...string) {
	w.Helper()
	if diff := cmp.Diff(want, w.Events()); diff != "" {
		w.Errorf("%s: events (-want +got):\n%s", reason, diff)
	}
}

// delivering makes the delivery of an invitation another than Email.
func delivering(d v1alpha1.InvitationDelivery) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Spec.Invitation.Delivery = d }
}

func withRoles(grants ...v1alpha1.RoleGrant) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Spec.Roles = append([]v1alpha1.RoleGrant{}, grants...) }
}

func withUnits(names ...string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Spec.BusinessUnits = append([]string{}, names...) }
}

// objects makes a list of different kinds.
func objects(o ...client.Object) []client.Object { return o }

// equateEmpty takes a list without items for none.
func equateEmpty() cmp.Option { return cmpopts.EquateEmpty() }

var errBroken = errors.New("broken")

var (
	v1alpha1Users = schema.GroupResource{Group: v1alpha1.Group, Resource: "users"}
	errCanceled   = fmt.Errorf("client rate limiter: %w", context.Canceled)
)

func TestNew_NeedsEverything(t *testing.T) {
	s := stage.New(t)
	whole := user.Options{Client: s.Client, Secrets: s.Client, Backends: s.Backends, Changes: s.Ledger, Holdings: s.Ledger, Rails: s.Ledger, Alarm: s.Alarm, Recorder: s.Recorder, Clock: s.Clock}
	for name, take := range map[string]func(*user.Options){
		"Client":   func(o *user.Options) { o.Client = nil },
		"Secrets":  func(o *user.Options) { o.Secrets = nil },
		"Backends": func(o *user.Options) { o.Backends = nil },
		"Changes":  func(o *user.Options) { o.Changes = nil },
		"Holdings": func(o *user.Options) { o.Holdings = nil },
		"Rails":    func(o *user.Options) { o.Rails = nil },
		"Alarm":    func(o *user.Options) { o.Alarm = nil },
		"Recorder": func(o *user.Options) { o.Recorder = nil },
		"Clock":    func(o *user.Options) { o.Clock = nil },
	} {
		less := whole
		take(&less)
		if _, err := user.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
