package scim

import (
	"context"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// text returns a plain attribute of a resource; empty when there is none.
func text(r protocol.Resource, name string) string {
	value, _ := r.Value().Get(name).Text()
	return value
}

// emailOf is the primary e-mail address of a user, or the first one, as it is
// written there.
func emailOf(user protocol.Resource) string {
	first := ""
	for _, e := range user.Value().Get("emails").Elements() {
		value, _ := e.Get("value").Text()
		if primary, _ := e.Get("primary").Bool(); primary {
			return value
		}
		if first == "" {
			first = value
		}
	}
	return first
}

// person is whom a call is about.
type person struct {
	org     directory.OrganizationID
	address string
}

func (p person) key() string { return userKey(p.org, p.address) }

// addressOf is the one address by which a user is known in an organization:
// that of our key; else the userName when it is an address; else the primary
// e-mail address. False for who has none, or is another organization's.
func addressOf(org directory.OrganizationID, user protocol.Resource) (string, bool) {
	if of, a, ours := parseUserKey(user.ExternalID()); ours {
		return a, of == org
	}
	if a, err := address.Canonical(text(user, "userName")); err == nil {
		return a, true
	}
	a, err := address.Canonical(emailOf(user))
	return a, err == nil
}

// is reports whether the user is the person.
func (p person) is(user protocol.Resource) bool {
	a, ok := addressOf(p.org, user)
	return ok && strings.EqualFold(a, p.address)
}

// isActive reports whether the user can sign in; one of whom that is not told can.
func isActive(user protocol.Resource) bool {
	active, told := user.Value().Get("active").Bool()
	return active || !told
}

// createdAt is when the user was created; zero when that is not told.
func createdAt(user protocol.Resource) time.Time {
	created, _ := user.Value().Get("meta").Get("created").Text()
	at, err := time.Parse(time.RFC3339Nano, created)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// sight is what is known of one person at one moment.
type sight struct {
	person
	// user is the zero Resource when the service provider has nobody.
	user protocol.Resource
	// read is the user as they were read before a change, when the user is the
	// answer to one; created is true when that made them.
	read    protocol.Resource
	created bool
	// keyed is true where it is known that the service provider keeps keys.
	keyed bool
	// admission is the zero value when there is none.
	admission directory.Admission
}

func (s sight) there() bool    { return s.user.ID() != "" }
func (s sight) admitted() bool { return s.admission.State != "" }

// in reports whether the person can sign in at the service provider.
func (s sight) in() bool { return s.there() && isActive(s.user) }

// others reports whether the user carries another client's key.
func (s sight) others() bool {
	_, _, ours := parseUserKey(s.user.ExternalID())
	return s.user.ExternalID() != "" && !ours
}

// awaited reports whether the service provider is yet to have the person: not
// whether somebody removed them there.
func (s sight) awaited() bool {
	return s.admitted() && (s.admission.State != directory.MemberActive || !s.admission.Provisioned)
}

// exists reports whether the person is a member.
func (s sight) exists() bool { return s.there() || s.awaited() }

// state is what the person is: active is what the service provider says, and
// what else they are is what the admission makes of it.
func (s sight) state() directory.MemberState {
	switch {
	case s.in() && !s.unsettled():
		return directory.MemberActive
	case s.admission.State == directory.MemberDisabled, !s.awaited():
		return directory.MemberDisabled
	default:
		return directory.MemberInvited
	}
}

// look observes the person, in all ways in which they can be found.
func (b *Backend) look(ctx context.Context, v *view, p person) (sight, error) {
	return b.lookFor(ctx, v, p, search{})
}

func (b *Backend) lookFor(ctx context.Context, v *view, p person, how search) (sight, error) {
	b.arrivals.take(p, b.clock)
	s, err := b.admission(ctx, p)
	if err != nil {
		return sight{}, err
	}
	s.user, err = b.find(ctx, v, p, how)
	return s, err
}

// lookToApply observes somebody to whom a declaration is applied.
func (b *Backend) lookToApply(ctx context.Context, v *view, p person, wanted directory.MemberState) (sight, error) {
	b.arrivals.take(p, b.clock)
	s, err := b.admission(ctx, p)
	if err != nil {
		return sight{}, err
	}
	// Who was there and is not found by our key may be somebody whose adoption broke
	// off: they are looked for in every way.
	in := wanted == directory.MemberActive || s.admission.State == directory.MemberActive && !s.admission.Provisioned
	// An admission that is Active is one of somebody to be created active.
	out := wanted != directory.MemberActive && s.admission.State != directory.MemberActive
	s.user, err = b.find(ctx, v, p, search{creates: in || b.immediate(v), keepsOut: out, known: waitsFor(s.admission)})
	return s, err
}

func (b *Backend) admission(ctx context.Context, p person) (sight, error) {
	a, err := b.admissions.Admission(ctx, p.org, p.address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		return sight{}, err
	}
	return sight{person: p, admission: a, keyed: b.learnt.keyed()}, nil
}
