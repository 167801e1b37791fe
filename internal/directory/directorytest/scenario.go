package directorytest

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// scenario is a story of an organization that is told on a way that breaks.
type scenario struct {
	name  string
	needs need
	// prepare is what was before; it is not disturbed.
	prepare func(*play)
	// act is disturbed at every request.
	act func(*play)
	// settle declares what is wanted in the end.
	settle func(*play)
	// ends is true when there is no organization in the end.
	ends bool
}

func scenarios() []scenario {
	return []scenario{
		{name: "set up", act: actSetUp, settle: settleSetUp},
		{name: "join", prepare: (*play).furnishes, act: actJoin, settle: settleJoined},
		{name: "disable and enable", needs: needsDisable, prepare: prepareJoined, act: actDisable, settle: settleJoined},
		{name: "leave", needs: needsAway, prepare: prepareLeaving, act: actLeave, settle: settleLeft},
		{name: "come back", needs: needsAway, prepare: prepareJoined, act: actComeBack, settle: settleComeBack},
		{name: "change of address", needs: needsChanger, prepare: prepareJoined, act: actMove, settle: settleMoved},
		{name: "remove a unit and a role", needs: needsEither, prepare: prepareJoined, act: actReduce, settle: settleReduced},
		{name: "list while others come", prepare: prepareCrowd, act: actList, settle: settleCrowd},
		{name: "adopt", needs: needsPlant, prepare: preparePlanted, act: actAdopt, settle: settleAdopted},
		{name: "remove the organization", needs: needsAway, prepare: prepareLeaving, act: actEnd, settle: actEnd, ends: true},
	}
}

func needsChanger(f Fixture, _ directory.Capabilities) bool {
	_, is := f.Backend.(directory.AddressChanger)
	return is
}

// narrow is access to less than [scene.wide], and to something else.
func (p *play) narrow() directory.Access {
	return p.holdable(directory.Access{
		Grants: []directory.Grant{{Role: "clinician"}, {Role: "lead", Unit: "north"}},
		Units:  []string{"north"},
	})
}

func actSetUp(p *play) {
	p.furnishes()
	p.applies(p.member(ada), directory.MemberInvited)
	p.gives(ada, p.wide())
	settleSetUp(p)
}

func settleSetUp(p *play) {
	p.sets()
	renamed, role := aUnit(p.org, "north", ""), aRole(p.org, "lead")
	renamed.DisplayName, role.DisplayName, role.Permissions = "North Wing", "Team Lead", []string{"notes.read"}
	p.sorts(renamed)
	p.sorts(aUnit(p.org, "south", ""))
	p.sorts(aUnit(p.org, "ward", "south"))
	p.entitles(aRole(p.org, "clinician"))
	p.entitles(role)
	p.applies(p.member(ada), directory.MemberInvited)
	p.gives(ada, p.wide())
	p.sees(ada, directory.MemberInvited, p.wide())
}

func actJoin(p *play) {
	p.applies(p.member(ada), directory.MemberInvited)
	p.gives(ada, p.wide())
	p.applies(p.retitled(p.member(ada)), directory.MemberInvited)
	p.sees(ada, directory.MemberInvited, p.wide())
	p.accepts(ada)
	p.sees(ada, directory.MemberActive, p.wide())
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
	p.gives(ada, p.narrow())
	p.gives(ada, directory.Access{})
	p.sees(ada, directory.MemberActive, directory.Access{})
	p.applies(p.member(ada), directory.MemberActive)
	p.gives(ada, p.narrow())
}

// prepareJoined has what [play.narrow] needs, and no more: it is played as often
// as there are requests and faults.
func prepareJoined(p *play) {
	p.sets()
	p.sorts(aUnit(p.org, "north", ""))
	p.entitles(aRole(p.org, "clinician"))
	p.entitles(aRole(p.org, "lead"))
	p.applies(p.member(ada), directory.MemberInvited)
	p.accepts(ada)
	settleJoined(p)
}

// settleJoined wants Ada, who has accepted, and Grace.
func settleJoined(p *play) {
	p.applies(p.member(ada), directory.MemberActive)
	p.gives(ada, p.narrow())
	p.sees(ada, directory.MemberActive, p.narrow())
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
}

func actDisable(p *play) {
	p.removes(ada, directory.RemovalDisable)
	p.sees(ada, directory.MemberDisabled, p.narrow())
	p.applies(in(directory.MemberDisabled, p.member(grace)), directory.MemberDisabled)
	p.applies(p.retitled(p.member(ada)), directory.MemberActive)
	p.sees(ada, directory.MemberActive, p.narrow())
	settleJoined(p)
}

const invitee = "invitee@example.com"

// prepareLeaving has somebody in every state.
func prepareLeaving(p *play) {
	prepareJoined(p)
	p.applies(p.member(invitee), directory.MemberInvited)
	p.gives(invitee, p.narrow())
}

