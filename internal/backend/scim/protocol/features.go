package protocol

import "time"

// Features are what the service provider can do: what it says in
// /ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 section 4), then
// [Overrides], then cautious assumptions.
type Features struct {
	// Patch says whether PATCH is supported; without it [Client.Update] uses PUT.
	Patch bool
	// Filter says whether listings can be filtered.
	Filter bool
	// ETag says whether versions are offered (RFC 7644 section 3.14).
	ETag bool
	// Cursor says whether pages are followed by a cursor (RFC 9865).
	Cursor bool
	// Delete says whether resources may be deleted.
	Delete bool
	// Bulk says whether and how much is taken at once.
	Bulk BulkFeature
	// MaxResults is the most resources of one answer; 0 when unknown.
	MaxResults int
	// PageSize is how many resources a listing asks for by default.
	PageSize int
	// MaxPatchMembers is the most members that one PATCH adds or removes.
	MaxPatchMembers int
	// RemoveMembers is the form in which members are removed, as far as known.
	RemoveMembers RemoveForm
	// Users and Groups are the resource types.
	Users, Groups ResourceType
	// Assumed are short sentences, sorted, on what was not discovered and
	// therefore assumed; empty when everything was discovered.
	Assumed []string
	// DiscoveredAt is when the service provider was asked.
	DiscoveredAt time.Time

	schemas map[string]schema // by lower-case URI; nil when unknown
}

// BulkFeature is what /Bulk takes (RFC 7643 section 5).
type BulkFeature struct {
	// Supported says whether there is /Bulk.
	Supported bool
	// MaxOperations is the most operations of one request, at least 1.
	MaxOperations int
	// MaxPayload is the largest body of one request, in bytes.
	MaxPayload int64
}

// ResourceType is where a kind of resource is found and what it consists of
// (RFC 7643 section 6).
type ResourceType struct {
	// Supported is false when the service provider does not have the kind.
	Supported bool
	// Endpoint is the path below the URL, beginning with a slash.
	Endpoint string
	// Schema is the URI of the base schema.
	Schema string
	// Extensions are the URIs of the extension schemas, sorted.
	Extensions []string
}

// Type returns the resource type of the kind.
func (f Features) Type(kind ResourceKind) ResourceType {
	if kind == Groups {
		return f.Groups
	}
	return f.Users
}

// Knowledge says what is known about an attribute.
type Knowledge int8

const (
	// Unknown: the service provider does not describe its schemas; try it.
	Unknown Knowledge = iota
	// Defined: the service provider has the attribute.
	Defined
	// Undefined: the service provider describes the schema, and the attribute is
	// not in it; what is sent there is lost or refused.
	Undefined
)

// Attribute is the definition of an attribute or sub-attribute (RFC 7643
// section 7). Where the service provider says nothing it is that of RFC 7643
// section 8.7.1, or the defaults of section 2.2.
type Attribute struct {
	// Name is as the schema spells it, without its parent's.
	Name string
	// Type is string, boolean, decimal, integer, dateTime, reference, binary or
	// complex.
	Type string
	// MultiValued says whether the value is a list.
	MultiValued bool
	// Required says whether a resource without it is refused.
	Required bool
	// CaseExact says whether values that differ in case only are different.
	CaseExact bool
	// Mutability is one of four.
	Mutability Mutability
	// Returned is always, never, default or request.
	Returned string
	// Uniqueness is none, server or global.
	Uniqueness string
	// CanonicalValues are the suggested values; service providers may refuse others.
	CanonicalValues []string
}

// Mutability says when an attribute can be written (RFC 7643 section 7).
type Mutability string

const (
	// ReadWrite can be written any time.
	ReadWrite Mutability = "readWrite"
	// ReadOnly is never written by us.
	ReadOnly Mutability = "readOnly"
	// Immutable is written on creation only.
	Immutable Mutability = "immutable"
	// WriteOnly is written and never returned.
	WriteOnly Mutability = "writeOnly"
)
