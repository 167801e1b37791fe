package organization_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func removing(o *v1alpha1.Organization) { policy(v1alpha1.UndeclaredRemove, v1alpha1.DriftCorrect)(o) }

// Whoever is a member and declared by nobody is removed, with a trace of who took
// them over and why; everybody else stays.
func TestBY7_UndeclaredMembersAreRemoved(t *testing.T) {
	w := settled(t, removing, "ada", "eve", "going", "held", "owner", "out")
	_, err := w.Memory.ApplyMember(w.Context(), directory.Member{
		Organization: stage.OrganizationID(), Address: "out@example.com", State: directory.MemberDisabled,
	})
	must(w, err)
	w.member("newcomer")
	w.edit(func(o *v1alpha1.Organization) { o.Spec.Safety.ProtectedEmails = []string{"Owner@example.com"} })
	must(w, w.Ledger.ApplyOrganization(w.Context(), directory.Organization{ID: stage.OrganizationID(), DisplayName: "Sunrise Clinic"}))
	_, err = w.Ledger.Invite(w.Context(), directory.InvitationRequest{
		Organization: stage.OrganizationID(), Address: "eve@example.com", Revision: 1, Mail: true, ExpiresAfter: time.Hour,
	})
	must(w, err)
	w.Apply(testkit.User("ada"), testkit.User("going", func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} }))
	stage.Delete[v1alpha1.User](w.Stage, "going")
	renamed := testkit.User("held")
	w.applied(renamed)
	renamed.Spec.Email = "another@example.com"
	w.Apply(renamed)

	w.look()
	w.wantGone("nobody declares her", "eve")
	w.wantMembers("she is gone", &v1alpha1.ObservedMembers{Total: 6, Undeclared: 1})
	w.wantDrift("one is protected", "True UndeclaredMembers")
	if inv, err := w.Ledger.Invitation(w.Context(), stage.OrganizationID(), "eve@example.com"); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("her invitation is %s, %v; want it closed", inv.State, err)
	}
	entries, err := w.Ledger.Audit(w.Context(), stage.OrganizationID(), "eve@example.com", 0)
	must(w, err)
	var trace []string
	for i := range entries {
		trace = append(trace, string(entries[len(entries)-1-i].Action))
	}
	if diff := cmp.Diff([]string{"Issued", "RemovalAllowed", "Adopted", "Revoked", "Released"}, trace); diff != "" {
		t.Errorf("audit trail (-want +got):\n%s", diff)
	}
	if events := strings.Join(w.Events(), "\n"); !strings.Contains(events, "Normal Removed Removed from the backend: a member whom no User declares.") {
		t.Errorf("events: %s", events)
	}
}

// Where the backend is one organization, whoever was never created or adopted
// here is told of and stays: its own administrators, and others' people.
func TestBY7_StrangersStay(t *testing.T) {
	for reason, test := range map[string]struct {
		edit func(*v1alpha1.Organization)
		ours []string
		says string
		gone []string
		left int32
	}{
		"all are": {
			removing, nil, "The backend has 4 members whom no User declares: none of them was ever Rollcall's, so nobody is removed; " +
				"export the organization and apply Users for them to have them managed.", nil, 4,
		},
		"some are": {
			removing, []string{"held", "retained"}, "The backend has 2 members whom no User declares: none of them was ever Rollcall's, so nobody is removed; " +
				"export the organization and apply Users for them to have them managed.", []string{"held", "retained"}, 2,
		},
		"one of ours is protected": {
			func(o *v1alpha1.Organization) {
				removing(o)
				o.Spec.Safety.ProtectedEmails = []string{"held@example.com"}
			}, []string{"held", "retained"}, "The backend has 3 members whom no User declares: 2 of them were never Rollcall's and stay, " +
				"export the organization and apply Users for them to have them managed; as for the others, " +
				"1 kept by spec.safety.protectedEmails and 0 as the last administrators, the others removed as far as the rails allow.", []string{"retained"}, 3,
		},
		"planned": {
			func(o *v1alpha1.Organization) {
				removing(o)
				planning(o)
			}, []string{"held"}, "The backend has 4 members whom no User declares: 3 of them were never Rollcall's and stay, " +
				"export the organization and apply Users for them to have them managed; as for the others, they are removed as far as the rails allow.", nil, 4,
		},
	} {
		w := settled(t, test.edit, "console", "held", "other", "retained")
		w.Backends.Limit(func(c *directory.Capabilities) { c.Tenancy = directory.TenancyOne })
		for _, name := range test.ours {
			w.ours(name, name == "held")
		}
		w.look()
		w.wantGone(reason, test.gone...)
		if got := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionDriftDetected); got != test.says {
			t.Errorf("%s: it says\n%s\nwant\n%s", reason, got, test.says)
		}
		if seen := w.get().Status.Members; seen == nil || seen.Undeclared != test.left {
			t.Errorf("%s: counted %+v, want %d undeclared", reason, seen, test.left)
		}
	}
}

