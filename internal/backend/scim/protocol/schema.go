package protocol

import (
	"cmp"
	"strings"
)

// schema are the definitions of a schema's attributes, by lower-case name.
type schema map[string]definition

type definition struct {
	Attribute
	// subs are nil when the service provider does not describe them.
	subs schema
}

// parseSchemas reads /Schemas; nil when there is nothing in it.
func parseSchemas(v Value) map[string]schema {
	if !v.IsSet() {
		return nil
	}
	all := map[string]schema{}
	for _, e := range entries(v) {
		if uri, ok := e.Get("id").Text(); ok {
			all[strings.ToLower(uri)] = parseAttributes(e.Get("attributes"), 0)
		}
	}
	return all
}

func parseAttributes(list Value, depth int) schema {
	// Sub-attributes have none of their own (RFC 7643 section 7).
	if !list.IsSet() || depth > 1 {
		return nil
	}
	all := schema{}
	for _, v := range list.Elements() {
		a := parseAttribute(v)
		if a.Name != "" {
			all[strings.ToLower(a.Name)] = definition{Attribute: a, subs: parseAttributes(v.Get("subAttributes"), depth+1)}
		}
	}
	return all
}

// parseAttribute reads a definition; defaults are those of RFC 7643 section 2.2.
func parseAttribute(v Value) Attribute {
	text := func(name, fallback string) string {
		s, _ := v.Get(name).Text()
		return cmp.Or(s, fallback)
	}
	a := Attribute{
		Name: text("name", ""), Type: text("type", "string"), Mutability: mutability(text("mutability", "")),
		Returned: text("returned", "default"), Uniqueness: text("uniqueness", "none"),
	}
	a.MultiValued, _ = v.Get("multiValued").Bool()
	a.Required, _ = v.Get("required").Bool()
	a.CaseExact, _ = v.Get("caseExact").Bool()
	for _, c := range v.Get("canonicalValues").Elements() {
		if s, ok := c.Text(); ok {
			a.CanonicalValues = append(a.CanonicalValues, s)
		}
	}
	return a
}

func mutability(text string) Mutability {
	for _, m := range []Mutability{ReadOnly, Immutable, WriteOnly} {
		if strings.EqualFold(text, string(m)) {
			return m
		}
	}
	return ReadWrite
}

// Attribute returns the definition of the attribute at the path (its value
// filter does not matter), and how far it is known. Attributes that all
// resources have, such as externalId, are always defined (RFC 7643 section 3.1).
func (f Features) Attribute(kind ResourceKind, p Path) (Attribute, Knowledge) {
	if a, ok := commonAttribute(p); ok {
		return a, Defined
	}
	uri := cmp.Or(p.schema, f.Type(kind).Schema)
	described, ok := f.schemas[strings.ToLower(uri)]
	if !ok || len(described) == 0 {
		return assumedAttribute(p), f.knowledgeWithout(p, kind, ok)
	}
	d, ok := described[strings.ToLower(p.attribute)]
	switch {
	case !ok:
		return assumedAttribute(p), Undefined
	case p.sub == "":
		return d.Attribute, Defined
	case d.subs == nil:
		return assumedAttribute(p), Unknown
	}
	sub, ok := d.subs[strings.ToLower(p.sub)]
	if !ok {
		return assumedAttribute(p), Undefined
	}
	return sub.Attribute, Defined
}

// knowledgeWithout says what follows when the schema is not described: an
// extension that is neither described nor named by the resource type is not there.
func (f Features) knowledgeWithout(p Path, kind ResourceKind, present bool) Knowledge {
	extension := p.schema != "" && !strings.EqualFold(p.schema, f.Type(kind).Schema)
	if f.schemas == nil || present || !extension {
		return Unknown
	}
	for _, uri := range f.Type(kind).Extensions {
		if strings.EqualFold(uri, p.schema) {
			return Unknown
		}
	}
	return Undefined
}

func commonAttribute(p Path) (Attribute, bool) {
	if p.schema != "" && p.schema != UserSchema && p.schema != GroupSchema {
		return Attribute{}, false
	}
	a := Attribute{Name: p.attribute, Type: "string", Mutability: ReadOnly, Returned: "default", Uniqueness: "none", CaseExact: true}
	switch strings.ToLower(p.attribute) {
	case "id":
		a.Returned, a.Uniqueness = "always", "server"
	case "externalid":
		a.Mutability = ReadWrite
	case "schemas":
		a.MultiValued, a.Returned = true, "always"
	case "meta":
		a.Type = "complex"
	default:
		return Attribute{}, false
	}
	return a, true
}

// assumedAttribute is what an attribute is when nobody says.
func assumedAttribute(p Path) Attribute {
	a := Attribute{Name: cmp.Or(p.sub, p.attribute), Type: "string", Mutability: ReadWrite, Returned: "default", Uniqueness: "none"}
	if p.schema == "" && p.sub == "" && severalValues(p.attribute) {
		a.Type, a.MultiValued = "complex", true
	}
	return a
}

// severalValues reports whether the attribute is one of those of RFC 7643
// sections 4.1.2 and 4.2 that are lists.
func severalValues(attribute string) bool {
	switch strings.ToLower(attribute) {
	case "emails", "phonenumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles", "x509certificates", "members":
		return true
	}
	return false
}

// caseExact reports whether values of the attribute that differ in case only are
// different. The schema of RFC 7643 section 8.7.1 decides for what accounts are
// matched by, whatever the service provider describes: mistakes there are common
// and would hide an account.
func (f Features) caseExact(kind ResourceKind, p Path) bool {
	if p.schema == "" || strings.EqualFold(p.schema, kind.schema()) {
		switch strings.ToLower(p.attribute) {
		case "username", "emails", "displayname":
			return false
		case "id", "externalid", "members":
			return true
		}
	}
	a, _ := f.Attribute(kind, p)
	return a.CaseExact
}
