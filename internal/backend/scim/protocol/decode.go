package protocol

import (
	"bytes"
	"mime"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// decodeObject returns the JSON object that is the answer's body. Anything else
// comes from something in between, or was cut off: nothing follows from it.
func decodeObject(op string, a answer) (Value, error) {
	if !mayBeJSON(a.header.Get("Content-Type")) {
		return Value{}, directory.Errorf(directory.KindUnavailable, op,
			"the answer is not json but a page of another kind; something else answers at this url")
	}
	if len(a.body) == 0 {
		return Value{}, directory.Errorf(directory.KindUnavailable, op, "the answer is empty where a resource was expected")
	}
	v, err := ParseValue(a.body)
	if err != nil {
		return Value{}, directory.Errorf(directory.KindUnavailable, op, "the answer is not json, or was cut off")
	}
	if !v.IsObject() {
		return Value{}, directory.Errorf(directory.KindUnavailable, op, "the answer is json but not an object")
	}
	return v, nil
}

// mayBeJSON is generous with service providers that name no type or a wrong
// one, as long as it is not that of a page for people.
func mayBeJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if contentType == "" {
		return true
	}
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json") || kind == "text/json" || kind == "text/plain")
}

// notSCIM is the error for a JSON object with status 200 that is no SCIM
// message. Casdoor answers so to whoever has no credentials:
// {"status":"error","msg":"…"}.
func notSCIM(op string) error {
	return directory.Errorf(directory.KindCredentials, op,
		"the answer is json but not scim: the credentials are not accepted, or there is no scim at this url")
}

// decodeDone accepts the answer to a change of which nobody wants to see the
// result: none, or a SCIM message. A page for people comes from something in
// between, and the change may never have arrived.
func decodeDone(op string, a answer) error {
	if len(bytes.TrimSpace(a.body)) == 0 {
		return nil
	}
	v, err := decodeObject(op, a)
	if err == nil && !v.Get("schemas").IsSet() && !v.Get("id").IsSet() {
		err = notSCIM(op)
	}
	return err
}

// decodeResource returns the one resource that the answer consists of.
func decodeResource(op string, kind ResourceKind, a answer) (Resource, error) {
	v, err := decodeObject(op, a)
	if err != nil {
		return Resource{}, err
	}
	r, ok := newResource(kind, v)
	if !ok {
		if len(v.Get("schemas").Elements()) == 0 {
			return Resource{}, notSCIM(op)
		}
		return Resource{}, directory.Errorf(directory.KindUnavailable, op, "the resource in the answer has no id")
	}
	if tag := a.header.Get("ETag"); tag != "" {
		r.version = tag
	}
	return r, nil
}

// newResource returns the resource; false when it has no id.
func newResource(kind ResourceKind, v Value) (Resource, bool) {
	id, ok := v.Get("id").Text()
	if !ok || id == "" || !v.IsObject() {
		return Resource{}, false
	}
	version, _ := v.Get("meta").Get("version").Text()
	return Resource{kind: kind, id: id, version: version, value: v}, true
}

// listing is a ListResponse (RFC 7644 section 3.4.2, RFC 9865 section 2).
type listing struct {
	values []Value
	// total is totalResults; -1 when it is not told.
	total int
	next  string
}

// decodeListing returns the ListResponse that the answer consists of. An answer
// that is not recognizably one is an error, never an empty listing.
func decodeListing(op string, a answer) (listing, error) {
	v, err := decodeObject(op, a)
	if err != nil {
		return listing{}, err
	}
	total, hasTotal := v.Get("totalResults").Int()
	resources := v.Get("Resources")
	named := slices.ContainsFunc(v.Get("schemas").Elements(), func(s Value) bool {
		text, _ := s.Text()
		return strings.EqualFold(text, listMessage)
	})
	switch {
	case !named && !hasTotal && !resources.IsList():
		return listing{}, notSCIM(op)
	case resources.raw != nil && !resources.IsList(), hasTotal && (total < 0 || total > 1<<40):
		return listing{}, directory.Errorf(directory.KindUnavailable, op, "the listing in the answer is malformed")
	}
	l := listing{values: resources.Elements(), total: -1}
	if hasTotal {
		l.total = int(total)
	}
	l.next, _ = v.Get("nextCursor").Text()
	return l, nil
}
