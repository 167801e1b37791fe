package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// newcomer is how long somebody who has just joined is left in peace: the User
// that stands for them may still be on its way.
const newcomer = 10 * time.Minute

// Facts is all that a comparison depends on.
type Facts struct {
	Now time.Time
	// Spec is the organization's.
	Spec *v1alpha1.OrganizationSpec
	// Users are all of the organization, those that are being deleted included.
	Users []v1alpha1.User
	// Members are what a listing showed, and Complete whether the backend vouches
	// that nobody was left out.
	Members  []directory.ObservedMember
	Complete bool
	// Holdings are all of the organization.
	Holdings []directory.Holding
	// Shared is true where the backend is one organization and others bring people
	// in too: its own administrators, and other provisioners. Nobody is removed
	// there who was never created or adopted here.
	Shared bool
	// Admitted are the addresses that have an admission, also of those whom no
	// User declares any more; only where Shared.
	Admitted []string
	// Joining are the addresses of those who joined by an InviteLink and whose
	// User is still to be made.
	Joining []string
	// Invitations are the newest of every address; only a plan needs them.
	Invitations []directory.Invitation
	// Administering names the Roles that administer the organization.
	Administering map[string]bool
}

// Comparison is what the facts say. Lists are sorted.
type Comparison struct {
	// Total is the number of members that were listed.
	Total int
	// Undeclared are the members whom no User declares, by address. Somebody who
	// is disabled is none of them: nobody is in by that record.
	Undeclared []directory.ObservedMember
	// Drifted names the Users whose member somebody else has changed.
	Drifted []string
	// Differing names the Users whose member is not as declared, for whatever
	// reason; those that are suspended are left out.
	Differing []string

	facts       Facts
	pairs       []pair
	invitations map[string]directory.Invitation
}

// pair is a User and the member that it stands for.
type pair struct {
	user   *v1alpha1.User
	person declared.Person
	// member is nil when the backend does not know the person. Its address is
	// another than the declared one when that was changed.
	member *directory.ObservedMember
	// holding is nil when nobody holds the member's address.
	holding *directory.Holding
}

func (p pair) going() bool { return p.user.DeletionTimestamp != nil }

func (p pair) applied() string {
	if p.holding == nil {
		return ""
	}
	return p.holding.Applied
}

// Compare compares.
func Compare(f Facts) Comparison {
	g := gather(f)
	c := Comparison{Total: len(g.members), facts: f, pairs: g.pairs(), invitations: g.invitations}
	for address, m := range g.members {
		if !g.claimed(address) && m.State != directory.MemberDisabled && !justJoined(m, f.Now) {
			c.Undeclared = append(c.Undeclared, *m)
		}
	}
	slices.SortFunc(c.Undeclared, func(a, b directory.ObservedMember) int { return cmp.Compare(a.Address, b.Address) })
	for _, p := range c.pairs {
		if p.going() || p.user.Spec.Suspend {
			continue
		}
		d := Decide(p.person, p.member, p.applied(), v1alpha1.DriftReport)
		if d.Act == ActLeave {
			c.Drifted = append(c.Drifted, p.user.Name)
		}
		if d.Act != ActNothing {
			c.Differing = append(c.Differing, p.user.Name)
		}
	}
	return c
}

func justJoined(m *directory.ObservedMember, now time.Time) bool {
	return !m.JoinedAt.IsZero() && now.Sub(m.JoinedAt) < newcomer
}

// gathered is the facts by what they are looked up by.
type gathered struct {
	now         time.Time
	roster      declared.Roster
	members     map[string]*directory.ObservedMember
	holdings    map[string]*directory.Holding
	heldBy      map[string][]*directory.Holding
	invitations map[string]directory.Invitation
	joining     map[string]bool
}

func gather(f Facts) gathered {
	g := gathered{
		now: f.Now, roster: declared.NewRoster(f.Users), members: make(map[string]*directory.ObservedMember, len(f.Members)),
		holdings: make(map[string]*directory.Holding, len(f.Holdings)), heldBy: make(map[string][]*directory.Holding, len(f.Holdings)),
		invitations: make(map[string]directory.Invitation, len(f.Invitations)), joining: make(map[string]bool, len(f.Joining)),
	}
	for _, address := range f.Joining {
		g.joining[address] = true
	}
	for i := range f.Members {
		g.members[f.Members[i].Address] = &f.Members[i]
	}
	for i := range f.Holdings {
		h := &f.Holdings[i]
		g.holdings[h.Address] = h
		g.heldBy[h.Holder] = append(g.heldBy[h.Holder], h)
	}
	for i := range f.Invitations {
		g.invitations[f.Invitations[i].Address] = f.Invitations[i]
	}
	return g
}

// claimed reports whether any User has or holds the address, or is about to. One whose address
// was changed holds the old one until the new one is confirmed.
func (g gathered) claimed(address string) bool {
	if g.joining[address] || g.roster.Living(address) != nil || g.roster.Going(address) != nil {
		return true
	}
	h := g.holdings[address]
	return h != nil && g.roster.Named(h.Holder) != nil
}

func (g gathered) pairs() []pair {
	owners := g.roster.Owners()
	pairs := make([]pair, 0, len(owners))
	for _, u := range owners {
		person, err := declared.Of(u, g.now)
		if err != nil {
			continue // owners have addresses
		}
		p := pair{user: u, person: person, member: g.memberOf(person)}
		p.holding = g.holdings[person.Address]
		if p.member != nil {
			p.holding = g.holdings[p.member.Address]
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// memberOf finds the member by the declared address, else by one that the User
// holds and that is nobody else's.
func (g gathered) memberOf(p declared.Person) *directory.ObservedMember {
	if m := g.members[p.Address]; m != nil {
		return m
	}
	for _, h := range g.heldBy[p.User] {
		if m := g.members[h.Address]; m != nil && g.roster.Living(h.Address) == nil {
			return m
		}
	}
	return nil
}