func actLeave(p *play) {
	how := p.away()
	p.removes(invitee, how)
	p.misses(invitee)
	p.removes(ada, how)
	p.misses(ada)
	p.sees(grace, directory.MemberActive, directory.Access{})
}

func settleLeft(p *play) {
	for _, address := range []string{invitee, ada} {
		p.removes(address, p.away())
		p.misses(address)
	}
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
}

func actComeBack(p *play) {
	p.removes(ada, p.away())
	p.misses(ada)
	settleComeBack(p)
}

// settleComeBack wants Ada as somebody new. A repeated removal is no part of it.
func settleComeBack(p *play) {
	p.applies(p.member(ada), directory.MemberInvited)
	p.gives(ada, p.narrow())
	p.sees(ada, directory.MemberInvited, p.narrow())
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
}

const newAddress = "ada.king@example.com"

func actMove(p *play) {
	p.moves(ada, newAddress)
	p.misses(ada)
	p.sees(newAddress, directory.MemberActive, p.narrow())
	p.applies(p.retitled(p.member(newAddress)), directory.MemberActive)
}

func settleMoved(p *play) {
	p.moves(ada, newAddress)
	p.applies(p.member(newAddress), directory.MemberActive)
	p.gives(newAddress, p.narrow())
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
}

// actReduce takes away what Ada has been given.
func actReduce(p *play) {
	p.dissolves("north", "lead")
	p.sees(ada, directory.MemberActive, p.rest())
	settleReduced(p)
}

func settleReduced(p *play) {
	p.dissolves("north", "lead")
	p.sorts(aUnit(p.org, "ward", ""))
	p.applies(p.member(ada), directory.MemberActive)
	p.gives(ada, p.rest())
	p.sees(ada, directory.MemberActive, p.rest())
	if p.can.Units && !p.can.UncheckedUnits {
		p.lacks(ada, directory.Access{Units: []string{"north"}})
	}
	if p.can.Roles && !p.can.UncheckedRoles {
		p.lacks(ada, directory.Access{Grants: []directory.Grant{{Role: "lead"}}})
	}
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
}

// rest is what is left of [play.narrow].
func (p *play) rest() directory.Access {
	return p.holdable(directory.Access{Grants: []directory.Grant{{Role: "clinician"}}})
}

func prepareCrowd(p *play) {
	p.sets()
	settleCrowd(p)
}

// settleCrowd wants a page and a half, and whoever came meanwhile.
func settleCrowd(p *play) {
	for i := range p.can.PageSize + 1 {
		p.applies(p.bareMember(crowdAddress(i)), directory.MemberInvited)
	}
	p.applies(in(directory.MemberActive, p.member(grace)), directory.MemberActive)
}

// actList reads a listing as the organization's controller does, while others
// come.
func actList(p *play) {
	seen := map[string]bool{}
	complete := false
	cursor := ""
	for i := 0; p.err == nil; i++ {
		var page directory.MemberPage
		p.step(fmt.Sprint("list page ", i+1), func() error {
			got, err := p.f.Backend.ListMembers(p.ctx, p.org, cursor)
			if directory.IsKind(err, directory.KindConflict) {
				clear(seen)
				cursor = ""
			}
			page = got
			return err
		})
		for _, m := range page.Members {
			seen[m.Address] = true
		}
		if i == 0 {
			p.applies(p.bareMember("0-first@example.com"), directory.MemberInvited)
			p.applies(p.bareMember("zz-last@example.com"), directory.MemberInvited)
		}
		if cursor, complete = page.Next, page.Complete; cursor == "" {
			break
		}
	}
	for i := range p.can.PageSize + 1 {
		if complete && !seen[crowdAddress(i)] {
			p.failf("somebody is missing in a listing that is said to be complete")
		}
	}
}

func preparePlanted(p *play) {
	p.furnishes()
	p.plant(ada, invitee)
}

func actAdopt(p *play) {
	p.applies(p.bareMember(ada), directory.MemberActive)
	p.gives(ada, p.wide())
	p.sees(ada, directory.MemberActive, p.wide())
	p.applies(p.retitled(p.member(ada)), directory.MemberActive)
	p.applies(p.member(invitee), directory.MemberInvited)
	p.accepts(invitee)
	p.gives(ada, directory.Access{})
	p.sees(ada, directory.MemberActive, directory.Access{})
}

func settleAdopted(p *play) {
	p.applies(p.retitled(p.member(ada)), directory.MemberActive)
	p.gives(ada, p.narrow())
	p.applies(p.member(invitee), directory.MemberActive)
}

func actEnd(p *play) {
	p.step("remove the organization", func() error { return p.f.Backend.RemoveOrganization(p.ctx, p.org) })
	for _, address := range []string{ada, grace, invitee} {
		p.misses(address)
	}
}