// ours makes somebody one who was created here: by a holding, as a removal that
// was broken off leaves it, or by an admission, as removalPolicy Retain does.
func (w *world) ours(name string, held bool) {
	w.Helper()
	address := name + "@example.com"
	if held {
		must(w, w.Ledger.Hold(w.Context(), directory.Holding{
			Organization: stage.OrganizationID(), Address: address, Holder: directory.Leaving(""), Origin: directory.HoldingCreated,
		}, ""))
		return
	}
	must(w, w.Ledger.Admit(w.Context(), directory.Admission{
		Organization: stage.OrganizationID(), Address: address, State: directory.MemberActive, Provisioned: true, JoinedAt: w.Clock.Now(),
	}, directory.Admission{}))
}

// Nobody is removed while it cannot be found out who is ours.
func TestPromise_NobodyGoesWhileItIsUnknownWhoIsOurs(t *testing.T) {
	w := settled(t, removing, "eve")
	w.Backends.Limit(func(c *directory.Capabilities) { c.Tenancy = directory.TenancyOne })
	w.ours("eve", false)
	w.records.admissions = errBroken
	w.look()
	w.wantGone("nobody knows who is ours")
	w.wantDrift("nobody knows who is ours", "Unknown IncompleteObservation")
	w.records.admissions = nil
	w.later(time.Minute)
	w.wantGone("she was ours", "eve")
}

// The floor goes; the others wait for the rails, whose word is asked again at
// every listing, and heeded.
func TestBY4_UndeclaredMembersAskTheRails(t *testing.T) {
	w := settled(t, removing, "p1", "p2", "p3", "p4", "p5", "p6", "p7")
	two := int32(2)
	w.edit(func(o *v1alpha1.Organization) {
		o.Spec.Safety.MaxRemovals = v1alpha1.RemovalLimit{Floor: &two, Window: &metav1.Duration{Duration: 24 * time.Hour}}
	})
	w.look()
	w.wantGone("the floor", "p1", "p2")
	w.later(2 * time.Hour)
	w.wantGone("nobody said a word", "p1", "p2")
	standing, err := w.Ledger.Removals(w.Context(), stage.OrganizationID(), 24*time.Hour)
	must(w, err)
	if len(standing.Undeclared) != 5 {
		t.Fatalf("%d wait, want five", len(standing.Undeclared))
	}
	must(w, w.Ledger.GrantRemovals(w.Context(), stage.OrganizationID(), standing.Undeclared[:3], "wave"))
	w.later(2 * time.Hour)
	w.wantGone("three were granted", "p1", "p2", "p3", "p4", "p5")
	w.edit(policy(v1alpha1.UndeclaredReport, v1alpha1.DriftCorrect))
	w.look()
	standing, err = w.Ledger.Removals(w.Context(), stage.OrganizationID(), 24*time.Hour)
	must(w, err)
	if len(standing.Undeclared) > 0 {
		t.Errorf("%d wait although nobody is to be removed any more", len(standing.Undeclared))
	}
	w.wantMembers("reported", &v1alpha1.ObservedMembers{Total: 2, Undeclared: 2})
}

// The last administrators stay, by themselves or because their role includes one
// that administers.
func TestBY4_TheLastAdministratorIsNotUndeclared(t *testing.T) {
	w := settled(t, removing, "a", "b", "c")
	w.Provide(testkit.Role("admin", func(r *v1alpha1.Role) { r.Spec.Administers = true }),
		testkit.Role("owner", func(r *v1alpha1.Role) { r.Spec.Includes = []string{"admin"} }), testkit.Role("clinician"))
	for name, role := range map[string]string{"a": "admin", "b": "owner", "c": "clinician"} {
		must(w, w.Memory.ApplyAccess(w.Context(), stage.OrganizationID(), name+"@example.com", directory.Access{Grants: []directory.Grant{{Role: role}}}))
	}
	w.look()
	w.wantGone("one of two administrators", "a", "c")
	if got := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionDriftDetected); !strings.Contains(got, "1 as the last administrators") {
		t.Errorf("%q does not say why", got)
	}
}

