package cli

import (
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// The kinds that verbs are about.
const (
	kindOrganization = "Organization"
	kindUser         = "User"
	kindBatch        = "InviteBatch"
	kindLink         = "InviteLink"
	kindUnit         = "BusinessUnit"
	kindRole         = "Role"
)

// words are the names by which kubectl knows the kinds.
func words() map[string][]string {
	return map[string][]string{
		kindOrganization: {"organization", "organizations", "org"},
		kindUser:         {"user", "users", "person"},
		kindBatch:        {"invitebatch", "invitebatches", "batch"},
		kindLink:         {"invitelink", "invitelinks", "invlink", "link"},
	}
}

// target is an object that an argument names, such as user/ada.
type target struct{ kind, name string }

// parseTarget reads ada, user/ada or users.iam.rollcall.dev/ada. The first of
// the kinds is what a bare name means.
func parseTarget(arg string, kinds ...string) (target, error) {
	kind, name, qualified := strings.Cut(arg, "/")
	if !qualified {
		return target{kind: kinds[0], name: arg}, checkName(arg, arg)
	}
	word, group, grouped := strings.Cut(strings.ToLower(kind), ".")
	if grouped && group != v1alpha1.Group {
		return target{}, wrongUsage("%q: the group is %s", arg, v1alpha1.Group)
	}
	for _, k := range kinds {
		if slices.Contains(words()[k], word) {
			return target{kind: k, name: name}, checkName(arg, name)
		}
	}
	var offered []string
	for _, k := range kinds {
		offered = append(offered, words()[k][0]+"/NAME")
	}
	return target{}, wrongUsage("%q is not one of %s", arg, strings.Join(offered, ", "))
}

func checkName(arg, name string) error {
	if name == "" || strings.ContainsAny(name, "/@ ") {
		return wrongUsage("%q is not the name of an object; kubectl get users lists them", arg)
	}
	return nil
}

func kindOf(o client.Object) string {
	switch o.(type) {
	case *v1alpha1.Organization:
		return kindOrganization
	case *v1alpha1.User:
		return kindUser
	case *v1alpha1.InviteBatch:
		return kindBatch
	case *v1alpha1.InviteLink:
		return kindLink
	case *v1alpha1.BusinessUnit:
		return kindUnit
	case *v1alpha1.Role:
		return kindRole
	default:
		return "object"
	}
}
