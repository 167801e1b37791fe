package scim

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// awaiting is what somebody is to have once the service provider has them, and
// what we gave them that it cannot tell from what others gave.
type awaiting struct {
	Profile directory.Profile
	Access  directory.Access
	// Given are the names that we have put into their attributes, and may have
	// taken out again: other values there are somebody else's.
	Given directory.Access `json:",omitzero"`
	// Creating is true from before somebody is created who is to be kept out, until
	// it is certain that they are: whoever is active then was let in by nobody.
	Creating bool `json:",omitzero"`
	// Made is the id of whom we have created meanwhile, where that was told and they
	// have no key.
	Made string `json:",omitzero"`
	// LetIn is true when another client's user was inactive, and we activated them.
	LetIn bool `json:",omitzero"`
}

// awaitingOf reads [directory.Admission.Awaiting]. What is not readable was not
// written by this program, and is nothing.
func awaitingOf(a directory.Admission) awaiting {
	var w awaiting
	if a.Awaiting == "" || json.Unmarshal([]byte(a.Awaiting), &w) != nil {
		return awaiting{}
	}
	return w
}

func (w awaiting) text() (string, error) {
	if reflect.DeepEqual(w, awaiting{}) {
		return "", nil
	}
	text, err := json.Marshal(w)
	return string(text), err
}

// waitsFor reports whether something is kept for somebody whom the service
// provider did not have when they were looked for.
func waitsFor(a directory.Admission) bool {
	w := awaitingOf(a)
	w.Given, w.Creating, w.Made, w.LetIn = directory.Access{}, false, "", false
	return !reflect.DeepEqual(w, awaiting{})
}

// course is what is to become of a person.
type course struct {
	// known is the admission as it is; first as it shall be before anything is
	// done at the service provider, and last as it shall be in the end.
	known, first, last directory.Admission
	// profile is what the service provider shall have; an empty field and nil
	// attributes are not looked at.
	profile directory.Profile
	// access is what the person was given while the service provider did not have
	// them.
	access directory.Access
	// present and active are how the service provider shall have them.
	present, active bool
}

// settle decides what becomes of somebody when a declaration is applied.
func (b *Backend) settle(v *view, s sight, m directory.Member) (course, error) {
	known := s.admission
	if !s.exists() {
		// Removed at the service provider: they begin anew.
		s.admission = directory.Admission{}
	}
	before := s.admission
	waits := awaitingOf(before)
	a := before
	a.Organization, a.Address = m.Organization, m.Address
	a.State = settledState(s, before, m.State)
	a.JoinedAt = b.settledJoining(s, before, a.State)
	if name := m.Profile.DisplayName; name != "" && name != before.DeclaredName {
		a.DeclaredName, a.ConfirmedName = name, ""
	}
	c := course{
		known: known, active: a.State == directory.MemberActive, access: waits.Access,
		profile: over(waits.Profile, v.kept(m.Profile)),
	}
	c.present = s.there() || c.active || b.immediate(v)
	c.first, c.last = a, a
	if !c.present {
		var err error
		c.last.Provisioned = false
		c.last.Awaiting, err = awaiting{Profile: c.profile, Access: c.access}.text()
		c.first = c.last
		return c, err
	}
	if err := c.await(v, s, waits); err != nil {
		return course{}, err
	}
	c.last.Provisioned = c.active
	c.first.Provisioned = c.active && s.in() || before.State == directory.MemberActive && before.Provisioned
	c.profile.DisplayName = cmp.Or(a.ConfirmedName, c.profile.DisplayName)
	return c, nil
}

// await writes down what is known of somebody whom the service provider is to
// have: before anything is done there, and in the end.
func (c *course) await(v *view, s sight, waits awaiting) error {
	// What will be given is ours before it is there.
	waits.Given = asSet(joined(waits.Given, v.inAttributes(waits.Access)))
	waits.Creating = !c.active && (!s.there() || s.unsettled())
	if !waits.Creating || !s.there() {
		waits.Made = ""
	}
	waits.LetIn = c.active && (waits.LetIn || s.there() && !s.in() && s.others())
	var err error
	if c.last.Awaiting, err = (awaiting{Given: waits.Given, LetIn: waits.LetIn}).text(); err != nil {
		return err
	}
	if c.first.Awaiting, err = waits.text(); err != nil {
		return err
	}
	if s.there() && waits.empty() && !waits.Creating {
		c.first.Awaiting = c.last.Awaiting
	}
	return nil
}

