package ability

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// Abilities are those of the backend of an Organization.
type Abilities struct {
	directory.Capabilities

	// name is what messages call the backend.
	name string
	// remedy says how the backend could be made able.
	remedy string
}

// Of asks the backend that ref names what it can do; a nil ref is the embedded
// one. An error means that it could not be found out now.
func Of(ctx context.Context, b directory.Backend, ref *v1alpha1.LocalReference) (Abilities, error) {
	can, err := b.Capabilities(ctx)
	if err != nil {
		return Abilities{}, err
	}
	a := Abilities{Capabilities: can}
	a.name, a.remedy = nameOf(ref)
	return a, nil
}

// nameOf is what messages call the backend that ref names, and how it could be
// made able.
func nameOf(ref *v1alpha1.LocalReference) (string, string) {
	if ref == nil {
		return "The embedded backend", "choose another backend"
	}
	return fmt.Sprintf("IdentityBackend %q", ref.Name), "correct the mapping of the IdentityBackend"
}

// Can reports whether a member can go in a way.
func (a Abilities) Can(how directory.Removal) bool { return slices.Contains(a.Removals, how) }

// User answers Done when the backend can hold what a User declares, and else
// Stalled with all that it cannot.
func (a Abilities) User(spec *v1alpha1.UserSpec) phase.Answer {
	return a.refuse(Lacking(a.Capabilities, spec, "spec"))
}

// Link is [Abilities.User] for whoever joins by an InviteLink.
func (a Abilities) Link(t *v1alpha1.LinkTemplate) phase.Answer {
	return a.refuse(Lacking(a.Capabilities, &v1alpha1.UserSpec{
		Roles: t.Roles, BusinessUnits: t.BusinessUnits, RemovalPolicy: t.RemovalPolicy,
	}, "spec.template"))
}

// Farewell answers Done when somebody can go as the policy says. It is asked
// when they are to go: Remove, which stands where nobody said anything, holds
// nobody up before.
func (a Abilities) Farewell(p v1alpha1.RemovalPolicy) phase.Answer {
	how, removes := removalOf(p)
	if !removes || a.Can(how) {
		return done()
	}
	return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
		"%s cannot do spec.removalPolicy %s: set it to one of %s; the person stays as they are until then.", a.name, p, a.policies()))
}

// BusinessUnit answers Done when the backend knows units at all. That one is
// above another is known here in any case.
func (a Abilities) BusinessUnit() phase.Answer {
	if a.Units {
		return done()
	}
	return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
		"%s has no place for any BusinessUnit: delete this one, or %s.", a.name, a.remedy))
}

// Role answers Done when the backend knows roles, and those of this level can be
// granted. What a role permits is known here in any case.
func (a Abilities) Role(level v1alpha1.RoleLevel) phase.Answer {
	switch {
	case !a.Roles:
		return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
			"%s has no place for any Role: delete this one, or %s.", a.name, a.remedy))
	case level == v1alpha1.RoleLevelBusinessUnit && !withinUnits(a.Capabilities):
		return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
			"%s cannot grant a role within a unit, as spec.level BusinessUnit asks for: apply another Role of level Organization, or %s.", a.name, a.remedy))
	}
	return done()
}

// Organization answers Done when the backend can do what an Organization asks
// for beside its members, and people are told where to sign in, if and only if
// that is not here.
func (a Abilities) Organization(spec *v1alpha1.OrganizationSpec) phase.Answer {
	elsewhere := a.SignIn == directory.SignInElsewhere
	switch {
	case elsewhere && spec.SignIn == nil:
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
			"%s signs nobody in here: set spec.signIn.url to the page where people sign in who have accepted, such as https://example.com/login.", a.name))
	case !elsewhere && spec.SignIn != nil:
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
			"%s signs people in at this portal: take spec.signIn away.", a.name))
	case spec.Membership.Undeclared == v1alpha1.UndeclaredRemove && !a.Can(directory.RemovalDrop):
		return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
			"%s cannot do spec.membership.undeclared Remove, as it deletes nobody: set it to Report or Ignore.", a.name))
	}
	return done()
}

// TenantRemoval answers Done when all that is an organization's can be removed.
func (a Abilities) TenantRemoval() phase.Answer {
	if a.Tenancy == directory.TenancyMany || a.Can(directory.RemovalDrop) {
		return done()
	}
	return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
		"%s cannot do spec.deletionPolicy Remove, as it deletes nobody: set it to Retain.", a.name))
}

// maxNamed bounds how many characters of fields a message names, so that what to
// do about them is still said.
const maxNamed = 700

func (a Abilities) refuse(fields []string) phase.Answer {
	if len(fields) == 0 {
		return done()
	}
	advice := "take that away, or " + a.remedy
	if slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(f, "removalPolicy") }) {
		advice += fmt.Sprintf("; it can do the removal policies %s", a.policies())
	}
	return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf("%s does not support %s: %s.", a.name, named(fields), advice))
}

// named lists fields as far as there is room.
func named(fields []string) string {
	text, left := fields[0], len(fields)-1
	for _, f := range fields[1:] {
		if len(text)+len(f) > maxNamed {
			return fmt.Sprintf("%s and %d more", text, left)
		}
		text += ", " + f
		left--
	}
	return text
}

// policies are the removal policies that the backend can do.
func (a Abilities) policies() string {
	var can []string
	for _, p := range allPolicies() {
		if how, removes := removalOf(p); !removes || a.Can(how) {
			can = append(can, string(p))
		}
	}
	return strings.Join(can, ", ")
}

func done() phase.Answer { return phase.Done("", "") }
