package plan

import (
	"maps"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Act is what follows from a comparison of one member.
type Act string

const (
	// ActNothing: the member is as declared.
	ActNothing Act = "Nothing"
	// ActApply: what is declared is to be applied.
	ActApply Act = "Apply"
	// ActLeave: somebody else changed the member, and that is to be left alone.
	ActLeave Act = "Leave"
)

// Aspect is a part of a member that can differ.
type Aspect string

// The aspects, in the order in which they are told.
const (
	// AspectMember: the backend does not know the person.
	AspectMember Aspect = "member"
	// AspectState: the person is kept out or let in.
	AspectState Aspect = "state"
	// AspectProfile: one of the managed fields of the profile.
	AspectProfile Aspect = "profile"
	// AspectRoles: the managed roles.
	AspectRoles Aspect = "roles"
	// AspectUnits: the managed units.
	AspectUnits Aspect = "units"
	// AspectAddress: the backend has the person under another address.
	AspectAddress Aspect = "address"
	// AspectInvitation: the invitation that is pending.
	AspectInvitation Aspect = "invitation"
)

// Decision is what follows for one member.
type Decision struct {
	Act Act
	// Differs says in what the member is not as declared; nil when in nothing.
	Differs []Aspect
}

// Decide compares a declaration with what was observed; nil means that the
// backend does not know the person. applied is the fingerprint of what was
// applied last, [directory.Holding.Applied]: a difference from what is declared
// now, although just that was applied, was made by somebody else. Such drift is
// left alone under [v1alpha1.DriftReport]; everything else is applied.
func Decide(p declared.Person, observed *directory.ObservedMember, applied string, policy v1alpha1.DriftPolicy) Decision {
	d := Decision{Act: ActNothing, Differs: Differences(p, observed)}
	switch {
	case len(d.Differs) == 0:
	case policy == v1alpha1.DriftReport && applied == p.Fingerprint():
		d.Act = ActLeave
	default:
		d.Act = ActApply
	}
	return d
}

// Differences says in what an observed member is not as declared. What is not
// managed never differs. The address is not compared: it is what the two have
// been brought together by.
func Differences(p declared.Person, observed *directory.ObservedMember) []Aspect {
	if observed == nil {
		return []Aspect{AspectMember}
	}
	var differs []Aspect
	say := func(differ bool, what Aspect) {
		if differ {
			differs = append(differs, what)
		}
	}
	disabled := observed.State == directory.MemberDisabled
	say(disabled != (p.State == directory.MemberDisabled), AspectState)
	say(!sameProfile(p.Profile, observed.Profile), AspectProfile)
	say(p.Access.Grants != nil && !declared.SameAccess(grants(p.Access.Grants), grants(observed.Access.Grants)), AspectRoles)
	say(p.Access.Units != nil && !declared.SameAccess(units(p.Access.Units), units(observed.Access.Units)), AspectUnits)
	return differs
}

func grants(g []directory.Grant) directory.Access { return directory.Access{Grants: g} }

func units(u []string) directory.Access { return directory.Access{Units: u} }

// sameProfile reports whether the backend has every field that is managed.
func sameProfile(want, have directory.Profile) bool {
	for _, f := range []struct{ want, have string }{
		{want.DisplayName, have.DisplayName},
		{want.GivenName, have.GivenName},
		{want.FamilyName, have.FamilyName},
		{want.Title, have.Title},
		{want.Phone, have.Phone},
		{want.Locale, have.Locale},
	} {
		if f.want != "" && f.want != f.have {
			return false
		}
	}
	return want.Attributes == nil || maps.Equal(want.Attributes, have.Attributes)
}
