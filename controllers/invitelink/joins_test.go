package invitelink_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// From the wish to the User: one mail, one use, one User with the template.
func TestHE4_AJoinBecomesAUser(t *testing.T) {
	w := published(t, func(l *v1alpha1.InviteLink) {
		l.Spec.Template = v1alpha1.LinkTemplate{
			Roles: []v1alpha1.RoleGrant{{Name: "clinician"}}, BusinessUnits: []string{"north"}, RemovalPolicy: v1alpha1.RemovalPolicyDisable,
		}
	})
	w.wish(ada)
	w.look()
	if n := w.Deliver(directory.ResultSent, ""); n != 1 || w.user(ada) != nil {
		t.Fatalf("%d mails, User %v; want one mail and nobody declared before the confirmation", n, w.user(ada))
	}
	w.confirm(ada)
	w.Events()
	w.look()
	u := w.user(ada)
	if u == nil {
		t.Fatal("there is no User")
	}
	want := v1alpha1.UserSpec{
		OrganizationRef: v1alpha1.LocalReference{Name: testkit.Clinic}, Email: ada, Profile: v1alpha1.Profile{DisplayName: "Countess Ada"},
		Roles: []v1alpha1.RoleGrant{{Name: "clinician"}}, BusinessUnits: []string{"north"},
		Invitation: v1alpha1.UserInvitation{Invitation: v1alpha1.Invitation{Delivery: v1alpha1.DeliveryEmail}, Revision: 1},
		Access:     v1alpha1.AccessEnabled, RemovalPolicy: v1alpha1.RemovalPolicyDisable,
	}
	if diff := cmp.Diff(want, u.Spec); diff != "" || u.Labels[v1alpha1.LabelLink] != open || len(u.OwnerReferences) != 0 {
		t.Errorf("labels %v, owners %v, spec (-want +got):\n%s", u.Labels, u.OwnerReferences, diff)
	}
	if got := w.get().Status; got.Uses != 1 || got.AwaitingApproval != 0 {
		t.Errorf("%d uses, %d waiting", got.Uses, got.AwaitingApproval)
	}
	if diff := cmp.Diff([]string{`Normal JoinedByLink User "` + userName(ada) + `" has joined.`}, w.Events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	w.Writes()
	w.look()
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("nothing has changed, and it wrote %v", writes)
	}
	// Who is deleted does not come back.
	stage.Delete[v1alpha1.User](w.Stage, userName(ada))
	w.look()
	if w.user(ada) != nil {
		t.Error("a User that was deleted came back")
	}
}

// Whoever is declared, in, or kept out is sent nothing by the link.
func TestHE4_WhoIsKnownIsNotMailed(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		given  func(w *world)
		mails  int
	}{
		"nobody":     {"a stranger", func(*world) {}, 1},
		"declared":   {"has an invitation of their own", func(w *world) { w.Apply(testkit.User("ada")) }, 0},
		"in":         {"is a member", func(w *world) { w.member(ada, directory.MemberActive) }, 0},
		"kept out":   {"is disabled", func(w *world) { w.member(ada, directory.MemberDisabled) }, 0},
		"left over":  {"known to the backend, never in", func(w *world) { w.member(ada, directory.MemberInvited) }, 1},
		"on the way": {"is being deleted", func(w *world) { w.Apply(testkit.User("ada", leaving)) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := published(t)
			test.given(w)
			if name == "on the way" {
				stage.Delete[v1alpha1.User](w.Stage, "ada")
			}
			w.wish(ada)
			w.look()
			if n := w.Deliver(directory.ResultSent, ""); n != test.mails {
				t.Errorf("%s: %d mails, want %d", test.reason, n, test.mails)
			}
			w.wantConditions(test.reason, done())
			if left, err := w.Ledger.Joins(t.Context(), directory.JoinQuery{Organization: stage.OrganizationID(), Link: open, State: directory.JoinRequested}); err != nil || len(left) != 0 {
				t.Errorf("%s: %d wishes are left, %v", test.reason, len(left), err)
			}
		})
	}
}

func leaving(u *v1alpha1.User) { u.Finalizers = []string{"example.com/theirs"} }

// Somebody who waits is counted until a User lets them in or goes.
func TestHE4_Approval(t *testing.T) {
	for name, answer := range map[string]func(w *world){
		"approved": func(w *world) {
			stage.Edit(w.Stage, userName(ada), func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessEnabled })
		},
		"refused": func(w *world) { stage.Delete[v1alpha1.User](w.Stage, userName(ada)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := published(t, approval)
			w.wish(ada)
			w.look()
			w.confirm(ada)
			w.Events()
			w.look()
			u := w.user(ada)
			if u == nil || u.Spec.Access != v1alpha1.AccessDisabled || u.Spec.Profile.DisplayName != "Ada Lovelace" {
				t.Fatalf("the User is %v", u)
			}
			if events := strings.Join(w.Events(), "\n"); !strings.Contains(events, "Normal JoinRequested") || !strings.Contains(events, "kubectl rollcall approve user/"+u.Name) {
				t.Errorf("events:\n%s", events)
			}
			for range 2 {
				if got := w.get().Status; got.Uses != 1 || got.AwaitingApproval != 1 {
					t.Errorf("%d uses, %d waiting; want 1 and 1", got.Uses, got.AwaitingApproval)
				}
				w.look()
			}
			answer(w)
			w.look()
			if got := w.get().Status; got.Uses != 1 || got.AwaitingApproval != 0 {
				t.Errorf("%d uses, %d waiting; want 1 and 0", got.Uses, got.AwaitingApproval)
			}
			// Kept out later, the person does not wait again.
			if u := w.user(ada); u != nil {
				stage.Edit(w.Stage, u.Name, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
				w.look()
				if got := w.get().Status.AwaitingApproval; got != 0 {
					t.Errorf("%d wait", got)
				}
			}
		})
	}
}