// Somebody whose User the cache does not know yet is not removed; nor is anybody
// who left, or came anew, since the listing.
func TestPromise_NobodyIsRemovedByMistake(t *testing.T) {
	w := settled(t, removing, "ada", "eve")
	// The first two lists of Users are the cache's; the third is the API server's own.
	w.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: "User", Call: 3, Meanwhile: func() { w.Apply(testkit.User("ada")) }})
	w.look()
	w.wantGone("declared meanwhile", "eve")

	w = settled(t, removing, "ada", "eve")
	gate := directorytest.Fault{Method: directorytest.MethodMember, Key: "ada@example.com", Err: directory.Errorf(directory.KindNotFound, "observe a member", "gone")}
	w.Memory.Inject(gate)
	w.look()
	w.wantGone("who left is not removed", "eve")
}

// A failure in the middle leaves the others for the next time; nothing is
// forgotten and nobody counted twice.
func TestPromise_RemovingGoesOnAfterAFailure(t *testing.T) {
	for _, method := range []directorytest.Method{directorytest.MethodMember, directorytest.MethodRemoveMember} {
		for _, after := range []bool{false, true} {
			w := settled(t, removing, "a", "b", "c")
			w.Memory.Inject(directorytest.Fault{
				Method: method, Call: 2, After: after, Err: directory.Errorf(directory.KindUnavailable, "do something", "no answer"),
			})
			w.look()
			w.wantDrift(string(method)+" failed", "Unknown IncompleteObservation")
			w.later(time.Minute)
			w.wantGone(string(method)+" works again", "a", "b", "c")
			w.wantDrift("all are gone", "False InSync")
			standing, err := w.Ledger.Removals(w.Context(), stage.OrganizationID(), time.Hour)
			must(w, err)
			if standing.Done != 3 {
				t.Errorf("%s: the rail counts %d removals, want 3", method, standing.Done)
			}
			if held, err := w.Ledger.Holdings(w.Context(), stage.OrganizationID(), "", 0); err != nil || len(held) > 0 {
				t.Errorf("%s: %d are held, %v; want nobody", method, len(held), err)
			}
		}
	}
}

// Whose User is gone, without a word because somebody took its finalizer off, or
// in the middle of a removal, is nobody's any more, and goes.
func TestBY7_WhoIsHeldByAUserThatIsGoneIsRemoved(t *testing.T) {
	for reason, holder := range map[string]string{
		"the finalizer was taken off": "gone",
		"a removal was broken off":    directory.Leaving("gone"),
	} {
		w := settled(t, removing, "ada", "eve")
		w.Apply(testkit.User("ada"))
		must(w, w.Ledger.Hold(w.Context(), directory.Holding{
			Organization: stage.OrganizationID(), Address: "eve@example.com", Holder: holder, Origin: directory.HoldingCreated,
		}, ""))
		w.look()
		w.wantGone(reason, "eve")
		if held, err := w.Ledger.Holding(w.Context(), stage.OrganizationID(), "eve@example.com"); !directory.IsKind(err, directory.KindNotFound) {
			t.Errorf("%s: held by %q still, %v", reason, held.Holder, err)
		}
	}
}

// A User whose finalizer was taken off, and which comes back under its name while
// the organization is about to remove its person, keeps them.
func TestBY7_AUserThatComesBackKeepsItsPerson(t *testing.T) {
	for _, reason := range []string{"when it was decided who may go", "right before it is recorded who goes"} {
		w := settled(t, removing, "ada", "eve")
		w.Apply(testkit.User("ada"))
		holding := directory.Holding{Organization: stage.OrganizationID(), Address: "eve@example.com", Holder: "eve", Origin: directory.HoldingCreated}
		must(w, w.Ledger.Hold(w.Context(), holding, ""))
		once := sync.OnceFunc(func() { w.Apply(testkit.User("eve")) })
		if w.rail.reserved = once; strings.HasPrefix(reason, "right before") {
			w.rail.reserved, w.records.beforeHold = nil, once
		}
		w.look()
		w.wantGone(reason)
		if held, err := w.Ledger.Holding(w.Context(), stage.OrganizationID(), "eve@example.com"); err != nil || held.Holder != "eve" {
			t.Errorf("%s: held by %q, %v", reason, held.Holder, err)
		}
	}
}
