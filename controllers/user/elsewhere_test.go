package user_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/user"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// provider is a world whose members are at a service provider, where they sign in.
type provider struct {
	*world
	server  *scimserver.Server
	backend directory.Backend
}

// For implements [user.Backends].
func (p *provider) For(context.Context, string, *v1alpha1.LocalReference) (directory.Backend, error) {
	return p.backend, nil
}

// Inviter implements [user.Backends].
func (p *provider) Inviter(directory.Backend) directory.Inviter { return p.Stage.Inviter }

// elsewhere has invited ada, a clinician and a Countess.
func elsewhere(t *testing.T, drift v1alpha1.DriftPolicy, immediately bool) *provider {
	t.Helper()
	p := &provider{world: emptyWorld(t)}
	p.server, p.backend = p.Provider(immediately)
	const login = "https://acme.example/login"
	p.Provide(testkit.Organization(func(o *v1alpha1.Organization) {
		o.Spec.Membership.Drift, o.Spec.SignIn = drift, &v1alpha1.OrganizationSignIn{URL: login}
	}), testkit.Role("clinician"))
	p.must(p.Ledger.ApplyOrganization(t.Context(), directory.Organization{ID: stage.OrganizationID(), DisplayName: "Clinic", SignInURL: login}))
	p.must(p.backend.ApplyRole(t.Context(), directory.Role{Organization: stage.OrganizationID(), Name: "clinician", DisplayName: "Clinician"}))
	users, err := user.New(user.Options{
		Client: p.Client, Secrets: p.Client, Backends: p, Changes: p.Ledger, Holdings: p.holdings,
		Rails: p.Ledger, Alarm: p.Alarm, Recorder: p.Recorder, Clock: p.Clock,
	})
	p.must(err)
	p.users = users
	p.Apply(testkit.User("ada", titled("Countess"), withRoles(v1alpha1.RoleGrant{Name: "clinician"})))
	p.sent("ada")
	p.look("ada")
	p.Events()
	return p
}

func (p *provider) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// token is that of ada's link.
func (p *provider) token() string {
	p.Helper()
	_, token, _ := strings.Cut(p.Link(ada), "/i/")
	return token
}

// accept is ada, who follows her link.
func (p *provider) accept() {
	p.Helper()
	_, err := p.Ledger.Accept(p.Context(), p.token(), directory.Acceptance{Name: "Ada"})
	p.must(err)
}

// change is an administrator of the service provider, who changes ada's record.
func (p *provider) change(how func(*scimserver.User)) {
	p.Helper()
	u, there := p.server.User(ada)
	if !there {
		p.Fatal("the service provider does not have her")
	}
	how(&u)
	p.server.PutUser(u)
}

// wantIn compares what the service provider has of ada.
func (p *provider) wantIn(reason string, active bool, title string, grants ...string) {
	p.Helper()
	u, _ := p.server.User(ada)
	if got := fmt.Sprint(u.Attributes["title"]); u.Active != active || got != title {
		p.Errorf("%s: active %t, title %q; want %t and %q", reason, u.Active, got, active, title)
	}
	m, err := p.backend.Member(p.Context(), stage.OrganizationID(), ada)
	p.must(err)
	var has []string
	for _, g := range m.Access.Grants {
		has = append(has, g.Role)
	}
	if diff := cmp.Diff(grants, has, equateEmpty()); diff != "" {
		p.Errorf("%s: roles (-want +got):\n%s", reason, diff)
	}
}

// wantNobodyRemoved makes sure that nobody was told that she was removed.
func (p *provider) wantNobodyRemoved(reason string) {
	p.Helper()
	removed := func(event string) bool { return strings.Contains(event, v1alpha1.ReasonRevoked) }
	if events := p.Events(); slices.ContainsFunc(events, removed) {
		p.Errorf("%s: events %q", reason, events)
	}
}

func duchess(u *scimserver.User) { u.Attributes["title"] = "Duchess" }

// An acceptance takes effect whatever somebody changed at the service provider
// before, and what they changed stays. A record that they deleted is made anew,
// with all that is declared, and not before the acceptance.
func TestBY11_DriftHoldsNoAcceptanceUp(t *testing.T) {
	for name, test := range map[string]struct {
		meddle    func(*provider)
		title     string
		condition string
	}{
		"changed": {func(p *provider) { p.change(duchess) }, "Duchess", "True MembersDiffer"},
		"deleted": {func(p *provider) {
			u, _ := p.server.User(ada)
			p.server.DeleteUser(u.ID)
		}, "Countess", "True Succeeded"},
	} {
		for _, seen := range []bool{false, true} {
			p := elsewhere(t, v1alpha1.DriftReport, true)
			test.meddle(p)
			_, before := p.server.User(ada)
			if seen {
				p.look("ada")
				p.wantCondition("ada", v1alpha1.ConditionAccepted, "False AwaitingAcceptance")
			}
			if u, there := p.server.User(ada); there != before || u.Active {
				t.Errorf("%s: it is corrected", name)
			}
			p.accept()
			for range 2 {
				p.look("ada")
				p.wantIn(name, true, test.title, "clinician")
				p.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
				p.wantCondition("ada", v1alpha1.ConditionProvisioned, test.condition)
			}
			p.wantNobodyRemoved(name)
		}
	}
}