// A User that somebody declared meanwhile is that person's; none is made.
func TestHE4_DeclaredMeanwhile(t *testing.T) {
	w := published(t)
	w.wish(ada)
	w.look()
	w.confirm(ada)
	w.Apply(testkit.User("ada"))
	w.look()
	if w.user(ada) != nil {
		t.Error("a second User was made")
	}
	if left, err := w.Ledger.Joins(t.Context(), directory.JoinQuery{Organization: stage.OrganizationID(), Link: open, State: directory.JoinConfirmed}); err != nil || len(left) != 0 {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

// Whoever is in is declared, also when what the template names has gone since.
func TestHE4_DeclaredWithoutTheRole(t *testing.T) {
	w := published(t, func(l *v1alpha1.InviteLink) { l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}} })
	w.wish(ada)
	w.look()
	w.confirm(ada)
	stage.Delete[v1alpha1.Role](w.Stage, "clinician")
	w.look()
	if w.user(ada) == nil {
		t.Error("who is in was not declared")
	}
	w.wantOpen("the link is as it was", "True LinkOpen")
	if got := stage.Condition(w.get().Status.Conditions, v1alpha1.ConditionReady); got != "False ReferenceNotFound" || w.get().Status.Uses != 1 {
		t.Errorf("Ready is %s, %d uses", got, w.get().Status.Uses)
	}
}

// A lost reply, a refused write, a name that is taken: each ends as without it.
func TestPromise_HE4_FaultsWhileDeclaring(t *testing.T) {
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "User"}, "", nil)
	for name, test := range map[string]struct {
		fault stage.APIFault
		given func(w *world)
		// fails is whether the first look ends with an error.
		fails bool
		named string
	}{
		"the reply is lost":   {fault: stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Call: 1, After: true, Err: errBroken}, fails: true, named: "Countess Ada"},
		"the API is away":     {fault: stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Call: 1, Err: errBroken}, fails: true, named: "Countess Ada"},
		"the name is refused": {fault: stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Call: 1, Err: invalid}},
		"the cache is late":   {fault: stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Call: 1, Err: apierrors.NewAlreadyExists(schema.GroupResource{}, "")}, named: "Countess Ada"},
	} {
		t.Run(name, func(t *testing.T) {
			w := published(t)
			w.wish(ada)
			w.look()
			w.confirm(ada)
			defer w.FailAPI(test.fault)()
			if _, err := w.try(); (err != nil) != test.fails {
				t.Errorf("error %v", err)
			}
			w.look()
			u := w.user(ada)
			if u == nil || u.Spec.Profile.DisplayName != test.named {
				t.Fatalf("the User is %v", u)
			}
			w.wantConditions("as without it", done())
		})
	}
}

// What goes wrong with one delays nobody else.
func TestPromise_HE4_OnePersonsFailureIsTheirs(t *testing.T) {
	w := published(t)
	for _, address := range []string{ada, grace} {
		w.wish(address)
	}
	w.look()
	w.confirm(ada)
	w.confirm(grace)
	mend := w.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Name: userName(ada), Err: errBroken})
	if _, err := w.try(); err == nil {
		t.Error("no error that brings it back")
	}
	if w.user(grace) == nil {
		t.Error("one person's failure delays another")
	}
	w.wantOpen("people can join all the same", "True LinkOpen")
	mend()
	w.look()
	if w.user(ada) == nil {
		t.Error("the failure was not tried again")
	}
}

// Deleting closes the link for good. Whoever confirmed in the last moment gets
// a User before the link is forgotten; nobody is removed.
func TestHE4_ALinkGoes(t *testing.T) {
	w := published(t)
	for _, address := range []string{ada, grace} {
		w.wish(address)
	}
	w.look()
	token := w.token()
	w.confirm(ada)
	stage.Delete[v1alpha1.InviteLink](w.Stage, open)
	w.look()
	if w.get() != nil {
		t.Error("it is still there")
	}
	if w.user(ada) == nil {
		t.Error("who had joined has no User")
	}
	if _, err := w.Ledger.LookupLink(t.Context(), token); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("the link still works: %v", err)
	}
	if _, err := w.Ledger.Link(t.Context(), stage.OrganizationID(), grace); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("a confirmation by the link still works: %v", err)
	}
}

// It goes whatever it stood for has gone before.
func TestHE4_ALinkGoesWithoutItsOrganization(t *testing.T) {
	for name, gone := range map[string]func(w *world){
		"gone": func(w *world) { stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic) },
		"going": func(w *world) {
			stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { o.Finalizers = []string{"example.com/theirs"} })
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
		},
		"never there": func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := published(t)
			gone(w)
			stage.Delete[v1alpha1.InviteLink](w.Stage, open)
			w.look()
			if w.get() != nil {
				t.Error("it is still there")
			}
		})
	}
	w := emptyWorld(t)
	w.Apply(testkit.InviteLink(open, func(l *v1alpha1.InviteLink) {
		l.Finalizers = []string{"example.com/theirs"}
		l.DeletionTimestamp = nil
	}))
	stage.Delete[v1alpha1.InviteLink](w.Stage, open)
	if result := w.look(); !result.IsZero() {
		t.Errorf("looks again at what it never held: %v", result)
	}
}
