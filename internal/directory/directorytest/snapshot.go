package directorytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// snapshot describes all that can be observed, in a form that is the same for
// the same: members one by one and as listed, and what is not ours. Keys and
// times differ from play to play; that they agree with each other is checked.
func (p *play) snapshot() string {
	if p.err != nil {
		return ""
	}
	if p.scenario.ends && p.can.Tenancy == directory.TenancyMany {
		p.listsNothing()
		return "no organization\n"
	}
	var lines []string
	all, complete := p.everybody()
	for _, m := range all {
		lines = append(lines, "listed "+p.portrait(m))
		p.step("observe "+m.Address, func() error {
			observed, err := p.f.Backend.Member(p.ctx, p.org, m.Address)
			if err == nil {
				same(p.scene, "a member as listed in the end", m, observed)
				lines = append(lines, "there is "+p.portrait(observed))
			}
			return err
		})
	}
	for _, address := range p.wanted {
		if !p.scenario.ends && !slices.ContainsFunc(all, func(m directory.ObservedMember) bool { return m.Address == address }) {
			p.failf("%s is wanted, and not listed in the end", address)
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%s\ncomplete: %t\nnot ours:\n%s\n", strings.Join(lines, "\n"), complete, p.foreign())
}

// portrait is a member without what differs from play to play.
func (p *play) portrait(m directory.ObservedMember) string {
	access := asSet(m.Access)
	text, err := json.Marshal(struct {
		Profile            directory.Profile
		Access             directory.Access
		Attributes         map[string]string
		Confirmed          string
		Keyed, HasJoinedAt bool
	}{m.Profile, access, m.Profile.Attributes, m.ConfirmedName, m.ID != "", !m.JoinedAt.IsZero()})
	p.done("describe a member", err)
	return fmt.Sprintf("%s, %s: %s", m.Address, m.State, text)
}
