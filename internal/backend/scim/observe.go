package scim

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Member implements [directory.Backend].
func (b *Backend) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	const op = "observe a member"
	v, err := b.view(ctx)
	if err != nil {
		return directory.ObservedMember{}, inOp(op, err)
	}
	s, err := b.look(ctx, v, person{org, address})
	if err == nil && !s.exists() {
		err = missing("the member")
	}
	if err != nil {
		return directory.ObservedMember{}, inOp(op, err)
	}
	o, err := b.observed(ctx, v, s)
	return o, inOp(op, err)
}

// observed is the person as a member, who exists.
func (b *Backend) observed(ctx context.Context, v *view, s sight) (directory.ObservedMember, error) {
	o := directory.ObservedMember{Member: directory.Member{Organization: s.org, Address: s.address, State: s.state()}}
	if o.State != directory.MemberInvited {
		// Who has accepted and is yet to be let in has not joined.
		o.JoinedAt, o.ConfirmedName = b.joinedAt(s), s.admission.ConfirmedName
	}
	if !s.there() {
		waits := awaitingOf(s.admission)
		o.Profile, o.Access = waits.Profile, waits.Access
		return o, nil
	}
	o.ID = s.user.ID()
	for _, f := range v.fields {
		if value := s.user.Text(f.path); value != "" {
			setValue(&o.Profile, f.name, value)
		}
	}
	if name := s.admission.ConfirmedName; name != "" && o.Profile.DisplayName == name {
		// The service provider shows the name that the person gave.
		o.Profile.DisplayName = s.admission.DeclaredName
	}
	access, err := b.access(ctx, v, s)
	o.Access = access
	return o, err
}
