package scim

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ApplyMember implements [directory.Backend].
func (b *Backend) ApplyMember(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
	const op = "apply a member"
	p := person{m.Organization, m.Address}
	unlock, err := b.locks.lock(ctx, p.key())
	if err != nil {
		return directory.ObservedMember{}, err
	}
	defer unlock()
	v, err := b.view(ctx)
	if err == nil {
		err = v.storable(m.Profile)
	}
	if err != nil {
		return directory.ObservedMember{}, inOp(op, err)
	}
	s, err := b.applyMember(ctx, v, p, m)
	if err != nil {
		return directory.ObservedMember{}, inOp(op, err)
	}
	if s.created && s.there() {
		b.arrivals.note(s, b.clock.Now())
	}
	o, err := b.observed(ctx, v, s)
	if err == nil {
		err = b.remember(ctx)
	}
	return o, inOp(op, err)
}

// applyMember returns what is known afterwards.
func (b *Backend) applyMember(ctx context.Context, v *view, p person, m directory.Member) (sight, error) {
	s, err := b.lookToApply(ctx, v, p, m.State)
	if err != nil {
		return sight{}, err
	}
	after, err := b.followOut(ctx, v, s, m)
	if s.there() || !directory.IsKind(err, directory.KindExists) {
		return after, err
	}
	s, again := b.look(ctx, v, p)
	switch {
	case again != nil:
		return sight{}, again
	case !s.there():
		return sight{}, err
	}
	return b.followOut(ctx, v, s, m)
}

// follow takes a person from what they are to what is declared. An admission
// is there before anybody is let in, and says so only when nobody can sign in
// who is to be kept out.
func (b *Backend) follow(ctx context.Context, v *view, s sight, m directory.Member) (sight, error) {
	who, err := s.adoptee()
	if err != nil {
		return sight{}, err
	}
	c, err := b.settle(v, s, m)
	if err == nil && s.in() && !c.active && !v.has("active") {
		err = errUndisablable()
		if s.halfMade() {
			err = leftInError{who, err}
		}
	}
	if err != nil {
		return sight{}, err
	}
	if s.in() && !c.active {
		// Nothing is written down before they are out.
		c.first = c.known
	}
	if err := b.admit(ctx, c.first, c.known); err != nil {
		return sight{}, err
	}
	after := s
	if c.present {
		if after, err = b.provide(ctx, v, who, &c); err != nil {
			return sight{}, errors.Join(err, b.takeBack(ctx, c, err))
		}
	}
	after.admission = c.last
	return after, b.admit(ctx, c.last, c.first)
}

// takeBack undoes the first admission of somebody whom the service provider has
// refused, so that nobody is awaited who will not come.
func (b *Backend) takeBack(ctx context.Context, c course, refusal error) error {
	if _, is := errors.AsType[leftInError](refusal); is || !refused(refusal) || sameAdmission(c.first, c.known) {
		return nil
	}
	if c.known.State == "" {
		return b.admissions.Dismiss(ctx, c.last.Organization, c.last.Address)
	}
	return b.admit(ctx, c.known, c.first)
}

// refused reports whether the service provider will not do it the next time
// either.
func refused(err error) bool {
	switch directory.KindOf(err) {
	case directory.KindQuotaExceeded, directory.KindInvalid, directory.KindExists, directory.KindUnsupported:
		return true
	default:
		return false
	}
}

// admit writes an admission that differs.
func (b *Backend) admit(ctx context.Context, a, known directory.Admission) error {
	if sameAdmission(a, known) {
		return nil
	}
	return b.admissions.Admit(ctx, a, known)
}

func sameAdmission(a, b directory.Admission) bool {
	same := a.JoinedAt.Equal(b.JoinedAt)
	a.JoinedAt = b.JoinedAt
	return same && a == b
}

