package directorytest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

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

// member is [aMember] as far as the backend keeps the fields of a profile.
func (s *scene) member(address string) directory.Member { return s.memberIn(s.org, address) }

func (s *scene) memberIn(org directory.OrganizationID, address string) directory.Member {
	m := aMember(org, address)
	for i, name := range attributeNames(s.can) {
		m.Profile.Attributes[name] = fmt.Sprint("value ", i)
	}
	m.Profile = kept(s.can, m.Profile)
	return m
}

// kept is what a backend with these abilities keeps of a profile.
func kept(can directory.Capabilities, p directory.Profile) directory.Profile {
	for field, text := range texts(&p) {
		if !can.Keeps(field) {
			*text = ""
		}
	}
	p.Attributes = maps.Clone(p.Attributes)
	maps.DeleteFunc(p.Attributes, func(name, _ string) bool {
		return !can.Keeps(directory.FieldAttributes + directory.ProfileField(name))
	})
	if len(p.Attributes) == 0 && len(attributeNames(can)) == 0 {
		p.Attributes = nil
	}
	return p
}

// texts are the fields of a profile that hold one text.
func texts(p *directory.Profile) map[directory.ProfileField]*string {
	return map[directory.ProfileField]*string{
		directory.FieldDisplayName: &p.DisplayName,
		directory.FieldGivenName:   &p.GivenName,
		directory.FieldFamilyName:  &p.FamilyName,
		directory.FieldTitle:       &p.Title,
		directory.FieldPhone:       &p.Phone,
		directory.FieldLocale:      &p.Locale,
	}
}

// attributeNames are up to two attributes that the backend keeps.
func attributeNames(can directory.Capabilities) []string {
	if can.Keeps(directory.FieldAttributes) {
		return []string{"cost-center", "desk"}
	}
	var names []string
	for _, field := range can.Fields {
		if name, is := strings.CutPrefix(string(field), string(directory.FieldAttributes)); is && len(names) < 2 {
			names = append(names, name)
		}
	}
	return names
}

// managed returns a field that the backend keeps, and that checks change; nil
// when it keeps none. It is never the display name, whose change has consequences.
func (s *scene) managed(p *directory.Profile) *string {
	all := texts(p)
	for _, field := range []directory.ProfileField{
		directory.FieldTitle, directory.FieldGivenName, directory.FieldFamilyName, directory.FieldPhone,
	} {
		if s.can.Keeps(field) {
			return all[field]
		}
	}
	return nil
}

// retitled is the member with another text in a field that the backend keeps.
func (s *scene) retitled(m directory.Member) directory.Member {
	if text := s.managed(&m.Profile); text != nil {
		*text = "Countess"
	}
	return m
}

// wide is access to much of what [scene.furnish] creates, as far as the backend
// knows units and roles.
func (s *scene) wide() directory.Access {
	var a directory.Access
	if s.can.Units {
		a.Units = []string{"south", "ward"}
	}
	if s.can.Roles {
		a.Grants = []directory.Grant{{Role: "clinician"}}
	}
	if s.can.Units && s.can.Roles {
		a.Grants = append(a.Grants, directory.Grant{Role: "clinician", Unit: "south"}, directory.Grant{Role: "lead", Unit: "ward"})
	}
	return s.holdable(a)
}

// holdable is what the backend can hold of an access.
func (s *scene) holdable(a directory.Access) directory.Access {
	var h directory.Access
	if s.can.Units {
		h.Units = slices.Clone(a.Units)
	}
	for _, g := range a.Grants {
		if s.can.Roles && (g.Unit == "" || s.can.UnitGrants) {
			h.Grants = append(h.Grants, g)
		}
	}
	return h
}
