package scim

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// unsettled reports whether the person is in although nobody has let them in, as
// far as is known: we created them to be kept out, or may have, and were broken off
// before it was certain that they are.
func (s sight) unsettled() bool {
	return s.in() && s.admission.State != directory.MemberActive && awaitingOf(s.admission).Creating &&
		(s.made() || s.undecided())
}

// halfMade reports whether it is certain that it was us who created somebody who
// is unsettled.
func (s sight) halfMade() bool { return s.unsettled() && s.made() }

// doubtful reports whether somebody who is unsettled may have been added by
// somebody else: then nothing is done to them.
func (s sight) doubtful() bool { return s.unsettled() && !s.made() }

// made reports whether the user has our key, or the id that the answer to creating
// them told.
func (s sight) made() bool {
	_, _, ours := parseUserKey(s.user.ExternalID())
	return ours || s.there() && awaitingOf(s.admission).Made == s.user.ID()
}

// undecided reports whether a user without a key may be one whom we created: keys
// may not be kept here, and no answer has told an id.
func (s sight) undecided() bool {
	return s.user.ExternalID() == "" && !s.keyed && awaitingOf(s.admission).Made == ""
}

// stranger reports whether the user was neither created nor adopted by us, or may
// not have been.
func (s sight) stranger() bool {
	if s.made() || s.user.ExternalID() != "" || s.admission.Provisioned {
		return false
	}
	return s.keyed || s.admission.State != directory.MemberActive &&
		(awaitingOf(s.admission).Creating || waitsFor(s.admission))
}

// strange reports whether the user is for certain a stranger in the place of
// somebody for whom we waited. A stranger for whom nobody waited is whoever has the
// address.
func (s sight) strange() bool {
	return s.there() && !s.created && s.admitted() && s.stranger() && !s.doubtful()
}

// nobodys reports whether the user is, or may be, nobody's member yet.
func (s sight) nobodys() bool { return s.doubtful() || s.strange() }

func errDoubtful() error {
	return directory.Errorf(directory.KindExists, "",
		"the service provider has an active user with the address, and shows nothing by which it could be told whether we created them: "+
			"deactivate or remove them there, have the invitation accepted, or withdraw it")
}

// keyed reports whether it is known that users keep an externalId.
func (l *lessons) keyed() bool { return l.userKey.Load() && !l.noUserKey.Load() }

// noteMade writes down whom we created, where they can sign in who are to be kept
// out and carry nothing by which they would be known again.
func (b *Backend) noteMade(ctx context.Context, user protocol.Resource, c *course) error {
	if keptOut(user, *c) || user.ExternalID() != "" {
		return nil
	}
	waits := awaitingOf(c.first)
	waits.Made = user.ID()
	noted := c.first
	var err error
	if noted.Awaiting, err = waits.text(); err != nil {
		return err
	}
	if err := b.admit(ctx, noted, c.first); err != nil {
		return err
	}
	c.first = noted
	return nil
}