// provide brings the user at the service provider to what is settled, and
// returns them as they are then.
func (b *Backend) provide(ctx context.Context, v *view, who subject, c *course) (sight, error) {
	user, err := b.provideUser(ctx, v, who, c)
	if err != nil {
		return sight{}, err
	}
	after := who.as(user)
	after.read, after.created = who.user, !who.there()
	if !after.there() || (awaiting{Access: c.access}).empty() {
		return after.sight, nil
	}
	// What was given while the person was awaited, as far as it is still there.
	access, err := b.existing(ctx, v, who.org, c.access)
	if err == nil {
		err = b.give(ctx, v, after, access)
	}
	if err != nil {
		return sight{}, err
	}
	after.read, after.created = protocol.Resource{}, false
	after.user, err = b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: user.ID()})
	return after.sight, err
}

func (b *Backend) provideUser(ctx context.Context, v *view, who subject, c *course) (protocol.Resource, error) {
	if !who.there() {
		return b.create(ctx, v, who.sight, c)
	}
	operations := b.differences(v, who.sight, *c)
	if len(operations) == 0 {
		return who.user, nil
	}
	user, err := b.update(ctx, who, operations)
	if err == nil {
		user, err = b.confirm(ctx, v, who.as(user), *c)
	}
	switch {
	case who.halfMade() && !c.active:
		return b.keptOutNow(ctx, who, user, err)
	case who.in() && !c.active && directory.IsKind(err, directory.KindNotFound):
		// There are service providers that delete whom one deactivates.
		b.forgetUser(who.user.ID())
		return protocol.Resource{}, nil
	}
	return user, err
}

// create creates the user.
func (b *Backend) create(ctx context.Context, v *view, s sight, c *course) (protocol.Resource, error) {
	d, err := b.draft(v, s.person, *c)
	if err != nil {
		return protocol.Resource{}, err
	}
	user, err := b.client.Create(ctx, d)
	if err != nil {
		// They may be there all the same, or somebody else is whom we did not see.
		b.users.expire()
		return protocol.Resource{}, err
	}
	b.users.change(func(x *userIndex) { x.put(user) })
	b.listings.touch(s.person)
	b.absences.forget(s.key())
	b.absences.forget(usersOf(s.org))
	noted := b.noteMade(ctx, user, c)
	who := s.creation(user)
	after, err := b.confirm(ctx, v, who, *c)
	if err == nil && !keptOut(user, *c) {
		return b.keptOutNow(ctx, who, after, nil)
	}
	if err != nil && !keptOut(after, *c) {
		if refused(err) {
			b.learnt.noActive.Store(true)
		}
		err = errors.Join(b.leftIn(who, err), noted)
	}
	return after, err
}

func (b *Backend) forgetUser(id string) {
	b.arrivals.forget(id)
	b.users.change(func(x *userIndex) { x.drop(id) })
	b.members.change(func(x *memberships) { x.dropUser(id) })
}

// confirm learns what the service provider did with what it was sent. What is
// not in the answer is looked for in the user itself.
func (b *Backend) confirm(ctx context.Context, v *view, who subject, c course) (protocol.Resource, error) {
	if b.asWritten(v, who.user, c) {
		return who.user, nil
	}
	user, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: who.user.ID()})
	if err != nil {
		return protocol.Resource{}, err
	}
	if b.asWritten(v, user, c) {
		return user, nil
	}
	if user.ExternalID() == "" {
		b.learnt.noUserKey.Store(true)
	}
	if isActive(user) != c.active {
		if user, err = b.setActive(ctx, who.as(user), c.active); err != nil {
			return protocol.Resource{}, err
		}
	}
	for _, w := range v.wants(c.profile) {
		switch got := user.Text(w.path); {
		case w.value == "" || got == w.value:
		case got == "":
			b.learnt.lose(w.name)
		default:
			return user, directory.Errorf(directory.KindInvalid, "",
				"the service provider does not keep %s as it is declared; declare it in the form in which it is shown there", w.name)
		}
	}
	return user, nil
}

// asWritten reports whether the user is as it was sent.
func (b *Backend) asWritten(v *view, user protocol.Resource, c course) bool {
	if user.ExternalID() != "" {
		b.learnt.userKey.Store(true)
	}
	if isActive(user) != c.active || user.ExternalID() == "" && !b.learnt.noUserKey.Load() {
		return false
	}
	for _, w := range v.wants(c.profile) {
		if w.value != "" && user.Text(w.path) != w.value {
			return false
		}
	}
	return true
}