// Whom somebody keeps out at the service provider stays out where drift is only
// reported, and a name that they gave there stays.
func TestBY11_DriftIsLeftElsewhere(t *testing.T) {
	p := elsewhere(t, v1alpha1.DriftReport, false)
	p.accept()
	p.look("ada")
	p.wantIn("accepted", true, "Countess", "clinician")
	p.change(duchess)
	p.look("ada")
	p.wantIn("another title", true, "Duchess", "clinician")
	p.change(func(u *scimserver.User) { u.Active = false })
	p.look("ada")
	p.wantIn("kept out", false, "Duchess", "clinician")
	p.wantCondition("ada", v1alpha1.ConditionProvisioned, "True MembersDiffer")
}

// Whoever accepts while their User is looked at is let in, and was not removed.
func TestBY11_AcceptedWhileLookedAt(t *testing.T) {
	for name, test := range map[string]struct {
		drift       v1alpha1.DriftPolicy
		immediately bool
		// deleted is true when somebody deleted the record of the invited person
		// before, and call which look at the invitation she is faster than.
		deleted bool
		call    int
	}{
		"created on acceptance":       {v1alpha1.DriftCorrect, false, false, 1},
		"and drift is left alone":     {v1alpha1.DriftReport, false, false, 1},
		"created before":              {v1alpha1.DriftCorrect, true, false, 1},
		"deleted, and put back":       {v1alpha1.DriftCorrect, true, true, 1},
		"deleted, and left so":        {v1alpha1.DriftReport, true, true, 1},
		"deleted, and left so so far": {v1alpha1.DriftReport, true, true, 2},
	} {
		p := elsewhere(t, test.drift, test.immediately)
		if u, _ := p.server.User(ada); test.deleted {
			p.server.DeleteUser(u.ID)
		}
		token, calls := p.token(), 0
		withdraw := p.Stage.Inviter.Inject(stage.InviterFault{Step: stage.StepInvitation, Meanwhile: func() {
			if calls++; calls != test.call {
				return
			}
			_, err := p.Ledger.Accept(p.Context(), token, directory.Acceptance{Name: "Ada"})
			p.must(err)
		}})
		p.look("ada")
		withdraw()
		if calls < test.call {
			t.Fatalf("%s: the invitation was looked at %d times", name, calls)
		}
		p.wantIn(name, true, "Countess", "clinician")
		p.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
		p.wantNobodyRemoved(name)
		p.look("ada")
		p.wantCondition("ada", v1alpha1.ConditionProvisioned, "True Succeeded")
		p.wantCondition("ada", v1alpha1.ConditionAccessApplied, "True Succeeded")
	}
}

// Whoever accepts before their address is edited, or faster than it is, is in
// under it, and is asked to confirm the other.
func TestBY11_AcceptedBeforeTheAddressWasEdited(t *testing.T) {
	for _, immediately := range []bool{false, true} {
		for _, meanwhile := range []bool{false, true} {
			p := elsewhere(t, v1alpha1.DriftCorrect, immediately)
			if meanwhile {
				token := p.token()
				p.Stage.Inviter.Inject(stage.InviterFault{Step: stage.StepClose, Meanwhile: func() {
					_, _ = p.Ledger.Accept(p.Context(), token, directory.Acceptance{Name: "Ada"})
				}})
			} else {
				p.accept()
			}
			p.edit("ada", func(u *v1alpha1.User) { u.Spec.Email = "new@elsewhere.example" })
			for range 2 {
				p.look("ada")
			}
			p.wantIn(fmt.Sprintf("created before: %t", immediately), true, "Countess", "clinician")
			if u := p.get("ada"); u.Status.Address != ada {
				t.Errorf("created before: %t: she is in under %q", immediately, u.Status.Address)
			}
			p.wantCondition("ada", v1alpha1.ConditionPending, "True AwaitingConfirmation")
			p.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
		}
	}
}

// Whoever has not accepted is forgotten under the address that is declared no
// longer.
func TestBY11_NotAcceptedAndTheAddressWasEdited(t *testing.T) {
	for _, immediately := range []bool{false, true} {
		p := elsewhere(t, v1alpha1.DriftCorrect, immediately)
		p.edit("ada", func(u *v1alpha1.User) { u.Spec.Email = "new@elsewhere.example" })
		p.look("ada")
		if _, there := p.server.User(ada); there {
			t.Errorf("created before: %t: the service provider has her under the former address", immediately)
		}
		if _, err := p.Ledger.Admission(t.Context(), stage.OrganizationID(), ada); !directory.IsKind(err, directory.KindNotFound) {
			t.Errorf("created before: %t: her admission under the former address: %v", immediately, err)
		}
	}
}
