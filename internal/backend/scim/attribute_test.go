package scim_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// rolesInAttribute are the values of the user's attribute.
func (w *world) rolesInAttribute(address string) []string {
	w.t.Helper()
	u, _ := w.server.User(address)
	list, is := u.Attributes["entitlements"].([]any)
	if !is {
		return nil
	}
	var names []string
	for _, value := range list {
		if object, is := value.(map[string]any); is {
			names = append(names, fmt.Sprint(object["value"]))
		}
	}
	slices.Sort(names)
	return names
}

// A new process knows no roles until they are applied, and must neither tell of
// drift nor refuse anything meanwhile.
func TestBY11_NamesInAttributesOutliveTheProcess(t *testing.T) {
	for _, provisioning := range []scim.Provisioning{scim.ProvisionImmediately, scim.ProvisionOnAccept} {
		t.Run(string(provisioning), func(t *testing.T) {
			w := newWorld(t, func(s *settings) {
				s.backend.Provisioning = provisioning
				s.backend.Mapping.Roles = scim.Holding{In: scim.HeldInAttribute, Attribute: "entitlements.value"}
			})
			lead := directory.Access{Grants: []directory.Grant{{Role: "lead"}}}
			must(t, w.ApplyRole(t.Context(), directory.Role{Organization: clinic, Name: "lead"}))
			w.apply(person(directory.MemberInvited))
			must(t, w.ApplyAccess(t.Context(), clinic, ada, lead))
			must(t, w.accept(t.Context(), clinic, ada, "Ada L."))
			u, _ := w.server.User(ada)
			list, is := u.Attributes["entitlements"].([]any)
			if !is {
				t.Fatalf("the roles are %v", u.Attributes["entitlements"])
			}
			u.Attributes["entitlements"] = append(list, map[string]any{"value": "another client's"})
			w.server.PutUser(u)

			w.restart()
			if diff := cmp.Diff(lead, w.member(ada).Access); diff != "" {
				t.Errorf("access after a restart (-want +got):\n%s", diff)
			}
			before := w.writes()
			w.apply(person(directory.MemberInvited))
			must(t, w.ApplyAccess(t.Context(), clinic, ada, lead))
			if n := w.writes() - before; n != 0 {
				t.Errorf("%d writes although nothing differs", n)
			}
			must(t, w.ApplyAccess(t.Context(), clinic, ada, directory.Access{Grants: []directory.Grant{{Role: "clinician"}}}))
			if diff := cmp.Diff([]string{"another client's", "clinician"}, w.rolesInAttribute(ada)); diff != "" {
				t.Errorf("the attribute after a change (-want +got):\n%s", diff)
			}
			must(t, w.RemoveRole(t.Context(), clinic, "clinician"))
			w.restart()
			if got := w.member(ada).Access; len(got.Grants) != 0 {
				t.Errorf("access to a role that was removed: %+v", got)
			}
			if diff := cmp.Diff([]string{"another client's"}, w.rolesInAttribute(ada)); diff != "" {
				t.Errorf("the attribute after the role was removed (-want +got):\n%s", diff)
			}
		})
	}
}
