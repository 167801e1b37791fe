package user_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const bob = "bob@example.com"

// couple is a world with two people: ada is the older User, and bob is in.
func couple(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, testkit.User("ada", titled("Countess")))
	w.sent("ada")
	w.Clock.Step(time.Minute)
	w.Apply(testkit.User("bob", titled("Builder")))
	w.sent("bob")
	w.Accept(bob, "Bob")
	w.look("bob")
	w.Clock.Step(10 * time.Minute)
	return w
}

// bobStays checks that bob is who he was.
func (w *world) bobStays(member directory.ObservedMember) {
	w.Helper()
	if m, is := w.member(bob); !is || m.ID != member.ID || m.Profile.Title != "Builder" || m.State != directory.MemberActive {
		w.Errorf("bob is %+v (there: %t), want him as he was", m, is)
	}
	w.look("bob")
	w.wantConditions("bob", "bob is who he was", in())
}

// An older User that gets somebody's address by an edit is the duplicate, and
// touches nobody: not while the typing error stands, and not when it is undone.
func TestCH1_AnEditTakesNobodysMembership(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		w := couple(t)
		if accepted {
			w.Accept(ada, "Ada")
			w.look("ada")
		}
		before, _ := w.member(bob)
		w.edit("ada", addressed(bob))
		w.look("ada")
		w.wantCondition("ada", v1alpha1.ConditionReferencesResolved, "False DuplicateEmail")
		w.bobStays(before)
		w.edit("ada", addressed(ada))
		w.look("ada")
		w.look("ada")
		w.bobStays(before)
		w.wantAddresses("both are where they were", ada, bob)
		if n := w.Deliver(directory.ResultSent, ""); n != 0 {
			t.Errorf("accepted %t: %d mails because of a typing error", accepted, n)
		}
	}
}

// Somebody who is leaving an address, unconfirmed, keeps it from whoever wants
// it next, and deleting that one removes only that one.
func TestCH1_AChainOfChangedAddresses(t *testing.T) {
	w := couple(t)
	w.Accept(ada, "Ada")
	w.look("ada")
	before, _ := w.member(bob)
	w.edit("bob", addressed(countess))
	w.sent("bob")
	w.edit("ada", addressed(bob))
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionProvisioned, "False DependencyNotReady")
	w.look("bob")
	w.wantCondition("bob", v1alpha1.ConditionPending, "True AwaitingConfirmation")
	w.remove("ada")
	w.Clock.Step(time.Minute)
	w.gone("ada")
	w.wantAddresses("only ada is gone", bob)
	if m, _ := w.member(bob); m.ID != before.ID || m.State != directory.MemberActive {
		t.Errorf("bob is %+v", m)
	}
	w.confirm(countess)
	w.look("bob")
	w.wantAddresses("bob has moved", countess)
}

// gone looks at a deleted User until it has let go.
func (w *world) gone(name string) {
	w.Helper()
	for range 5 {
		if w.get(name) == nil {
			return
		}
		w.look(name)
		w.Clock.Step(time.Minute)
	}
	if u := w.get(name); u != nil {
		w.Fatalf("%s is still there: %v", name, stage.Conditions(u.Status.Conditions))
	}
}

// A manifest that is renamed while a changed address is unconfirmed keeps the
// person, who then confirms.
func TestBY8_RenamedWhileAnAddressIsUnconfirmed(t *testing.T) {
	w := moving(t)
	before, _ := w.member(ada)
	w.Clock.Step(time.Minute)
	w.Apply(testkit.User("renamed", addressed(lovelace)))
	w.remove("ada")
	w.gone("ada")
	w.look("renamed")
	w.wantCondition("renamed", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
	w.wantCondition("renamed", v1alpha1.ConditionPending, "True AwaitingConfirmation")
	w.wantAddresses("nobody was removed", ada)
	w.confirm(lovelace)
	w.look("renamed")
	w.wantAddresses("moved", lovelace)
	if m, _ := w.member(lovelace); m.ID != before.ID {
		t.Error("the person is another member")
	}
}

// A removal that is paused after it has looked for heirs, and goes on after one
// has taken over, removes nobody; and one that has begun is waited for.
func TestBY8_ARemovalIsFenced(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Accept(ada, "Ada")
	w.look("ada")
	w.remove("ada")
	once := false
	end := w.Inviter.Inject(stage.InviterFault{Step: stage.StepClose, Meanwhile: func() {
		if once {
			return
		}
		once = true
		w.Apply(testkit.User("heir", addressed(ada)))
		w.look("heir")
		w.wantCondition("heir", v1alpha1.ConditionProvisioned, "False DependencyNotReady")
	}})
	w.gone("ada")
	end()
	w.Clock.Step(10 * time.Minute)
	w.sent("heir")
	w.wantConditions("heir", "came too late, and is a person anew", pending())

	w = newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Accept(ada, "Ada")
	w.look("ada")
	known, err := w.Ledger.Holding(w.Context(), stage.OrganizationID(), ada)
	if err != nil {
		t.Fatal(err)
	}
	// The heir's manager has taken over, and the deleted User's does not see it yet.
	known.Holder = "heir"
	if err := w.Ledger.Hold(w.Context(), known, "ada"); err != nil {
		t.Fatal(err)
	}
	w.remove("ada")
	w.gone("ada")
	if m, is := w.member(ada); !is || m.State != directory.MemberActive {
		t.Error("somebody was removed who had been taken over")
	}
}

// Nobody is mailed whom another hand removed, and who had been adopted.
func TestBY7_AnAdoptedMemberIsRemovedInTheBackend(t *testing.T) {
	w := emptyWorld(t)
	w.Provide(testkit.Organization(func(o *v1alpha1.Organization) { o.Spec.Membership.Drift = v1alpha1.DriftReport }))
	w.settle(ada)
	w.Apply(testkit.User("ada"))
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionAccepted, "True AdoptedExistingMember")
	w.evict(ada)
	for range 2 {
		w.look("ada")
	}
	w.wantCondition("ada", v1alpha1.ConditionAccepted, "False Revoked")
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d mails to somebody who was removed", n)
	}
}
