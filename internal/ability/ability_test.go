package ability_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// whole is a backend that can do everything.
func whole(edits ...func(*directory.Capabilities)) directory.Capabilities {
	can := directory.Capabilities{
		Invitations: directory.InvitationsOurs, SignIn: directory.SignInHere, Tenancy: directory.TenancyMany,
		Units: true, NestedUnits: true, Roles: true, UnitGrants: true, Permissions: true,
		Fields:   directory.AllFields(),
		Removals: []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete},
	}
	for _, edit := range edits {
		edit(&can)
	}
	return can
}

// fake tells capabilities, or that they cannot be found out.
type fake struct {
	directory.Backend

	can directory.Capabilities
	err error
}

// Capabilities implements [directory.Backend].
func (f fake) Capabilities(context.Context) (directory.Capabilities, error) { return f.can, f.err }

func of(t *testing.T, can directory.Capabilities) ability.Abilities {
	t.Helper()
	a, err := ability.Of(t.Context(), fake{can: can}, &v1alpha1.LocalReference{Name: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBY11_Lacking(t *testing.T) {
	everything := v1alpha1.UserSpec{
		Roles: []v1alpha1.RoleGrant{{Name: "clinician"}, {Name: "lead", BusinessUnit: "north"}}, BusinessUnits: []string{"north"},
		Profile: v1alpha1.Profile{
			DisplayName: "Ada", Title: "Lead", Phone: "+1415", Locale: "en",
			Attributes: map[string]v1alpha1.AttributeValue{"license": "E5", "shoe size": "38", "a": ""},
		},
		RemovalPolicy: v1alpha1.RemovalPolicyDelete,
	}
	for name, test := range map[string]struct {
		reason string
		can    directory.Capabilities
		spec   v1alpha1.UserSpec
		want   []string
	}{
		"everything":       {"it can", whole(), everything, nil},
		"nothing declared": {"there is nothing to lose", directory.Capabilities{}, v1alpha1.UserSpec{}, nil},
		"nothing asked for": {
			"empty lists take away what no backend without it has",
			directory.Capabilities{},
			v1alpha1.UserSpec{Roles: []v1alpha1.RoleGrant{}, BusinessUnits: []string{}, Profile: v1alpha1.Profile{Attributes: map[string]v1alpha1.AttributeValue{}}},
			nil,
		},
		"nothing held": {"all at once, sorted", directory.Capabilities{}, everything, []string{
			"spec.businessUnits", `spec.profile.attributes."shoe size"`, "spec.profile.attributes.a", "spec.profile.attributes.license",
			"spec.profile.displayName", "spec.profile.locale", "spec.profile.phone", "spec.profile.title",
			"spec.removalPolicy Delete", "spec.roles",
		}},
		"no grants in units": {
			"the role without its unit would be another", whole(func(c *directory.Capabilities) { c.UnitGrants = false }), everything,
			[]string{"spec.roles[].businessUnit"},
		},
		"no units": {
			"there is nothing to grant a role in", whole(func(c *directory.Capabilities) { c.Units = false }), everything,
			[]string{"spec.businessUnits", "spec.roles[].businessUnit"},
		},
		"one attribute": {
			"the others would be lost", whole(func(c *directory.Capabilities) {
				c.Fields = append(c.Fields[:len(c.Fields)-1:len(c.Fields)-1], "attributes.license")
			}), everything, []string{`spec.profile.attributes."shoe size"`, "spec.profile.attributes.a"},
		},
		"Remove, not deleting": {
			"it stands where nobody said anything", whole(func(c *directory.Capabilities) { c.Removals = nil }),
			v1alpha1.UserSpec{RemovalPolicy: v1alpha1.RemovalPolicyRemove},
			nil,
		},
		"Disable": {
			"somebody said it", whole(func(c *directory.Capabilities) { c.Removals = nil }),
			v1alpha1.UserSpec{RemovalPolicy: v1alpha1.RemovalPolicyDisable},
			[]string{"spec.removalPolicy Disable"},
		},
		"Retain": {"nothing is to be done", directory.Capabilities{}, v1alpha1.UserSpec{RemovalPolicy: v1alpha1.RemovalPolicyRetain}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ability.Lacking(test.can, &test.spec, "spec")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

// What is told is one sentence that names backend, fields and what to do.
func TestBY11_Messages(t *testing.T) {
	can := func(edits ...func(*directory.Capabilities)) ability.Abilities { return of(t, whole(edits...)) }
	noUnits := can(func(c *directory.Capabilities) { c.Units, c.NestedUnits, c.UnitGrants = false, false, false })
	noRoles := can(func(c *directory.Capabilities) { c.Roles = false })
	keeping := can(func(c *directory.Capabilities) {
		c.Tenancy, c.SignIn, c.Removals = directory.TenancyOne, directory.SignInElsewhere, []directory.Removal{directory.RemovalDisable}
	})
	signIn := &v1alpha1.OrganizationSignIn{URL: "https://example.com/login"}
	undeclared := v1alpha1.OrganizationMembership{Undeclared: v1alpha1.UndeclaredRemove}
	const unsupported, invalid = v1alpha1.ReasonUnsupported, v1alpha1.ReasonInvalidSpec
	for name, test := range map[string]struct {
		got          phase.Answer
		reason, says string
	}{
		"user": {
			noUnits.User(&v1alpha1.UserSpec{BusinessUnits: []string{"north"}, RemovalPolicy: v1alpha1.RemovalPolicyRemove}), unsupported,
			`IdentityBackend "acme" does not support spec.businessUnits: take that away, or correct the mapping of the IdentityBackend.`,
		},
		"user's end": {
			keeping.User(&v1alpha1.UserSpec{RemovalPolicy: v1alpha1.RemovalPolicyDelete}), unsupported,
			`IdentityBackend "acme" does not support spec.removalPolicy Delete: take that away, or correct the mapping of the IdentityBackend; it can do the removal policies Disable, Retain.`,
		},
		"link": {
			noUnits.Link(&v1alpha1.LinkTemplate{BusinessUnits: []string{"north"}}), unsupported,
			`IdentityBackend "acme" does not support spec.template.businessUnits: take that away, or correct the mapping of the IdentityBackend.`,
		},
		"farewell": {
			keeping.Farewell(v1alpha1.RemovalPolicyRemove), unsupported,
			`IdentityBackend "acme" cannot do spec.removalPolicy Remove: set it to one of Disable, Retain; the person stays as they are until then.`,
		},
		"farewell, as it can":  {keeping.Farewell(v1alpha1.RemovalPolicyDisable), "", ""},
		"farewell, and stays":  {of(t, directory.Capabilities{}).Farewell(v1alpha1.RemovalPolicyRetain), "", ""},
		"unit":                 {noUnits.BusinessUnit(), unsupported, `IdentityBackend "acme" has no place for any BusinessUnit: delete this one, or correct the mapping of the IdentityBackend.`},
		"role":                 {noRoles.Role(v1alpha1.RoleLevelOrganization), unsupported, `IdentityBackend "acme" has no place for any Role: delete this one, or correct the mapping of the IdentityBackend.`},
		"role within units":    {noUnits.Role(v1alpha1.RoleLevelBusinessUnit), unsupported, `IdentityBackend "acme" cannot grant a role within a unit, as spec.level BusinessUnit asks for: apply another Role of level Organization, or correct the mapping of the IdentityBackend.`},
		"role, everywhere":     {noUnits.Role(v1alpha1.RoleLevelOrganization), "", ""},
		"sign-in missing":      {keeping.Organization(&v1alpha1.OrganizationSpec{}), invalid, `IdentityBackend "acme" signs nobody in here: set spec.signIn.url to the page where people sign in who have accepted, such as https://example.com/login.`},
		"sign-in in vain":      {can().Organization(&v1alpha1.OrganizationSpec{SignIn: signIn}), invalid, `IdentityBackend "acme" signs people in at this portal: take spec.signIn away.`},
		"sign-in":              {keeping.Organization(&v1alpha1.OrganizationSpec{SignIn: signIn}), "", ""},
		"undeclared":           {keeping.Organization(&v1alpha1.OrganizationSpec{SignIn: signIn, Membership: undeclared}), unsupported, `IdentityBackend "acme" cannot do spec.membership.undeclared Remove, as it deletes nobody: set it to Report or Ignore.`},
		"undeclared, deleting": {can().Organization(&v1alpha1.OrganizationSpec{Membership: undeclared}), "", ""},
		"tenant":               {keeping.TenantRemoval(), unsupported, `IdentityBackend "acme" cannot do spec.deletionPolicy Remove, as it deletes nobody: set it to Retain.`},
		"tenant of many":       {can(func(c *directory.Capabilities) { c.Removals = nil }).TenantRemoval(), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			want := phase.Answer{Word: phase.WordStalled, Reason: test.reason, Message: test.says}
			if test.reason == "" {
				want = phase.Done("", "")
			}
			if diff := cmp.Diff(want, test.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// However much is declared, what to do about it is still said.
func TestHE3_MessagesAreBounded(t *testing.T) {
	spec := v1alpha1.UserSpec{Profile: v1alpha1.Profile{Attributes: map[string]v1alpha1.AttributeValue{}}}
	for n := range 32 {
		spec.Profile.Attributes[fmt.Sprintf("%02d\n%s", n, strings.Repeat("é", 60))] = "x"
	}
	a := of(t, directory.Capabilities{}).User(&spec)
	if n := utf8.RuneCountInString(a.Message); n > 1024 || !strings.HasSuffix(a.Message, "correct the mapping of the IdentityBackend.") {
		t.Errorf("%d characters: %s", n, a.Message)
	}
	if !strings.Contains(a.Message, " more: ") || strings.Contains(a.Message, "\n") {
		t.Errorf("it is not one line that says how many more there are: %s", a.Message)
	}
}

func TestOf_SaysWhatFailed(t *testing.T) {
	failure := directory.Errorf(directory.KindUnavailable, "discover", "no answer")
	if _, err := ability.Of(t.Context(), fake{err: failure}, nil); !directory.IsKind(err, directory.KindUnavailable) {
		t.Errorf("error %v", err)
	}
}

func TestBY11_Summary(t *testing.T) {
	got := ability.Summary(whole(func(c *directory.Capabilities) {
		c.SignIn, c.NestedUnits, c.UnitGrants, c.Permissions = directory.SignInElsewhere, false, false, false
		c.Fields = []directory.ProfileField{directory.FieldTitle, "attributes.license", "attributes.a b", directory.FieldDisplayName, "attributes.license"}
		c.Removals = []directory.Removal{directory.RemovalDisable}
		c.Notes = []string{"It does not tell how large a page may be."}
	}))
	want := &v1alpha1.BackendCapabilities{
		Invitations: "Ours", SignIn: "Elsewhere",
		Supported: []string{
			"businessUnits", `profile.attributes."a b"`, "profile.attributes.license", "profile.displayName", "profile.title",
			"removalPolicy.Disable", "removalPolicy.Retain", "roles",
		},
		Unsupported: []string{
			"businessUnits.parentRef", "profile.attributes", "profile.familyName", "profile.givenName", "profile.locale", "profile.phone",
			"removalPolicy.Delete", "removalPolicy.Remove", "roles.businessUnit", "roles.permissions",
		},
		Notes: []string{"It does not tell how large a page may be."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The API takes whatever a backend says.
func TestBY11_SummaryIsBounded(t *testing.T) {
	can := whole()
	for n := range 300 {
		can.Fields = append(can.Fields, directory.FieldAttributes+directory.ProfileField(fmt.Sprintf("%03d%s", n, strings.Repeat("x", 200))))
		can.Notes = append(can.Notes, strings.Repeat("ä", 400))
	}
	s := ability.Summary(can)
	if len(s.Supported) != 128 || len(s.Notes) != 16 || utf8.RuneCountInString(s.Supported[5]) > 128 || utf8.RuneCountInString(s.Notes[0]) != 256 {
		t.Errorf("%d names, %d notes", len(s.Supported), len(s.Notes))
	}
}
