package lint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const scimHead = "apiVersion: iam.rollcall.dev/v1alpha1\nkind: IdentityBackend\nmetadata: {name: acme}\nspec: {type: SCIM, scim: {"

const scimToken = "url: 'https://acme.example/scim/v2', credentials: {bearerTokenRef: {name: acme, key: token}}"

func scimBackend(more string) string { return scimHead + scimToken + more + "}}\n---\n" }

// Each rule of the schema of an IdentityBackend refuses what it is for, and
// nothing else.
func TestHE3_BY11_RulesOfIdentityBackend(t *testing.T) {
	spec := func(s string) string {
		return "apiVersion: iam.rollcall.dev/v1alpha1\nkind: IdentityBackend\nmetadata: {name: acme}\nspec: " + s + "\n"
	}
	url := func(u string) string {
		return scimHead + "url: '" + u + "', credentials: {bearerTokenRef: {name: a, key: b}}}}\n"
	}
	credentials := func(c string) string { return scimHead + "url: 'https://acme.example', credentials: {" + c + "}}}\n" }
	for name, test := range map[string]struct {
		text string
		// says is a part of the only finding; empty for none.
		says string
	}{
		"embedded":              {spec("{type: Embedded}"), ""},
		"scim":                  {scimBackend(""), ""},
		"scim without scim":     {spec("{type: SCIM}"), "scim is required with type SCIM, and allowed with no other type"},
		"embedded with scim":    {strings.Replace(scimBackend(""), "type: SCIM", "type: Embedded", 1), "scim is required with type SCIM, and allowed with no other type"},
		"another type":          {spec("{type: LDAP}"), `supported values: "Embedded", "SCIM"`},
		"loopback":              {url("http://127.0.0.1:8080/scim"), ""},
		"loopback by name":      {url("http://localhost:8080/scim"), ""},
		"loopback of IPv6":      {url("http://[::1]:8080/scim"), ""},
		"http":                  {url("http://acme.example/scim"), "url must be an absolute https URL"},
		"http, like loopback":   {url("http://localhost.acme.example/scim"), "url must be an absolute https URL"},
		"another scheme":        {url("ftp://acme.example"), "url must be an absolute https URL"},
		"relative":              {url("/scim/v2"), "url must be an absolute https URL"},
		"no URL":                {url("acme example"), "url must be an absolute https URL"},
		"user":                  {url("https://ada:secret@acme.example"), "url must hold no user, query or fragment"},
		"query":                 {url("https://acme.example/scim?x=y"), "url must hold no user, query or fragment"},
		"fragment":              {url("https://acme.example/scim#x"), "url must hold no user, query or fragment"},
		"no credentials":        {credentials(""), "should have at least 1 properties"},
		"two credentials":       {credentials("bearerTokenRef: {name: a, key: b}, basic: {username: u, passwordRef: {name: a, key: b}}"), "give one of bearerTokenRef, oauth and basic"},
		"three credentials":     {credentials("bearerTokenRef: {name: a, key: b}, basic: {username: u, passwordRef: {name: a, key: b}}, oauth: {tokenURL: 'https://a.example', clientID: c, clientSecretRef: {name: a, key: b}}"), "give one of bearerTokenRef, oauth and basic"},
		"certificate alone":     {credentials("clientCertificateRef: {name: a}"), ""},
		"certificate beside":    {credentials("clientCertificateRef: {name: a}, bearerTokenRef: {name: a, key: b}"), ""},
		"oauth":                 {credentials("oauth: {tokenURL: 'https://a.example/token', clientID: c, clientSecretRef: {name: a, key: b}, scopes: [scim]}"), ""},
		"oauth by http":         {credentials("oauth: {tokenURL: 'http://a.example/token', clientID: c, clientSecretRef: {name: a, key: b}}"), "tokenURL must be an absolute https URL"},
		"oauth, a scope twice":  {credentials("oauth: {tokenURL: 'https://a.example', clientID: c, clientSecretRef: {name: a, key: b}, scopes: [a, a]}"), "Duplicate value"},
		"basic":                 {credentials("basic: {username: ada, passwordRef: {name: a, key: b}}"), ""},
		"basic with a colon":    {credentials("basic: {username: 'a:b', passwordRef: {name: a, key: b}}"), "username must hold no colon"},
		"timeout":               {scimBackend(", requests: {timeout: 1s}"), ""},
		"timeout, short":        {scimBackend(", requests: {timeout: 999ms}"), "timeout must be between 1s and 5m"},
		"timeout, long":         {scimBackend(", requests: {timeout: 5m1s}"), "timeout must be between 1s and 5m"},
		"too many in flight":    {scimBackend(", requests: {inFlight: 65}"), "should be less than or equal to 64"},
		"none a second":         {scimBackend(", requests: {perSecond: -1}"), "should be greater than or equal to 0"},
		"a toggle":              {scimBackend(", discovery: {patch: Maybe}"), `supported values: "Auto", "Enabled", "Disabled"`},
		"a path":                {scimBackend(", discovery: {usersPath: /People, groupsPath: /a/b}"), ""},
		"users elsewhere":       {scimBackend(", discovery: {usersPath: 'https://evil.example'}"), "usersPath must be a path such as /Users"},
		"users above":           {scimBackend(", discovery: {usersPath: /../Users}"), "usersPath must be a path such as /Users"},
		"groups with a query":   {scimBackend(", discovery: {groupsPath: '/Groups?x'}"), "groupsPath must be a path such as /Groups"},
		"groups above":          {scimBackend(", discovery: {groupsPath: /a/..}"), "groupsPath must be a path such as /Groups"},
		"page of none":          {scimBackend(", discovery: {pageSize: -1}"), "should be greater than or equal to 1"},
		"attribute":             {scimBackend(", mapping: {businessUnits: {heldIn: Attribute, attribute: department}}"), ""},
		"attribute missing":     {scimBackend(", mapping: {businessUnits: {heldIn: Attribute}}"), "attribute is required with heldIn: Attribute"},
		"attribute in vain":     {scimBackend(", mapping: {roles: {heldIn: Nothing, attribute: roles}}"), "attribute is required with heldIn: Attribute"},
		"another holder":        {scimBackend(", mapping: {roles: {heldIn: Elsewhere}}"), `supported values: "Groups", "Attribute", "Nothing"`},
		"fields":                {scimBackend(", mapping: {attributes: [{field: title, attribute: title}, {field: attributes.license, attribute: x}, {field: phone}]}"), ""},
		"another field":         {scimBackend(", mapping: {attributes: [{field: email, attribute: x}]}"), "field must be displayName, givenName"},
		"an attribute nameless": {scimBackend(", mapping: {attributes: [{field: attributes., attribute: x}]}"), "field must be displayName, givenName"},
		"a field twice":         {scimBackend(", mapping: {attributes: [{field: title}, {field: title}]}"), "Duplicate value"},
		"provisioning":          {scimBackend(", provisioning: Later"), `supported values: "OnAccept", "Immediately"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := findings(t, true, test.text)
			if test.says == "" && len(got) > 0 || test.says != "" && (len(got) != 1 || !strings.Contains(got[0], test.says)) {
				t.Errorf("found %q, want one that says %q", got, test.says)
			}
		})
	}
}

// Where people sign in is a page, and shows no credentials.
func TestHE3_BY11_RulesOfSignIn(t *testing.T) {
	for name, test := range map[string]struct{ url, says string }{
		"page":      {"https://acme.example/login?from=rollcall#top", ""},
		"loopback":  {"http://127.0.0.1:8080/login", ""},
		"http":      {"http://acme.example/login", "url must be an absolute https URL"},
		"script":    {"javascript:alert(1)", "url must be an absolute https URL"},
		"relative":  {"/login", "url must be an absolute https URL"},
		"with user": {"https://ada:secret@acme.example", "url must hold no user"},
	} {
		t.Run(name, func(t *testing.T) {
			text := scimBackend("") + organization("clinic", "backendRef: {name: acme}, signIn: {url: '"+test.url+"'}")
			_, got := findings(t, false, text)
			if test.says == "" && len(got) > 0 || test.says != "" && (len(got) != 1 || !strings.Contains(got[0], test.says)) {
				t.Errorf("found %q, want one that says %q", got, test.says)
			}
		})
	}
}

func organization(name, more string) string {
	return "apiVersion: iam.rollcall.dev/v1alpha1\nkind: Organization\nmetadata: {name: " + name + "}\nspec: {displayName: Clinic, " + more + "}\n---\n"
}

// What a service provider cannot do by what is declared about it is found before
// it is applied.
func TestBY11_WhatAServiceProviderCannotDo(t *testing.T) {
	const nothing = ", mapping: {businessUnits: {heldIn: Nothing}, roles: {heldIn: Nothing}, attributes: [{field: phone}]}"
	signedIn := organization("clinic", "backendRef: {name: acme}, signIn: {url: 'https://acme.example/login'}")
	for name, test := range map[string]struct {
		reason, text string
		want         []string
	}{
		"sound": {"nothing to say", scimBackend("") + signedIn + user("ada", "email: ada@example.com, profile: {phone: '+14155550123'}"), nil},
		"no sign-in": {
			"nobody would know where to go", scimBackend("") + organization("clinic", "backendRef: {name: acme}"),
			[]string{`9: error: Organization/clinic: IdentityBackend "acme" signs nobody in here: set spec.signIn.url to the page where people sign in who have accepted, such as https://example.com/login`},
		},
		"sign-in in vain": {
			"people sign in at the portal", organization("clinic", "signIn: {url: 'https://acme.example/login'}"),
			[]string{`4: error: Organization/clinic: The embedded backend signs people in at this portal: take spec.signIn away`},
		},
		"two organizations": {
			"they would undo each other", scimBackend("") + signedIn + organization("other", "backendRef: {name: acme}, signIn: {url: 'https://acme.example/login'}"),
			[]string{`14: error: Organization/other: IdentityBackend "acme" is one organization, and Organization "clinic" names it too, in people.yaml line 6; give each its own`},
		},
		"nowhere": {
			"each says what it is about", scimBackend(nothing) + signedIn +
				user("ada", "email: ada@example.com, profile: {phone: '+14155550123'}, roles: [{name: lead}], businessUnits: [north]") +
				object("Role", "lead", "level: Organization") + object("BusinessUnit", "north", "displayName: North"),
			[]string{
				`14: error: User/ada: IdentityBackend "acme" does not support spec.businessUnits, spec.profile.phone, spec.roles: take that away, or correct the mapping of the IdentityBackend`,
				`19: error: Role/lead: IdentityBackend "acme" has no place for any Role: delete this one, or correct the mapping of the IdentityBackend`,
				`24: error: BusinessUnit/north: IdentityBackend "acme" has no place for any BusinessUnit: delete this one, or correct the mapping of the IdentityBackend`,
			},
		},
		"templates": {
			"whoever joins would not get it", scimBackend(nothing) + signedIn + object("InviteLink", "open", "template: {businessUnits: [north]}") +
				object("InviteBatch", "autumn", "emails: [x@example.com], template: {businessUnits: [north]}") +
				object("BusinessUnit", "north", "displayName: North"),
			[]string{
				`14: error: InviteLink/open: IdentityBackend "acme" does not support spec.template.businessUnits: take that away, or correct the mapping of the IdentityBackend`,
				`19: error: InviteBatch/autumn: IdentityBackend "acme" does not support spec.template.businessUnits: take that away, or correct the mapping of the IdentityBackend`,
				`24: error: BusinessUnit/north: IdentityBackend "acme" has no place for any BusinessUnit: delete this one, or correct the mapping of the IdentityBackend`,
			},
		},
		"roles in an attribute": {
			"they hold everywhere", scimBackend(", mapping: {roles: {heldIn: Attribute, attribute: roles}}") + signedIn + object("Role", "lead", "level: BusinessUnit"),
			[]string{`14: error: Role/lead: IdentityBackend "acme" cannot grant a role within a unit, as spec.level BusinessUnit asks for: apply another Role of level Organization, or correct the mapping of the IdentityBackend`},
		},
		"no deletion": {
			"whoever goes stays", scimBackend(", discovery: {deletion: Disabled}") + signedIn + user("ada", "email: ada@example.com, removalPolicy: Delete") + user("bob", "email: bob@example.com"),
			[]string{`14: error: User/ada: IdentityBackend "acme" does not support spec.removalPolicy Delete: take that away, or correct the mapping of the IdentityBackend; it can do the removal policies Disable, Retain`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := findings(t, false, test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}
