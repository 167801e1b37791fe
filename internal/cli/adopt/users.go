package adopt

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// Facts is all that the manifests depend on.
type Facts struct {
	Namespace, Organization string
	// Members are what the backend has.
	Members []report.Member
	// Declared are the Users of the organization that are there.
	Declared []v1alpha1.User
	// Roles and Units are those that the organization has here, by name.
	Roles map[string]*v1alpha1.Role
	Units map[string]*v1alpha1.BusinessUnit
	// All writes those too whom a User declares, as that declares them.
	All bool
	// Refused names the fields of a User that the API server would refuse, such
	// as spec.profile.phone; nil refuses nothing.
	Refused func(*v1alpha1.User) []string
}

// Result is what was made.
type Result struct {
	// Users are sorted by name, without a status.
	Users []*v1alpha1.User
	// Notes say what was left out and why, sorted. They name Users, and nobody's address.
	Notes []string
}

// Users makes a User for every member.
func Users(f Facts) Result {
	var r Result
	declared, names := map[string]*v1alpha1.User{}, map[string]bool{}
	for i := range f.Declared {
		u := &f.Declared[i]
		names[u.Name] = true
		if canonical, err := address.Canonical(u.Spec.Email); err == nil && u.DeletionTimestamp == nil {
			declared[canonical] = u
		}
	}
	invited := 0
	for i := range f.Members {
		m := &f.Members[i]
		switch before := declared[m.Address]; {
		case before != nil && f.All:
			r.Users = append(r.Users, redeclared(before))
		case before != nil:
		case m.State == directory.MemberInvited:
			invited++
		default:
			f.add(&r, m, names)
		}
	}
	if invited > 0 {
		r.note("%d of the members were invited and are not in; they are left out, because applying them would invite them again", invited)
	}
	slices.SortFunc(r.Users, func(a, b *v1alpha1.User) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(r.Notes)
	return r
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// redeclared is a User as somebody declares it, without what the cluster added.
func redeclared(u *v1alpha1.User) *v1alpha1.User {
	again := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: u.Namespace, Name: u.Name}, Spec: *u.Spec.DeepCopy()}
	return again
}

func (f Facts) add(r *Result, m *report.Member, names map[string]bool) {
	u := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.Namespace, Name: reference.UserName(f.Organization, m.Address)},
		Spec:       v1alpha1.UserSpec{OrganizationRef: v1alpha1.LocalReference{Name: f.Organization}, Email: m.Address, Profile: profile(m.Profile)},
	}
	if names[u.Name] {
		r.note("User %q exists with another address; rename it to have this member declared", u.Name)
		return
	}
	if m.State == directory.MemberDisabled {
		u.Spec.Access = v1alpha1.AccessDisabled
	}
	f.grant(r, u, m)
	if f.Refused != nil {
		for _, field := range f.Refused(u) {
			if !forget(&u.Spec.Profile, field) {
				r.note("a member cannot be declared as User %q: the backend has a %s that no User can have", u.Name, field)
				return
			}
			r.note("User %q leaves out %s: what the backend has there no User can have", u.Name, field)
		}
	}
	r.Users = append(r.Users, u)
}

// grant writes roles and units, each list in full or not at all: what it leaves
// out of a list would be taken from the person.
func (f Facts) grant(r *Result, u *v1alpha1.User, m *report.Member) {
	var roles []v1alpha1.RoleGrant
	for _, g := range m.Grants {
		if f.Roles[g.Role] == nil || g.Unit != "" && f.Units[g.Unit] == nil {
			r.note("User %q leaves out all roles: the backend gives the role %q, which is not declared here as it is given", u.Name, g.Role)
			roles = nil
			break
		}
		roles = append(roles, v1alpha1.RoleGrant{Name: g.Role, BusinessUnit: g.Unit})
	}
	slices.SortFunc(roles, func(a, b v1alpha1.RoleGrant) int {
		return strings.Compare(a.Name+"\n"+a.BusinessUnit, b.Name+"\n"+b.BusinessUnit)
	})
	units := slices.Sorted(slices.Values(m.Units))
	for _, unit := range units {
		if f.Units[unit] == nil {
			r.note("User %q leaves out all units: the person is in the unit %q, which is not declared here", u.Name, unit)
			units = nil
			break
		}
	}
	u.Spec.Roles, u.Spec.BusinessUnits = roles, units
}

func profile(p report.Profile) v1alpha1.Profile {
	out := v1alpha1.Profile{
		DisplayName: p.DisplayName, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Title: p.Title, Phone: p.Phone, Locale: p.Locale,
	}
	for name, value := range p.Attributes {
		if out.Attributes == nil {
			out.Attributes = map[string]v1alpha1.AttributeValue{}
		}
		out.Attributes[name] = v1alpha1.AttributeValue(value)
	}
	return out
}

// forget leaves a field of a profile unmanaged; false means that it is none.
func forget(p *v1alpha1.Profile, field string) bool {
	name, ok := strings.CutPrefix(field, "spec.profile.")
	name, _, _ = strings.Cut(name, "[")
	name, _, _ = strings.Cut(name, ".")
	if ok && name == "attributes" {
		p.Attributes = nil
		return true
	}
	at := map[string]*string{
		"displayName": &p.DisplayName, "givenName": &p.GivenName, "familyName": &p.FamilyName,
		"title": &p.Title, "phone": &p.Phone, "locale": &p.Locale,
	}[name]
	if !ok || at == nil {
		return false
	}
	*at = ""
	return true
}
