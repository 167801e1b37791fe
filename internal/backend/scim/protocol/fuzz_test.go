package protocol

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func FuzzFilterQuoting(f *testing.F) {
	for _, seed := range []string{"", "a", `a"b`, `\`, `" or "1" eq "1`, "\x00\x1f\x7f", "é\u2028", "\U0001F600"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip()
		}
		quoted := quote(s)
		var back string
		if err := json.Unmarshal([]byte(quoted), &back); err != nil || back != s {
			t.Fatalf("%q became %s, which reads %q, %v", s, quoted, back, err)
		}
		if strings.ContainsFunc(quoted, unicode.IsControl) && !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 && unicode.IsControl(r) }) {
			t.Fatalf("control characters in %q", quoted)
		}
		path := Path{attribute: "emails", conditions: []condition{{"value", String(s)}}, sub: "type"}
		if read, err := ParsePath(path.String()); err != nil || read.String() != path.String() {
			t.Fatalf("%s reads %s, %v", path, read, err)
		}
	})
}

func FuzzPathParser(f *testing.F) {
	for _, seed := range []string{"userName", `emails[type eq "work" and primary eq true].value`, "urn:a:b:c.d", `a[b eq "]`, "a[b eq 1e5]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q reads %s, which reads %s, %v", text, p, again, err)
		}
	})
}

func FuzzCursorParser(f *testing.F) {
	r := ask{ListRequest: ListRequest{Kind: Users}}
	whole := &cursor{Fingerprint: fingerprint(r), Page: 3, Count: 100, Position: 300, Seen: 299, Total: 1000, Last: 1 << 63, Session: 7}
	f.Add(whole.String())
	f.Add((&cursor{Fingerprint: fingerprint(r), Mode: byCursor, Page: 1, Count: 1, Token: "abc", Total: -1}).String())
	f.Add("")
	f.Add("AAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseCursor(text, r)
		if err != nil {
			return
		}
		if again, err := parseCursor(at.String(), r); err != nil || again != at {
			t.Fatalf("%+v reads %+v, %v", at, again, err)
		}
		if at.startIndex() < 1 || at.Count < 1 {
			t.Fatalf("a page that cannot be asked for: %+v", at)
		}
	})
}

func FuzzFailureBodyParser(f *testing.F) {
	for _, seed := range []string{
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","detail":"a@b taken","status":"409"}`,
		`{"Errors":[{"description":"user_not_found","code":404}]}`, `{"detail":{"a":1}}`, `[]`, `<html>`, "{\"detail\":\"\xff\"}", `{"Errors":{"description":"x"}}`,
	} {
		f.Add(seed, 400)
	}
	c := &Client{options: Options{Clock: nil, MaxRetryAfter: time.Minute}}
	f.Fuzz(func(t *testing.T, text string, status int) {
		if status < 300 || status > 599 || status == 429 || status >= 500 || status == 404 || status == 410 || status/100 == 3 ||
			status == 408 || status == 421 || status == 423 || status == 425 {
			status = 400 // the others need a clock
		}
		_, err := c.refused(call{op: "test", method: http.MethodPost, resource: Users}, answer{status: status, header: http.Header{}, body: []byte(text)})
		message := err.Error()
		if strings.ContainsAny(message, "@\n\r\x00") || !utf8.ValidString(message) || strings.ContainsFunc(message, unicode.IsControl) {
			t.Fatalf("unfit for a status: %q", message)
		}
		if len(message) > len("test: the service provider answered 400 : ")+2*maxDetail {
			t.Fatalf("%d bytes", len(message))
		}
	})
}

func FuzzResourceDecoder(f *testing.F) {
	for _, seed := range []string{
		`{"schemas":["x"],"id":"1","emails":[{"value":"a","primary":true}],"urn:x":{"a":1}}`, `{"id":1}`, `{"totalResults":1,"Resources":[{"id":"a"}]}`,
		`{"Resources":null,"totalResults":0}`, `{"id":"a","ID":"b","Id":"c"}`, `null`, strings.Repeat("[", 2000), `{"id":"1","emails":{"value":1e999}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := answer{status: 200, header: http.Header{}, body: data}
		if l, err := decodeListing("test", a); err == nil {
			for _, v := range l.values {
				if r, ok := newResource(Users, v); ok && r.ID() == "" {
					t.Fatal("a resource without an id")
				}
			}
		}
		r, err := decodeResource("test", Users, a)
		if err != nil {
			return
		}
		d := draftOf(r, Features{})
		for _, p := range []string{"emails.value", `emails[type eq "work"].value`, "name.givenName", "urn:x:a", "userName"} {
			r.At(MustPath(p))
			r.All(MustPath(p))
			_ = d.Set(MustPath(p), String("x"))
			_ = d.Add(MustPath(p), List(String("y")))
			_ = d.Remove(MustPath(p))
		}
		body, err := encode("test", d.Value())
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := ParseValue(body); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
