package declared

import (
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Person is what a User declares about somebody.
type Person struct {
	// User is the name of the declaration.
	User string
	// Address is spec.email in canonical form.
	Address string
	// Profile holds what is managed; an empty field, and nil Attributes, are not.
	Profile directory.Profile
	Access  Access
	// State is what is wanted at the time of asking: [directory.MemberDisabled]
	// while spec.access or spec.accessUntil keep the person out, else
	// [directory.MemberInvited], which never takes out somebody who is in.
	State directory.MemberState
}

// Of returns what a User declares at a time. An error means that spec.email is
// no address; it repeats what was written, and is for the User's own status.
func Of(u *v1alpha1.User, now time.Time) (Person, error) {
	canonical, err := address.Canonical(u.Spec.Email)
	if err != nil {
		return Person{}, fmt.Errorf("spec.email is wrong: %w", err)
	}
	return Person{
		User: u.Name, Address: canonical,
		Profile: ProfileOf(u.Spec.Profile), Access: AccessOf(&u.Spec), State: StateOf(&u.Spec, now),
	}, nil
}

// Member is the person as a backend is told.
func (p Person) Member(org directory.OrganizationID) directory.Member {
	return directory.Member{Organization: org, Address: p.Address, Profile: p.Profile, State: p.State}
}

// ProfileOf returns the profile in the domain's words. Attributes that are
// omitted stay nil, and none at all stay an empty map.
func ProfileOf(p v1alpha1.Profile) directory.Profile {
	attributes := map[string]string(nil)
	if p.Attributes != nil {
		attributes = make(map[string]string, len(p.Attributes))
		for name, value := range p.Attributes {
			attributes[name] = string(value)
		}
	}
	return directory.Profile{
		DisplayName: p.DisplayName, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Title: p.Title, Phone: p.Phone, Locale: p.Locale, Attributes: attributes,
	}
}

// StateOf returns the state that is wanted at a time. At spec.accessUntil access
// has ended.
func StateOf(spec *v1alpha1.UserSpec, now time.Time) directory.MemberState {
	ended := spec.AccessUntil != nil && !now.Before(spec.AccessUntil.Time)
	if spec.Access == v1alpha1.AccessDisabled || ended {
		return directory.MemberDisabled
	}
	return directory.MemberInvited
}
