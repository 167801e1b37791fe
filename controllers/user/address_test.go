package user_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const (
	lovelace = "lovelace@example.com"
	countess = "countess@example.com"
)

func addressed(email string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Spec.Email = email }
}

// wantAddresses compares under which addresses the backend knows anybody.
func (w *world) wantAddresses(reason string, want ...string) {
	w.Helper()
	page, err := w.Memory.ListMembers(w.Context(), stage.OrganizationID(), "")
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, m := range page.Members {
		got = append(got, m.Address)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s: members (-want +got):\n%s", reason, diff)
	}
	held, err := w.Ledger.Holdings(w.Context(), stage.OrganizationID(), "", 0)
	if err != nil {
		w.Fatal(err)
	}
	for _, h := range held {
		if w.get(h.Holder) == nil {
			w.Errorf("%s: %s is held by nobody", reason, h.Address)
		}
	}
}

// Before anybody came in, a changed address is another invitation: the older
// link dies, and nothing of the older address is left.
func TestBY2_ChangedAddressWhilePending(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	old := w.Link(ada)
	w.edit("ada", addressed("Lovelace@example.com"))
	w.sent("ada")
	w.wantConditions("ada", "invited under the new address", pending())
	w.wantAddresses("moved", lovelace)
	if _, ok := w.invitation(ada); ok {
		t.Error("the former address is still invited")
	}
	if w.Link(lovelace) == old {
		t.Error("the link is the same")
	}
	w.Accept(lovelace, "Ada")
	w.look("ada")
	w.wantConditions("ada", "in", in())
	if got := w.get("ada").Status.Address; got != lovelace {
		t.Errorf("status.address %q", got)
	}
}

// Whoever accepts at the last moment is in, and is asked to confirm.
func TestBY2_ChangedAddressWhileAccepting(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.edit("ada", addressed(lovelace))
	w.Inviter.Inject(stage.InviterFault{Step: stage.StepClose, Meanwhile: func() {
		if m, _ := w.member(ada); m.State == directory.MemberInvited {
			w.Accept(ada, "Ada")
		}
	}})
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
	w.wantCondition("ada", v1alpha1.ConditionPending, "True AwaitingConfirmation")
	w.wantAddresses("nobody was removed", ada)
}

// moving is a world in which ada is in, and her address was changed.
func moving(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Accept(ada, "Ada")
	w.look("ada")
	w.edit("ada", addressed(lovelace))
	w.sent("ada")
	w.Events()
	return w
}

func unconfirmed(with ...string) map[string]string {
	return in(append([]string{v1alpha1.ConditionInvited, "True MailSent", v1alpha1.ConditionPending, "True AwaitingConfirmation"}, with...)...)
}

// confirm is the person who follows the link of the confirmation.
func (w *world) confirm(address string) {
	w.Helper()
	if err := w.Ledger.Confirm(w.Context(), tokenOf(w.Link(address))); err != nil {
		w.Fatal(err)
	}
}

// Once somebody is in, the former address stays until the new one is confirmed;
// then the member moves, with everything that is theirs.
func TestBY2_ChangedAddressAfterAcceptance(t *testing.T) {
	w := moving(t)
	w.wantConditions("ada", "the former address stays in force", unconfirmed())
	w.wantAddresses("before", ada)
	before, _ := w.member(ada)
	if got := w.get("ada").Status; got.Address != ada || got.AcceptedAt == nil {
		t.Errorf("status %+v", got)
	}
	w.confirm(lovelace)
	w.look("ada")
	w.wantConditions("ada", "moved", in())
	w.wantAddresses("after", lovelace)
	after, _ := w.member(lovelace)
	before.Address = lovelace
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the member (-before +after):\n%s", diff)
	}
	w.wantEvents("told once", "Normal AddressChanged The person confirmed the changed address.", "Normal NotRequired The person is in.")
	w.look("ada")
	w.wantEvents("and not again")
	if got := w.get("ada").Status; got.Address != lovelace || got.JoinedBy != v1alpha1.JoinedByInvitation {
		t.Errorf("status %+v", got)
	}
}

// What is not confirmed changes nothing, tells why, and can be asked for again.
func TestBY2_ChangedAddressNotConfirmed(t *testing.T) {
	for says, end := range map[string]func(*world){
		"False Expired":  func(w *world) { w.Clock.Step(week + time.Second) },
		"False Declined": func(w *world) { w.Decline(lovelace) },
	} {
		t.Run(says, func(t *testing.T) {
			w := moving(t)
			end(w)
			w.look("ada")
			w.wantConditions("ada", "still in under the former address", unconfirmed(v1alpha1.ConditionPending, says))
			w.wantAddresses("nobody moved", ada)
			w.Clock.Step(6 * time.Minute)
			w.edit("ada", func(u *v1alpha1.User) { u.Spec.Invitation.Revision++ })
			w.sent("ada")
			w.confirm(lovelace)
			w.look("ada")
			w.wantConditions("ada", "moved after all", in())
			w.wantAddresses("moved", lovelace)
		})
	}
}

// A change that is changed again, or back, takes its confirmation back.
func TestBY2_ChangedAddressChangedAgain(t *testing.T) {
	w := moving(t)
	w.edit("ada", addressed(countess))
	w.sent("ada")
	w.wantConditions("ada", "asked once more", unconfirmed())
	if _, ok := w.invitation(lovelace); ok {
		t.Error("the address in between can still be confirmed")
	}
	w.edit("ada", addressed(ada))
	w.look("ada")
	w.wantConditions("ada", "nothing has happened", in())
	w.wantAddresses("changed back", ada)
	if _, ok := w.invitation(countess); ok {
		t.Error("the last one can still be confirmed")
	}
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d mails because of changing back", n)
	}
}

// Somebody else who gets the former address waits until it is free, and does
// not take the membership over.
func TestCH1_AFormerAddressIsFreeOnceItIsLeft(t *testing.T) {
	w := moving(t)
	w.Clock.Step(6 * time.Minute)
	w.Apply(testkit.User("grace", addressed(ada)))
	w.look("grace")
	w.wantCondition("grace", v1alpha1.ConditionProvisioned, "False DependencyNotReady")
	w.confirm(lovelace)
	w.look("ada")
	w.sent("grace")
	w.wantConditions("grace", "a person of her own", pending())
	w.wantAddresses("both", ada, lovelace)
}

// A crash at any moment of the move ends as without it.
func TestPromise_AMoveSurvivesFaults(t *testing.T) {
	lost := directory.Errorf(directory.KindUnavailable, "test", "no answer")
	for _, step := range []stage.Step{stage.StepClose, stage.StepInvitation} {
		for _, after := range []bool{false, true} {
			w := moving(t)
			w.confirm(lovelace)
			end := w.Inviter.Inject(stage.InviterFault{Step: step, After: after, Err: lost})
			_, _ = w.try("ada")
			end()
			w.look("ada")
			w.look("ada")
			w.wantConditions("ada", "as without the fault", in())
			w.wantAddresses("moved once", lovelace)
		}
	}
}

// tokenOf is the secret part of a link.
func tokenOf(link string) string {
	_, token, _ := strings.Cut(link, "/i/")
	return token
}