func (w awaiting) empty() bool { return len(w.Access.Grants)+len(w.Access.Units) == 0 }

// settledState is the state that a declaration leads to.
func settledState(s sight, before directory.Admission, wanted directory.MemberState) directory.MemberState {
	switch {
	case wanted != directory.MemberInvited:
		return wanted
	case s.in() && !s.unsettled(), before.State == directory.MemberActive, !before.JoinedAt.IsZero():
		return directory.MemberActive
	default:
		return directory.MemberInvited
	}
}

func (b *Backend) settledJoining(s sight, before directory.Admission, state directory.MemberState) time.Time {
	joined := before.JoinedAt
	if joined.IsZero() {
		joined = b.joinedAt(s)
	}
	if joined.IsZero() && state == directory.MemberActive {
		return b.clock.Now()
	}
	return joined
}

// joinedAt is when the person became active, zero for who is not and never was:
// as the admission says, else when the service provider created them, else when
// this process began, which is the first time that it could have seen them.
func (b *Backend) joinedAt(s sight) time.Time {
	switch {
	case !s.in() || s.unsettled() || !s.admission.JoinedAt.IsZero():
		return s.admission.JoinedAt
	case !createdAt(s.user).IsZero():
		return createdAt(s.user)
	default:
		return b.began
	}
}

// over is a profile with the fields that another one manages.
func over(p, managed directory.Profile) directory.Profile {
	p.DisplayName = cmp.Or(managed.DisplayName, p.DisplayName)
	p.GivenName = cmp.Or(managed.GivenName, p.GivenName)
	p.FamilyName = cmp.Or(managed.FamilyName, p.FamilyName)
	p.Title = cmp.Or(managed.Title, p.Title)
	p.Phone = cmp.Or(managed.Phone, p.Phone)
	p.Locale = cmp.Or(managed.Locale, p.Locale)
	if managed.Attributes != nil {
		p.Attributes = managed.Attributes
	}
	return p
}

// kept is the part of a profile that the service provider keeps.
func (v *view) kept(p directory.Profile) directory.Profile {
	var k directory.Profile
	if p.Attributes != nil {
		k.Attributes = map[string]string{}
	}
	for _, f := range v.fields {
		if value := valueOf(p, f.name); value != "" {
			setValue(&k, f.name, value)
		}
	}
	return k
}

func valueOf(p directory.Profile, name directory.ProfileField) string {
	if target := plainField(&p, name); target != nil {
		return *target
	}
	return p.Attributes[strings.TrimPrefix(string(name), string(directory.FieldAttributes))]
}

func setValue(p *directory.Profile, name directory.ProfileField, value string) {
	if target := plainField(p, name); target != nil {
		*target = value
		return
	}
	if p.Attributes == nil {
		p.Attributes = map[string]string{}
	}
	p.Attributes[strings.TrimPrefix(string(name), string(directory.FieldAttributes))] = value
}

func plainField(p *directory.Profile, name directory.ProfileField) *string {
	switch name {
	case directory.FieldDisplayName:
		return &p.DisplayName
	case directory.FieldGivenName:
		return &p.GivenName
	case directory.FieldFamilyName:
		return &p.FamilyName
	case directory.FieldTitle:
		return &p.Title
	case directory.FieldPhone:
		return &p.Phone
	case directory.FieldLocale:
		return &p.Locale
	default:
		return nil
	}
}

// storable is KindInvalid for text that JSON cannot carry, or that databases
// behind service providers cut off.
func (v *view) storable(p directory.Profile) error {
	for _, f := range v.fields {
		if !storable(valueOf(p, f.name)) {
			return directory.Errorf(directory.KindInvalid, "", "%s is not UTF-8 text, or holds a NUL", f.name)
		}
	}
	return nil
}

func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
