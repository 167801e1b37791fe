package example

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Member implements [directory.Backend].
func (b *Backend) Member(ctx context.Context, org directory.OrganizationID, addr string) (directory.ObservedMember, error) {
	const op = "observe a member"
	r, err := b.look(ctx, op, org, addr)
	if err == nil && r.person == nil {
		err = directory.Errorf(directory.KindNotFound, op, "the member does not exist")
	}
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return r.observed(), nil
}

// ApplyMember implements [directory.Backend]. First the service has the person as
// declared, then the admission says so: whatever is lost between the two, the
// next call finds the person, and goes on.
func (b *Backend) ApplyMember(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
	const op = "apply a member"
	if err := storable(op, m.Profile.DisplayName, m.Profile.Title); err != nil {
		return directory.ObservedMember{}, err
	}
	r, err := b.look(ctx, op, m.Organization, m.Address)
	if err != nil {
		return directory.ObservedMember{}, err
	}
	admission := r.settle(m, b.clock.Now())
	if r.person == nil {
		err = b.create(ctx, op, &r)
	}
	if err == nil {
		err = b.admit(ctx, op, &r, admission, m.Profile)
	}
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return r.observed(), nil
}

// admit has the service, and then the admission, say how far in somebody is.
func (b *Backend) admit(ctx context.Context, op string, r *record, a directory.Admission, p directory.Profile) error {
	active := a.State == directory.MemberActive
	if err := b.change(ctx, op, r.person, changes{Name: p.DisplayName, Title: p.Title, Active: &active}); err != nil {
		return err
	}
	known := r.admission
	r.admission = a
	return b.admissions.Admit(ctx, a, known)
}

// maxRounds is how often somebody is looked for who is said to be there.
const maxRounds = 5

// create makes somebody who is not active yet. Who is there already was made by
// somebody else meanwhile, and may be gone again; if neither is so, the service
// does not show them to us.
func (b *Backend) create(ctx context.Context, op string, r *record) error {
	var err error
	for range maxRounds {
		var made person
		err = b.call(ctx, exchange{op: op, method: http.MethodPost, path: "/people", body: person{Email: r.address}, answer: &made})
		if err == nil {
			r.person = &made
			return nil
		}
		if !directory.IsKind(err, directory.KindExists) {
			return err
		}
		if now, unseen := b.look(ctx, op, r.org, r.address); unseen != nil || now.person != nil {
			return cmp.Or(unseen, directory.Errorf(directory.KindConflict, op, "somebody else created the person at the same time"))
		}
	}
	return err
}

// changes are what to change of a person; what is empty or nil stays.
type changes struct {
	Name   string    `json:"name,omitempty"`
	Title  string    `json:"title,omitempty"`
	Active *bool     `json:"active,omitempty"`
	Teams  *[]string `json:"teams,omitempty"`
}

// differ reports whether there is anything to change.
func (c changes) differ(p *person) bool {
	return c.Name != "" && c.Name != p.Name || c.Title != "" && c.Title != p.Title ||
		c.Active != nil && *c.Active != p.Active || c.Teams != nil && !slices.Equal(*c.Teams, p.Teams)
}

// change brings the person that was read to what is wanted. Somebody who was
// changed since is not changed: the service compares versions.
func (b *Backend) change(ctx context.Context, op string, p *person, c changes) error {
	if !c.differ(p) {
		return nil
	}
	var changed person
	e := exchange{op: op, method: http.MethodPatch, path: "/people/" + url.PathEscape(p.ID), version: p.Version, body: c, answer: &changed}
	if err := b.call(ctx, e); err != nil {
		return gone(op, err)
	}
	*p = changed
	return nil
}

// gone makes "there is nobody any more" of somebody who was there a moment ago a
// reason to look again.
func gone(op string, err error) error {
	if directory.IsKind(err, directory.KindNotFound) {
		return directory.Errorf(directory.KindConflict, op, "somebody else removed the person at the same time")
	}
	return err
}

// ApplyAccess implements [directory.Backend]. Teams of the service's own stay.
func (b *Backend) ApplyAccess(ctx context.Context, org directory.OrganizationID, addr string, a directory.Access) error {
	const op = "apply access"
	if len(a.Grants) > 0 {
		return directory.Errorf(directory.KindUnsupported, op, "the service has no roles")
	}
	r, err := b.look(ctx, op, org, addr)
	if err == nil && r.person == nil {
		err = directory.Errorf(directory.KindNotFound, op, "the member does not exist")
	}
	if err != nil {
		return err
	}
	wanted, err := b.wanted(ctx, op, r.person.Teams, a.Units)
	if err != nil {
		return err
	}
	return b.change(ctx, op, r.person, changes{Teams: &wanted})
}

// RemoveMember implements [directory.Backend].
func (b *Backend) RemoveMember(ctx context.Context, org directory.OrganizationID, addr string, how directory.Removal) error {
	const op = "remove a member"
	c, err := b.Capabilities(ctx)
	if err == nil && !slices.Contains(c.Removals, how) {
		err = directory.Errorf(directory.KindInvalid, op, "there is no removal %q", how)
	}
	if err != nil {
		return err
	}
	r, err := b.look(ctx, op, org, addr)
	switch {
	case err != nil:
		return err
	case how == directory.RemovalDisable && r.person == nil:
		return nil
	case how == directory.RemovalDisable:
		m := directory.Member{Organization: org, Address: addr, State: directory.MemberDisabled}
		return b.admit(ctx, op, &r, r.settle(m, b.clock.Now()), directory.Profile{})
	case r.person != nil:
		err := b.call(ctx, exchange{op: op, method: http.MethodDelete, path: "/people/" + url.PathEscape(r.person.ID)})
		if err != nil && !directory.IsKind(err, directory.KindNotFound) {
			return err
		}
	}
	return b.admissions.Dismiss(ctx, org, addr)
}

// storable refuses what JSON would alter.
func storable(op string, texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return directory.Errorf(directory.KindInvalid, op, "a text is not UTF-8: write it again")
		}
	}
	return nil
}
