package lint_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/lint"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
)

var update = flag.Bool("update", false, "write the golden files")

func schemas(t testing.TB) *lint.Schemas {
	t.Helper()
	s, err := lint.NewSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func findings(t *testing.T, partial bool, text string) (*lint.Set, []string) {
	t.Helper()
	documents, problems := manifest.Parse("people.yaml", []byte(text))
	set, found := lint.Load(t.Context(), schemas(t), lint.Options{Namespace: "team", Partial: partial}, documents, problems)
	var lines []string
	for _, f := range found {
		lines = append(lines, strings.TrimPrefix(f.String(), "people.yaml:"))
	}
	return set, lines
}

// clinic is what the manifests of these tests refer to.
const clinic = `
apiVersion: iam.rollcall.dev/v1alpha1
kind: Organization
metadata: {name: clinic}
spec: {displayName: Clinic}
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: Organization
metadata: {name: other}
spec: {displayName: Other}
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: BusinessUnit
metadata: {name: north}
spec: {organizationRef: {name: clinic}}
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: BusinessUnit
metadata: {name: foreign}
spec: {organizationRef: {name: other}}
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: Role
metadata: {name: clinician}
spec: {organizationRef: {name: clinic}}
---
apiVersion: iam.rollcall.dev/v1alpha1
kind: Role
metadata: {name: lead}
spec: {organizationRef: {name: clinic}, level: BusinessUnit}
---
`

func object(kind, name, spec string) string {
	return "apiVersion: iam.rollcall.dev/v1alpha1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: {organizationRef: {name: clinic}, " + spec + "}\n---\n"
}

func user(name, spec string) string { return object("User", name, spec) }

func TestLoad(t *testing.T) {
	for name, test := range map[string]struct {
		reason, text string
		want         []string
	}{
		"sound": {"nothing to say", user("ada", "email: ada@example.com, roles: [{name: clinician}, {name: lead, businessUnit: north}], businessUnits: [north]"), nil},
		"CEL": {
			"the API server's own words", user("ada", "email: ada"),
			[]string{`35: error: User/ada: spec.email: Invalid value: "ada": email must be a bare address such as ada@example.com: no name, spaces, comments or quotes, and a domain of at least two labels`},
		},
		"schema":  {"types and enums", user("ada", "email: ada@example.com, access: Maybe"), []string{`35: error: User/ada: spec.access: Unsupported value: "Maybe": supported values: "Enabled", "Disabled"`}},
		"missing": {"required", user("ada", "suspend: false"), []string{`35: error: User/ada: spec.email: Required value`}},
		"unknown field": {
			"a typo is no field", user("ada", "email: ada@example.com, role: []"),
			[]string{`35: error: User/ada: spec.role: Forbidden: there is no such field; check its spelling and its indentation`},
		},
		"list set":     {"twice in a set", user("ada", "email: ada@example.com, businessUnits: [north, north]"), []string{`35: error: User/ada: spec.businessUnits[1]: Duplicate value: "north"`}},
		"metadata":     {"names are DNS", user("Ada", "email: ada@example.com"), []string{`34: error: User/Ada: metadata.name: Invalid value: "Ada": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`}},
		"unknown kind": {"of our group", object("Usr", "ada", "email: x"), []string{`32: error: Usr/ada: there is no kind Usr in iam.rollcall.dev/v1alpha1; write one of those of iam.rollcall.dev/v1alpha1`}},
		"other kinds":  {"not ours to judge", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", nil},
		"not YAML":     {"with its line", "a: b\nc: [\n", []string{`32: error: this document is not YAML: line 33: did not find expected node content`}},
		"twice a key":  {"YAML would take the last", "apiVersion: v1\nkind: X\nkind: Y\n", []string{`32: error: this document cannot be read: error converting YAML to JSON: yaml: unmarshal errors: line 34: key "kind" already set in map`}},
		"no kind":      {"every manifest has one", "a: b\n", []string{`32: error: this document has no apiVersion or no kind; every manifest needs both`}},
		"twice": {
			"the second would overwrite the first", user("ada", "email: ada@example.com") + user("ada", "email: ada2@example.com"),
			[]string{`39: error: User/ada: User "ada" is declared before, in people.yaml line 32; rename one of the two`},
		},
		"address twice": {
			"in another spelling", user("ada", "email: ada@bücher.example") + user("b", "email: ADA@xn--bcher-kva.example"),
			[]string{`40: error: User/b: User "ada" has the same address, in people.yaml line 32; keep one of the two`},
		},
		"address": {"what the schema lets pass", user("ada", "email: ada@exa_mple.com"), []string{`35: error: User/ada: "ada@exa_mple.com": '_' is not allowed in a domain; use letters, digits and hyphens`}},
		"references": {"what is not there", user("ada", "email: ada@example.com, roles: [{name: boss}], businessUnits: [south]"), []string{
			`35: error: User/ada: there is no BusinessUnit "south" in namespace "team"; declare it or correct the reference`,
			`35: error: User/ada: there is no Role "boss" in namespace "team"; declare it or correct the reference`,
		}},
		"foreign": {
			"of another organization", user("ada", "email: ada@example.com, businessUnits: [foreign]"),
			[]string{`35: error: User/ada: BusinessUnit "foreign" is of the Organization "other", not of "clinic"`},
		},
		"level": {"where a role holds", user("ada", "email: ada@example.com, roles: [{name: clinician, businessUnit: north}, {name: lead}]"), []string{
			`35: error: User/ada: the role "clinician" holds in the whole organization; take businessUnit away`,
			`35: error: User/ada: the role "lead" holds within a unit; say in which with businessUnit`,
		}},
		"granted twice": {
			"once is enough", user("ada", "email: ada@example.com, roles: [{name: clinician}, {name: clinician}]"),
			[]string{`35: error: User/ada: the role "clinician" is given twice; write it once`},
		},
		"unit in itself": {"a circle", object("BusinessUnit", "a", "parentRef: {name: b}") + object("BusinessUnit", "b", "parentRef: {name: a}"), []string{
			`35: error: BusinessUnit/a: the unit lies in itself: a in b in a; take one parentRef away`,
			`40: error: BusinessUnit/b: the unit lies in itself: b in a in b; take one parentRef away`,
		}},
		"below a circle": {
			"told where it is, and not below", object("BusinessUnit", "a", "parentRef: {name: a}") + object("BusinessUnit", "b", "parentRef: {name: a}"),
			[]string{`35: error: BusinessUnit/a: the unit lies in itself: a in a; take one parentRef away`},
		},
		"role in itself": {"a circle", object("Role", "a", "includes: [clinician, b]") + object("Role", "b", "includes: [a]"), []string{
			`35: error: Role/a: the role includes itself: a includes b includes a; take one of them away`,
			`40: error: Role/b: the role includes itself: b includes a includes b; take one of them away`,
		}},
		"included level": {
			"a unit's role gives nothing everywhere", object("Role", "a", "level: BusinessUnit, includes: [clinician]"),
			[]string{`35: error: Role/a: a role of level BusinessUnit can include only others of that level, and "clinician" is of level Organization`},
		},
		"batch": {"the others are invited", object("InviteBatch", "a", `emails: [x@example.com, nobody, X@example.com], emailsText: "y@example.com\nz"`), []string{
			`35: warning: InviteBatch/a: line 2 of spec.emailsText will be refused: "z": there is no @; write an address such as ada@example.com`,
			`35: warning: InviteBatch/a: spec.emails[1] will be refused: "nobody": there is no @; write an address such as ada@example.com`,
			`35: warning: InviteBatch/a: spec.emails[2] stands in the batch before`,
		}},
		"link": {
			"its template too", object("InviteLink", "a", "template: {roles: [{name: lead}]}"),
			[]string{`35: error: InviteLink/a: the role "lead" holds within a unit; say in which with businessUnit`},
		},
		"list": {
			"its items are manifests", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: iam.rollcall.dev/v1alpha1\n  kind: User\n  metadata: {name: ada}\n  spec:\n    organizationRef: {name: nowhere}\n    email: ada@example.com\n",
			[]string{`39: error: User/ada: there is no Organization "nowhere" in namespace "team"; declare it or correct spec.organizationRef`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := findings(t, false, clinic+test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestLoad_Partial(t *testing.T) {
	set, got := findings(t, true, user("ada", "email: ada@example.com, roles: [{name: lead}]"))
	want := []string{
		`4: warning: User/ada: there is no Organization "clinic" in namespace "team"; declare it or correct spec.organizationRef`,
		`4: warning: User/ada: there is no Role "lead" in namespace "team"; declare it or correct the reference`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	users := lint.All[*v1alpha1.User](set)
	if len(users) != 1 || users[0].Namespace != "team" || users[0].Spec.RemovalPolicy != v1alpha1.RemovalPolicyRemove || set.Len() != 1 {
		t.Errorf("users %+v, want one with its defaults", users)
	}
}

// What we ship passes, but for the batch that shows what is refused.
func TestLoad_Samples(t *testing.T) {
	documents, problems, err := manifest.Read(strings.NewReader(""), filepath.Join("..", "..", "..", "config", "samples"))
	if err != nil {
		t.Fatal(err)
	}
	_, found := lint.Load(t.Context(), schemas(t), lint.Options{Namespace: "default"}, documents, problems)
	if n := lint.Errors(found); n > 0 {
		t.Errorf("%d errors: %v", n, found)
	}
}

// A large table of findings, as people see it.
func TestGolden(t *testing.T) {
	_, got := findings(t, false, clinic+user("ada", "email: \"ada@x.y\\r\\n\\e[2J\"")+user("b", "email: b@example.com, profile: {displayName: \"a\\nb\", phone: \"1\"}"))
	text := strings.Join(got, "\n") + "\n"
	path := filepath.Join("testdata", "hostile.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(clinic))
	f.Add([]byte("a: &a [*a]\n---\n%\n"))
	f.Add([]byte("kind: List\napiVersion: v1\nitems: [1, {}]\n"))
	known, err := lint.NewSchemas()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		documents, problems := manifest.Parse("x", text)
		for _, p := range problems {
			if p.Message == "" || p.Line > bytes.Count(text, []byte("\n"))+1 {
				t.Errorf("problem %+v", p)
			}
		}
		lint.Load(t.Context(), known, lint.Options{Namespace: "team"}, documents, problems)
	})
}
