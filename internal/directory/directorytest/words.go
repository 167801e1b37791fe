package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

// The people that checks are about.
const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

func anOrganization(id directory.OrganizationID) directory.Organization {
	return directory.Organization{
		ID:          id,
		DisplayName: "Example Practice",
		Mail:        directory.MailIdentity{From: "hello@example.com", ReplyTo: "desk@example.com", Server: "mail/relay"},
	}
}

func aUnit(org directory.OrganizationID, name, parent string) directory.Unit {
	return directory.Unit{Organization: org, Name: name, DisplayName: "Unit " + name, Parent: parent}
}

func aRole(org directory.OrganizationID, name string) directory.Role {
	return directory.Role{
		Organization: org,
		Name:         name,
		DisplayName:  "Role " + name,
		Level:        directory.LevelBusinessUnit,
		Permissions:  []string{"notes.read", "notes.sign"},
	}
}

// aMember returns a declared person with every field of the profile managed.
func aMember(org directory.OrganizationID, address string) directory.Member {
	return directory.Member{
		Organization: org,
		Address:      address,
		Profile: directory.Profile{
			DisplayName: "Ada Lovelace, BCBA",
			GivenName:   "Ada",
			FamilyName:  "Lovelace",
			Title:       "Analyst",
			Phone:       "+44 20 7946 0000",
			Locale:      "en-GB",
			Attributes:  map[string]string{"cost-center": "12", "desk": "7b"},
		},
		State: directory.MemberInvited,
	}
}

// wide is access to much of what [scene.furnish] creates, as far as the backend
// knows units and roles.
func (s *scene) wide() directory.Access {
	var a directory.Access
	if needsUnits(s.f) {
		a.Units = []string{"south", "ward"}
	}
	if needsRoles(s.f) {
		a.Grants = []directory.Grant{{Role: "clinician"}}
	}
	if needsBoth(s.f) {
		a.Grants = append(a.Grants, directory.Grant{Role: "clinician", Unit: "south"}, directory.Grant{Role: "lead", Unit: "ward"})
	}
	return a
}
