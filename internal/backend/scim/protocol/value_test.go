package protocol_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func value(t testing.TB, text string) protocol.Value {
	t.Helper()
	v, err := protocol.ParseValue([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func encoded(t testing.TB, v protocol.Value) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestValues(t *testing.T) {
	v := value(t, `{"a":"x","B":[1,{"c":true}],"n":null,"e":[],"t":"True","big":12345678901234567890,"i":7}`)
	if text, ok := v.Get("A").Text(); !ok || text != "x" {
		t.Errorf("names are compared with regard to case: %q", text)
	}
	for name, set := range map[string]bool{"a": true, "b": true, "n": false, "e": false, "missing": false} {
		if v.Get(name).IsSet() != set {
			t.Errorf("%s: set is not %v (RFC 7643 section 2.5)", name, set)
		}
	}
	if b, ok := v.Get("t").Bool(); !ok || !b {
		t.Error(`"True" is not a boolean`)
	}
	if _, ok := v.Get("a").Bool(); ok {
		t.Error(`"x" is a boolean`)
	}
	if text, _ := v.Get("big").Text(); text != "12345678901234567890" {
		t.Errorf("a number lost digits: %s", text)
	}
	if n, ok := v.Get("i").Int(); !ok || n != 7 {
		t.Errorf("integer %d", n)
	}
	if _, ok := v.Get("big").Int(); ok {
		t.Error("an integer beyond 64 bits")
	}
	if n := len(v.Get("b").Elements()); n != 2 {
		t.Errorf("%d elements", n)
	}
	if n := len(v.Get("a").Elements()); n != 1 {
		t.Errorf("a single value has %d elements", n)
	}
	if diff := cmp.Diff([]string{"B", "a", "big", "e", "i", "n", "t"}, v.Names()); diff != "" {
		t.Error(diff)
	}
	built := protocol.Object(protocol.Field{Name: "a", Value: protocol.List(protocol.Int(1), protocol.Bool(true), protocol.String("<"))}, protocol.Field{Name: "b"})
	if !built.Equal(value(t, `{"a":[1,true,"<"]}`)) || built.Equal(v) {
		t.Errorf("built %s", encoded(t, built))
	}
	for _, bad := range []string{"", "{", "{} {}", "<html>", `{"a":}`} {
		if _, err := protocol.ParseValue([]byte(bad)); err == nil {
			t.Errorf("%q is JSON", bad)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, text := range []string{
		"userName", "name.givenName", "members.$ref", `emails[type eq "work"]`, `emails[type eq "wo\"]rk" and primary eq true].value`,
		`members[value eq "a:b[c].d"]`, `roles[weight eq 5].display`, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
		`urn:a:b:things[type eq "x"].y`,
	} {
		p, err := protocol.ParsePath(text)
		if err != nil || p.String() != text {
			t.Errorf("%s became %s, %v", text, p, err)
		}
	}
	p := path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value")
	if p.Schema() != protocol.EnterpriseSchema || p.Attribute() != "manager" || p.Sub() != "value" || p.Filtered() {
		t.Errorf("parts of %s", p)
	}
	if got := path(`emails[ type EQ "work"  ].value`); got.String() != `emails[type eq "work"].value` || got.Unfiltered().String() != "emails.value" {
		t.Errorf("got %s, %s", got, got.Unfiltered())
	}
	if got := protocol.MemberPath(`a"b`).String(); got != `members[value eq "a\"b"]` {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{
		"", ".", "a.", ".a", "a b", "a[", "a[b]", `a[b eq]`, `a[b eq "c"`, `a[b eq "c"]d`, `a[b co "c"]`, `a[b eq null]`, `a[b eq [1]]`, `a[b eq "c" or d eq "e"]`,
		`a[b eq "c"and d eq "e"]`, "1a", ":a", "a:b", "urn:x y:a", "a\n", `a"b`, "a/b", "a?b", "ä",
	} {
		if got, err := protocol.ParsePath(bad); !directory.IsKind(err, directory.KindInvalid) {
			t.Errorf("%q is the path %s, %v", bad, got, err)
		}
	}
}

func TestResourceReadsPaths(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/", 200, `{"schemas":["x"],"id":"u1","externalId":"e","USERNAME":"ada","name":{"givenName":"Ada"},"meta":{"version":"W/\"1\""},
		"emails":[{"value":"a","type":"home"},{"value":"b","type":"Work","primary":"True"},{"value":"c"}],"roles":["r"],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user":{"department":"D","manager":{"value":"m"}}}`)
	r, err := get(t, p.client(), "u1")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"userName": "ada", "name.givenName": "Ada", "emails.value": "b", `emails[type eq "work"].value`: "b", `emails[type eq "home"].value`: "a",
		`emails[primary eq true].value`: "b", `emails[type eq "other"].value`: "", "name.familyName": "", "nickName": "",
		protocol.EnterpriseSchema + ":department": "D", protocol.EnterpriseSchema + ":manager.value": "m", protocol.UserSchema + ":userName": "ada",
	} {
		if got := r.Text(path(text)); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
	if n := len(r.All(path("emails.value"))); n != 3 || len(r.All(path("roles"))) != 1 || len(r.All(path("nickName"))) != 0 {
		t.Errorf("%d emails", n)
	}
	if r.ExternalID() != "e" || r.Version() != `W/"1"` || r.Kind() != protocol.Users || !r.Value().IsObject() {
		t.Errorf("parts of the resource")
	}
}

func TestANumericIdentifierIsText(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/", 200, `{"schemas":["x"],"id":42}`)
	if r, err := get(t, p.client(), "42"); err != nil || r.ID() != "42" {
		t.Errorf("%q, %v", r.ID(), err)
	}
	for _, body := range []string{`{"schemas":["x"]}`, `{"schemas":["x"],"id":""}`, `{"schemas":["x"],"id":{}}`, `{"schemas":["x"],"id":null}`} {
		p.answers("GET /Users/", 200, body)
		_, err := get(t, p.client(), "42")
		wantKind(t, err, directory.KindUnavailable)
	}
}

func TestDraftsDoOperationsAsAServiceProviderWould(t *testing.T) {
	type operation struct {
		op          protocol.Op
		path, value string
	}
	for name, tt := range map[string]struct {
		reason string
		do     []operation
		want   string
		fails  bool
	}{
		"set":                  {"a plain attribute", []operation{{"replace", "title", `"T"`}}, `{"title":"T"}`, false},
		"set twice":            {"the last one stays, whatever its case", []operation{{"replace", "title", `"T"`}, {"replace", "TITLE", `"U"`}}, `{"title":"U"}`, false},
		"add plain":            {"adding to a single value sets it", []operation{{"add", "title", `"T"`}, {"add", "title", `"U"`}}, `{"title":"U"}`, false},
		"complex":              {"sub-attributes are made", []operation{{"add", "name.givenName", `"A"`}, {"replace", "name.familyName", `"B"`}}, `{"name":{"givenName":"A","familyName":"B"}}`, false},
		"list":                 {"duplicates are not added", []operation{{"add", "members", `[{"value":"a"},{"value":"b"}]`}, {"add", "members", `[{"value":"b","display":"x"},{"value":"c"}]`}}, `{"members":[{"value":"a"},{"value":"b"},{"value":"c"}]}`, false},
		"one into a list":      {"RFC 7643 says that emails is a list", []operation{{"add", "emails", `{"value":"a"}`}}, `{"emails":[{"value":"a"}]}`, false},
		"sub of a list":        {"all of them", []operation{{"add", "emails", `[{"value":"a"},{"value":"b"}]`}, {"replace", "emails.primary", `false`}}, `{"emails":[{"value":"a","primary":false},{"value":"b","primary":false}]}`, false},
		"sub of an empty list": {"one is made", []operation{{"replace", "emails.value", `"a"`}}, `{"emails":[{"value":"a"}]}`, false},
		"filtered":             {"the one that matches", []operation{{"add", "emails", `[{"value":"a","type":"work"},{"value":"b"}]`}, {"replace", `emails[type eq "WORK"].value`, `"c"`}}, `{"emails":[{"value":"c","type":"work"},{"value":"b"}]}`, false},
		"filtered, none":       {"one is made that matches", []operation{{"replace", `emails[type eq "work"]`, `{"value":"c"}`}}, `{"emails":[{"value":"c","type":"work"}]}`, false},
		"remove":               {"gone", []operation{{"replace", "title", `"T"`}, {"remove", "title", `null`}, {"remove", "nickName", `null`}}, `{}`, false},
		"remove sub":           {"the rest stays", []operation{{"replace", "name", `{"givenName":"A","familyName":"B"}`}, {"remove", "name.givenName", `null`}}, `{"name":{"familyName":"B"}}`, false},
		"remove member":        {"exactly that one", []operation{{"add", "members", `[{"value":"a"},{"value":"A"}]`}, {"remove", `members[value eq "a"]`, `null`}}, `{"members":[{"value":"A"}]}`, false},
		"remove last":          {"an empty list is none", []operation{{"add", "members", `[{"value":"a"}]`}, {"remove", `members[value eq "a"]`, `null`}}, `{}`, false},
		"replace by nothing":   {"is a removal (RFC 7643 section 2.5)", []operation{{"replace", "title", `"T"`}, {"replace", "title", `null`}}, `{}`, false},
		"extension":            {"in its own object", []operation{{"replace", "urn:x:y:a", `"1"`}, {"replace", "urn:x:y:b", `"2"`}, {"remove", "urn:x:y:a", `null`}}, `{"urn:x:y":{"b":"2"}}`, false},
		"empty extension":      {"is not sent", []operation{{"replace", "urn:x:y:a", `"1"`}, {"remove", "urn:x:y:a", `null`}}, `{}`, false},
		"sub of text":          {"title is not complex", []operation{{"replace", "title", `"T"`}, {"replace", "title.x", `"U"`}}, ``, true},
		"filter on text":       {"title is no list", []operation{{"replace", "title", `"T"`}, {"remove", `title[a eq "b"]`, `null`}}, ``, true},
		"text for an element":  {"an element of emails is complex", []operation{{"replace", `emails[type eq "work"]`, `"x"`}}, ``, true},
		"unknown operation":    {"there are three", []operation{{"move", "title", `"x"`}}, ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := protocol.NewDraft(protocol.Groups)
			var err error
			for _, o := range tt.do {
				if err = d.Apply(protocol.Operation{Op: o.op, Path: path(o.path), Value: value(t, o.value)}); err != nil {
					break
				}
			}
			if tt.fails {
				wantKind(t, err, directory.KindInvalid)
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tt.reason, err)
			}
			got := normal(t, encoded(t, d.Value()))
			fields, ok := got.(map[string]any)
			if !ok || fields["schemas"] == nil {
				t.Fatalf("no schemas in %v", got)
			}
			delete(fields, "schemas")
			if diff := cmp.Diff(normal(t, tt.want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
		})
	}
}

func replaceBase(text, base string) string { return strings.ReplaceAll(text, "%BASE%", base) }
