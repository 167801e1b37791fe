package ability

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Lacking names the fields below a path that declare what a backend cannot hold,
// sorted. A field that asks for nothing, such as an empty list, is held by any.
// The removal policy Remove is not among them: it stands where nobody said
// anything, and is judged when somebody goes.
func Lacking(can directory.Capabilities, spec *v1alpha1.UserSpec, path string) []string {
	var fields []string
	say := func(lacks bool, field string) {
		if lacks {
			fields = append(fields, path+"."+field)
		}
	}
	within := slices.ContainsFunc(spec.Roles, func(g v1alpha1.RoleGrant) bool { return g.BusinessUnit != "" })
	say(!can.Units && len(spec.BusinessUnits) > 0, "businessUnits")
	say(!can.Roles && len(spec.Roles) > 0, "roles")
	say(can.Roles && within && !withinUnits(can), "roles[].businessUnit")
	for _, f := range can.Unkept(declared.ProfileOf(spec.Profile)) {
		say(true, profileField(f))
	}
	how, removes := removalOf(spec.RemovalPolicy)
	say(removes && how != directory.RemovalDrop && !slices.Contains(can.Removals, how), "removalPolicy "+string(spec.RemovalPolicy))
	slices.Sort(fields)
	return fields
}

// withinUnits reports whether roles can be granted within units. Where there are
// no units there is nothing to grant one in.
func withinUnits(can directory.Capabilities) bool { return can.UnitGrants && can.Units }

// removalOf is the way in which somebody goes, and false when they stay.
func removalOf(p v1alpha1.RemovalPolicy) (directory.Removal, bool) {
	switch p {
	case v1alpha1.RemovalPolicyRetain:
		return "", false
	case v1alpha1.RemovalPolicyDisable:
		return directory.RemovalDisable, true
	case v1alpha1.RemovalPolicyDelete:
		return directory.RemovalDelete, true
	default:
		return directory.RemovalDrop, true
	}
}

// RemovalOf is the way in which a removal policy has somebody go; "" when they
// stay.
func RemovalOf(p v1alpha1.RemovalPolicy) directory.Removal {
	how, _ := removalOf(p)
	return how
}

func allPolicies() []v1alpha1.RemovalPolicy {
	return []v1alpha1.RemovalPolicy{
		v1alpha1.RemovalPolicyRemove, v1alpha1.RemovalPolicyDisable, v1alpha1.RemovalPolicyDelete, v1alpha1.RemovalPolicyRetain,
	}
}

// profileField is what a field of a profile is called in a User.
func profileField(f directory.ProfileField) string {
	if name, is := strings.CutPrefix(string(f), string(directory.FieldAttributes)); is {
		return "profile.attributes." + printable(name)
	}
	return "profile." + string(f)
}

// printable is a name of somebody's own as a message can hold it: on one line,
// and told apart from the words around it.
func printable(name string) string {
	plain := func(r rune) bool {
		return r < unicode.MaxASCII && unicode.IsPrint(r) && !strings.ContainsRune(" ,:;\"", r)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return fmt.Sprintf("%q", name)
	}
	return name
}
