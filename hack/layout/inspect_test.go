package main

import (
	"bytes"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// sound is a project in which nothing is to be found.
func sound() map[string]string {
	return map[string]string{
		".golangci.yml":               "",
		"go.mod":                      "module example.com/sound\n",
		"PROJECT":                     "resources:\n- kind: User\n  version: v1alpha1\n",
		"bin/rollcall":                "a binary",
		"api/v1alpha1/doc.go":         "// Package v1alpha1 is the API.\npackage v1alpha1\n",
		"api/v1alpha1/user.go":        userSource,
		"cmd/rollcall/doc.go":         "// Command rollcall does it.\npackage main\n",
		"cmd/rollcall/main.go":        "package main\n\nfunc main() {}\n",
		"config/crd/bases/users.yaml": "---\nspec:\n  group: iam.rollcall.dev\n  names:\n    kind: User\n",
		"config/samples/team.yaml": "apiVersion: v1\nkind: Secret\n---\napiVersion: iam.rollcall.dev/v1alpha1\nkind: User\n" +
			"spec:\n  group: [lists, are, fine]\n",
		"controllers/doc.go":             "// Package controllers has them all.\npackage controllers\n",
		"controllers/story_mail_test.go": "package controllers_test\n\nfunc TestHE3_OneButton(t *testing.T) {}\n\nfunc mailTo(t *testing.T) {}\n",
		"docs/adr/README.md":             "# Decisions\n",
		"docs/adr/0001-first.md":         decision,
		"docs/spec/v1alpha1/user.md":     "# User\n\n## Example\n\n```\n## not a heading\n```\n\n## Writing a User\n\n## Working with Users\n\n## User status\n\n`Ready`, `MailSent`\n",
	}
}

const userSource = `package v1alpha1

const (
	ConditionReady = "Ready"
	ReasonMailSent = "MailSent"
	Group          = "iam.rollcall.dev"
)

// User is a person.
//
// +kubebuilder:object:root=true
type User struct{}

// UserList is a list.
// +kubebuilder:object:root=true
type UserList struct{}

// UserSpec is a part.
type UserSpec struct{}
`

const decision = "# First\n\n## Status\n\n## Context\n\n## Decision\n\n## Refused\n\n## Consequences\n"

// with returns the sound project with some files changed; an empty content takes one away.
func with(changes map[string]string) fstest.MapFS {
	files := sound()
	maps.Copy(files, changes)
	fsys := fstest.MapFS{}
	for name, content := range files {
		if changed, ok := changes[name]; !ok || changed != "" {
			fsys[name] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return fsys
}

func findingsIn(t *testing.T, fsys fstest.MapFS) []string {
	t.Helper()
	p, err := open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := inspect(p)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.String())
	}
	return lines
}

func TestInspect(t *testing.T) {
	const (
		sections  = `: the sections are Example, Writing a ..., Working with ..., ... status, in this order`
		decisions = `: the sections are Status, Context, Decision, Refused, Consequences, in this order`
		missing   = `: no package comment: say there what it is for, what it promises and what it does not, beginning with `
		numbering = `: number the decisions without gaps and without repeating one`
		story     = `: put the row before an underscore, as in TestStory_HE3_TheMailHasOneButton, or Promise_`
	)
	for name, tc := range map[string]struct {
		reason  string
		changes map[string]string
		want    []string
	}{
		"sound": {reason: "nothing is found where nothing is wrong"},
		"top level": {
			reason:  "a newcomer sees the same few folders in every project of this kind",
			changes: map[string]string{"scripts/run.sh": "true", "notes.txt": "remember", "go.work": "go 1.26", ".ci/run": "true"},
			want: []string{
				"notes.txt: does not belong at the top: move it into one of api, cmd, config, controllers, docs, hack, internal",
				"scripts: does not belong at the top: move it into one of api, cmd, config, controllers, docs, hack, internal",
			},
		},
		"no package comment": {
			reason: "a comment elsewhere, of another form or none at all is not the package's",
			changes: map[string]string{
				"internal/mail/mail.go":      "// Package mail sends.\npackage mail\n",
				"internal/seat/doc.go":       "// Seats are counted here.\npackage seat\n",
				"internal/story/one_test.go": "package story_test\n",
				"hack/run/doc.go":            "// Package main runs it.\npackage main\n",
			},
			want: []string{
				`hack/run/doc.go` + missing + `"Command run ..."`,
				`internal/mail/doc.go` + missing + `"Package mail ..."`,
				`internal/seat/doc.go` + missing + `"Package seat ..."`,
				`internal/story/doc.go` + missing + `"Package story ..."`,
			},
		},
		"empty names": {
			reason: "the name of the package counts as well as the name of the folder",
			changes: map[string]string{
				"internal/utils/doc.go": "// Package utils has this and that.\npackage utils\n",
				"internal/fault/doc.go": "// Package errors has errors.\npackage errors\n",
			},
			want: []string{
				`internal/fault: "errors" says nothing about what the package is for: name it by the concept it holds`,
				`internal/utils: "utils" says nothing about what the package is for: name it by the concept it holds`,
			},
		},
		"long main": {
			reason:  "what is in main cannot be tested",
			changes: map[string]string{"cmd/rollcall/main.go": "package main\n\nfunc main() {\n" + string(bytes.Repeat([]byte("\n"), 37)) + "}\n"},
			want: []string{
				"cmd/rollcall/main.go: 41 lines, more than 40: only parse, build and run here; move the rest to internal/app or internal/cli",
			},
		},
		"new kind": {
			reason: "a marker parted from the type by an empty line is one too",
			changes: map[string]string{
				"api/v1alpha1/role.go": "package v1alpha1\n\n// +kubebuilder:object:root=true\n\n// Role is a role.\ntype Role struct{}\n",
			},
			want: []string{
				"PROJECT: does not list the kind Role: add an entry under resources",
				"config/crd/bases: no CRD of the kind Role: run make manifests",
				"config/samples: no sample of the kind Role: add a manifest that can be applied as it is",
				"docs/spec/v1alpha1/role.md: does not exist: write down how one uses the kind Role",
			},
		},
		"removed kind": {
			reason:  "PROJECT says what there is",
			changes: map[string]string{"PROJECT": "resources:\n- kind: User\n- kind: Client\n"},
			want:    []string{"PROJECT: lists Client, which is no kind of api/v1alpha1: take the entry out"},
		},
		"others' objects": {
			reason: "a CRD of another group and a sample of another version are not ours",
			changes: map[string]string{
				"config/crd/bases/users.yaml": "spec:\n  group: example.com\n  names:\n    kind: User\n",
				"config/samples/team.yaml":    "apiVersion: iam.rollcall.dev/v1\nkind: User\n",
			},
			want: []string{
				"config/crd/bases: no CRD of the kind User: run make manifests",
				"config/samples: no sample of the kind User: add a manifest that can be applied as it is",
			},
		},
		"missing folders": {
			reason:  "what is not there yet is told, not tripped over",
			changes: map[string]string{"config/crd/bases/users.yaml": "", "config/samples/team.yaml": "", "docs/adr/README.md": "", "docs/adr/0001-first.md": ""},
			want: []string{
				"config/crd/bases: no CRD of the kind User: run make manifests",
				"config/samples: no sample of the kind User: add a manifest that can be applied as it is",
			},
		},
		"missing section": {
			reason:  "whoever knows one document finds their way in all",
			changes: map[string]string{"docs/spec/v1alpha1/user.md": "## Example\n## Writing a User\nReady MailSent\n"},
			want:    []string{`docs/spec/v1alpha1/user.md: no section "Working with ..."` + sections},
		},
		"misplaced section": {
			reason:  "the order is part of it",
			changes: map[string]string{"docs/spec/v1alpha1/user.md": "## Writing a User\n## Example\nReady MailSent\n"},
			want:    []string{`docs/spec/v1alpha1/user.md: section "Writing a User" where "Example" should stand` + sections},
		},
		"unexplained reason": {
			reason:  "a reason that is only part of a longer word is not explained",
			changes: map[string]string{"docs/spec/v1alpha1/user.md": "## Example\n## Writing\n## Working with it\n## Status\nReady, MailSentTwice\n"},
			want: []string{
				"api/v1alpha1/user.go:5: ReasonMailSent is explained nowhere: tell in docs/spec/v1alpha1 when MailSent is seen and what to do then",
			},
		},
		"story without a row": {
			reason: "a row that does not exist is none; a row may stand anywhere; a promise is enough; helpers and other tests are free",
			changes: map[string]string{
				"controllers/story_mail_test.go": "package controllers_test\n\nfunc TestMailIsSent(t *testing.T) {}\n\n" +
					"func TestHE9_Sent(t *testing.T) {}\n\nfunc TestStory_Promise_Once(t *testing.T) {}\n\nfunc TestHE3Sent(t *testing.T) {}\n",
				"controllers/story_two_test.go": "package controllers_test\n\nfunc TestStory_HR8_BY3_Many(t *testing.T) {}\n",
				"controllers/setup_test.go":     "package controllers_test\n\nfunc TestSetup(t *testing.T) {}\n",
			},
			want: []string{
				"controllers/story_mail_test.go:3: TestMailIsSent names no row that it tells" + story,
				"controllers/story_mail_test.go:5: TestHE9_Sent names no row that it tells" + story,
				"controllers/story_mail_test.go:9: TestHE3Sent names no row that it tells" + story,
			},
		},
		"decisions": {
			reason: "a gap is told once, and a misnamed file is not counted",
			changes: map[string]string{
				"docs/adr/0003-third.md":  decision,
				"docs/adr/draft.md":       "text",
				"docs/adr/0004-fourth.md": "## Status\n## Context\n## Decision\n## Consequences\n",
			},
			want: []string{
				"docs/adr/0003-third.md: 0002 should come here" + numbering,
				`docs/adr/0004-fourth.md: section "Consequences" where "Refused" should stand` + decisions,
				"docs/adr/draft.md: is not named like a decision: name it by number and subject, such as 0001-what-was-decided.md",
			},
		},
		"number used twice": {
			reason:  "two people took the next number at once",
			changes: map[string]string{"docs/adr/0001-other.md": decision, "docs/adr/0002-second.md": decision},
			want: []string{
				"docs/adr/0001-other.md: 0002 should come here" + numbering,
			},
		},
		"section too many": {
			reason:  "a page, not a book",
			changes: map[string]string{"docs/adr/0001-first.md": decision + "\n## Appendix\n"},
			want:    []string{`docs/adr/0001-first.md: section "Appendix" is one too many: make it part of another; the sections are Status, Context, Decision, Refused, Consequences, in this order`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, findingsIn(t, with(tc.changes))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestInspectRefusesWhatItCannotRead(t *testing.T) {
	for name, changes := range map[string]map[string]string{
		"no PROJECT":     {"PROJECT": ""},
		"broken PROJECT": {"PROJECT": "resources: none"},
		"broken sample":  {"config/samples/team.yaml": "kind: [User"},
		"broken CRD":     {"config/crd/bases/users.yaml": "spec: [User"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := open(with(changes))
			if err != nil {
				t.Fatal(err)
			}
			if findings, err := inspect(p); err == nil {
				t.Errorf("no error, only the findings %v", findings)
			}
		})
	}
	if _, err := open(with(map[string]string{"api/v1alpha1/user.go": "package"})); err == nil {
		t.Error("code that does not parse was passed over")
	}
}

func TestPrintRows(t *testing.T) {
	p, err := open(with(map[string]string{
		"controllers/story_mail_test.go": "package controllers_test\n\nfunc TestStory_HE3_HE4_Button_HE9(t *testing.T) {}\n",
		"internal/invite/invite.go":      "package invite\n\nfunc TestHR1_NotATest() {}\n",
		"internal/invite/invite_test.go": "package invite\n\nfunc TestHE4(t *testing.T) {}\n\nfunc TestHE5_Gone(t *testing.T) {}\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printRows(&out, p); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range bytes.Lines(out.Bytes()) {
		row, told, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		if text := string(bytes.TrimSpace(told)); text != "0 other tests  no story" {
			got[string(row)] = text
		}
	}
	want := map[string]string{
		"HE3": "0 other tests  TestStory_HE3_HE4_Button_HE9",
		"HE4": "1 other tests  TestStory_HE3_HE4_Button_HE9",
		"HE5": "1 other tests  no story",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows told (-want +got):\n%s", diff)
	}
}
