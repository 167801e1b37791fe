package example

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// person is somebody at the service.
type person struct {
	ID      string   `json:"id"`
	Version string   `json:"version"`
	Email   string   `json:"email"`
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Active  bool     `json:"active"`
	Teams   []string `json:"teams"`
}

func (p *person) whole() bool { return p.ID != "" && p.Version != "" }

// page is people in the order of their ids.
type page struct {
	People []person `json:"people"`
	More   bool     `json:"more"`
}

func (p *page) whole() bool {
	if p.People == nil || p.More && len(p.People) == 0 {
		return false
	}
	return !slices.ContainsFunc(p.People, func(one person) bool { return !one.whole() })
}

// record is all that is known of somebody: what the service has, and what it
// cannot hold.
type record struct {
	org     directory.OrganizationID
	address string
	// person is nil when the service does not have them.
	person *person
	// admission is zero when there is none.
	admission directory.Admission
}

// look finds somebody by the key that we share with the service: the address.
// What it finds is compared here, because services find more than what was asked
// for; and somebody else with the same key is nobody's business but a human's.
func (b *Backend) look(ctx context.Context, op string, org directory.OrganizationID, addr string) (record, error) {
	r := record{org: org, address: addr}
	var found page
	err := b.call(ctx, exchange{op: op, method: http.MethodGet, path: "/people?email=" + url.QueryEscape(addr), answer: &found})
	if err != nil {
		return r, err
	}
	for _, p := range found.People {
		switch canonical, err := address.Canonical(p.Email); {
		case err != nil || canonical != addr:
		case r.person != nil:
			return r, directory.Errorf(directory.KindExists, op, "the service has two people with this address: remove one of them there")
		default:
			r.person = &p
		}
	}
	r.admission, err = b.admission(ctx, org, addr)
	return r, err
}

func (b *Backend) admission(ctx context.Context, org directory.OrganizationID, addr string) (directory.Admission, error) {
	a, err := b.admissions.Admission(ctx, org, addr)
	if directory.IsKind(err, directory.KindNotFound) {
		return directory.Admission{}, nil
	}
	return a, err
}

// state is what active or not means of somebody whom the service has.
func (r record) state() directory.MemberState {
	accepted := r.admission.State == directory.MemberActive && !r.admission.Provisioned
	switch {
	case r.person.Active:
		return directory.MemberActive
	case r.admission.State == directory.MemberInvited, accepted:
		return directory.MemberInvited
	default:
		return directory.MemberDisabled
	}
}

// observed is the member that somebody is whom the service has.
func (r record) observed() directory.ObservedMember {
	m := directory.ObservedMember{
		Member: directory.Member{
			Organization: r.org, Address: r.address, State: r.state(),
			Profile: directory.Profile{DisplayName: r.person.Name, Title: r.person.Title},
		},
		ID: r.person.ID,
	}
	if m.State != directory.MemberInvited {
		m.JoinedAt, m.ConfirmedName = r.admission.JoinedAt, r.admission.ConfirmedName
	}
	for _, key := range r.person.Teams {
		if name, ours := strings.CutPrefix(key, ourTeams); ours {
			m.Access.Units = append(m.Access.Units, name)
		}
	}
	return m
}

// settle decides what somebody is admitted as when a declaration is applied.
func (r record) settle(m directory.Member, now time.Time) directory.Admission {
	a := r.admission
	if r.person == nil && a.Provisioned {
		a = directory.Admission{} // Removed at the service: they begin anew.
	}
	a.Organization, a.Address, a.State = m.Organization, m.Address, m.State
	if m.State == directory.MemberInvited && (!a.JoinedAt.IsZero() || r.person != nil && r.person.Active) {
		a.State = directory.MemberActive
	}
	if a.State == directory.MemberActive && a.JoinedAt.IsZero() {
		a.JoinedAt = now
	}
	if name := m.Profile.DisplayName; name != "" && name != a.DeclaredName {
		a.DeclaredName, a.ConfirmedName = name, ""
	}
	a.Provisioned = true
	return a
}
