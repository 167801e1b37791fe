package scimserver

import "time"

// Quirks is how a service provider differs from the book. The zero value is the
// book. Where a habit is known of a real provider, [AWSIdentityCenter] and its
// like name it, with the source.
type Quirks struct {
	PatchQuirks
	ListQuirks
	ResourceQuirks
	ProtocolQuirks
}

// PatchQuirks are habits on PATCH and PUT.
type PatchQuirks struct {
	// NoPatch is the status with which every PATCH is refused: 501 (RFC 7644
	// section 3.12) or 405. 0 means that PATCH is supported.
	NoPatch int
	// NoPut refuses every PUT with 405.
	NoPut bool
	// NoGroupPut refuses PUT of a group with 405.
	NoGroupPut bool
	// NoContent answers a PATCH with 204 and no body, which RFC 7644 section
	// 3.5.2 allows.
	NoContent bool
	// MemberChanges is the most members that one request may add and remove; more
	// are refused with 400. 0 means no limit.
	MemberChanges int
	// NoMemberReplace refuses to replace or remove all members at once, with 400.
	NoMemberReplace bool
	// RemoveMembers is how a member is removed from a group.
	RemoveMembers RemoveStyle
	// NoValuePaths refuses a path with a filter in it, with 400 invalidPath.
	NoValuePaths bool
	// WrappedMembers takes {"members": [...]} as the value of the path "members"
	// too.
	WrappedMembers bool
	// CapitalisedOps takes "Add", "Remove" and "Replace" only.
	CapitalisedOps bool
}

// RemoveStyle is how PATCH removes one member of a group.
type RemoveStyle string

const (
	// RemoveByFilter is the book: members[value eq "id"]. A "remove" of members
	// without a filter removes them all, whatever its value says.
	RemoveByFilter RemoveStyle = ""
	// RemoveByValue takes {"op": "remove", "path": "members", "value": [...]}
	// only, and refuses a filter with 400 invalidPath.
	RemoveByValue RemoveStyle = "ByValue"
	// RemoveEither takes both.
	RemoveEither RemoveStyle = "Either"
)

// ListQuirks are habits on listings and filters.
type ListQuirks struct {
	// Filter is how much of filters there is.
	Filter FilterStyle
	// FilterAttributes are the attributes that [FilterEq] knows. Default: userName
	// and externalId of users, displayName and externalId of groups.
	FilterAttributes []string
	// MaxCount is the most resources on a page. Default: 100.
	MaxCount int
	// DefaultCount is how many resources are on a page when the client does not
	// say. Default: MaxCount.
	DefaultCount int
	// ShortPages are pages with one resource fewer than asked for, on which
	// totalResults is right.
	ShortPages bool
	// IgnoreStartIndex answers every page with the first.
	IgnoreStartIndex bool
	// Endless answers every page with the first as if it were the one asked for,
	// and totalResults is always more than that.
	Endless bool
	// Total is what totalResults says.
	Total TotalStyle
	// Cursor is how much of RFC 9865 there is.
	Cursor CursorStyle
	// GroupsWithoutMembers lists groups without members; asked for one group, it
	// tells them.
	GroupsWithoutMembers bool
	// GroupWithoutMembers never tells a group's members.
	GroupWithoutMembers bool
}

// FilterStyle is how much of filters there is.
type FilterStyle string

const (
	// FilterFull is the book.
	FilterFull FilterStyle = ""
	// FilterEq knows "attribute eq value", and those joined by "and", on few
	// attributes; it refuses the rest with 400 invalidFilter.
	FilterEq FilterStyle = "Eq"
	// FilterRefused refuses every filter with 400 invalidFilter.
	FilterRefused FilterStyle = "Refused"
	// FilterIgnored answers as if there were no filter.
	FilterIgnored FilterStyle = "Ignored"
)

// TotalStyle is what totalResults says.
type TotalStyle string

const (
	// TotalRight is the book: the number of all resources that match.
	TotalRight TotalStyle = ""
	// TotalOfPage is the number of resources on this page.
	TotalOfPage TotalStyle = "OfPage"
	// TotalAbsent leaves it out.
	TotalAbsent TotalStyle = "Absent"
	// TotalTooFew is one fewer than there are.
	TotalTooFew TotalStyle = "TooFew"
	// TotalTooMany is one more than there are.
	TotalTooMany TotalStyle = "TooMany"
)

// CursorStyle is how much of RFC 9865 there is.
type CursorStyle string

const (
	// CursorNone ignores the parameter cursor.
	CursorNone CursorStyle = ""
	// CursorOffered pages by cursor when the client asks for it with an empty
	// one, and by index otherwise.
	CursorOffered CursorStyle = "Offered"
	// CursorDefault pages by cursor unless the client names a startIndex.
	CursorDefault CursorStyle = "Default"
	// CursorOnly refuses a startIndex above 1 with 400.
	CursorOnly CursorStyle = "Only"
)

// ResourceQuirks are habits of what users and groups look like.
type ResourceQuirks struct {
	// IDs makes the id of the n-th resource, counted from 1 over users and
	// groups. Default: 32 hexadecimal digits.
	IDs func(n int) string
	// NoGroups has no /Groups: 404, and no resource type.
	NoGroups bool
	// UsersWithoutGroups tells no user's groups.
	UsersWithoutGroups bool
	// UsersWithoutEmails tells no user's emails.
	UsersWithoutEmails bool
	// ActiveAsString answers with active "True" and "False".
	ActiveAsString bool
	// NoExternalID forgets every externalId.
	NoExternalID bool
	// UniqueExternalID refuses a second resource of one kind with the same
	// externalId with 409. RFC 7643 section 3.1 leaves it to the client.
	UniqueExternalID bool
	// UniqueGroupNames refuses a second group with the same displayName with 409.
	UniqueGroupNames bool
	// DeactivationDeletes removes a user who becomes inactive.
	DeactivationDeletes bool
	// DeleteDeactivates keeps a deleted user, inactive.
	DeleteDeactivates bool
	// NoDelete is the status with which DELETE of a user is refused, such as 405
	// or 501. 0 means that it is supported.
	NoDelete int
	// RejectUnknown refuses attributes outside the schemas with 400, where the
	// book ignores them.
	RejectUnknown bool
}

// ProtocolQuirks are habits of the protocol, and what is optional in it.
type ProtocolQuirks struct {
	// NoServiceProviderConfig, NoSchemas and NoResourceTypes answer 404 there.
	NoServiceProviderConfig, NoSchemas, NoResourceTypes bool
	// CreatedWithoutBody answers 201 with a Location and no body.
	CreatedWithoutBody bool
	// CreatedWithoutLocation answers 201 without the header Location.
	CreatedWithoutLocation bool
	// ETags offers entity tags, and honours If-Match (RFC 7644 section 3.14).
	ETags bool
	// RequireIfMatch refuses PUT, PATCH and DELETE without If-Match with 428.
	RequireIfMatch bool
	// Bulk is the most operations in a bulk request (RFC 7644 section 3.7). 0
	// means that there is no /Bulk.
	Bulk int
	// BulkTells puts resources as they are then into the answer to a bulk request,
	// which RFC 7644 section 3.7.3 leaves to the service provider.
	BulkTells bool
	// StaleReads is how many reads after a write still see what was before it.
	// [Server.Settle] ends that at once.
	StaleReads int
	// RateLimit refuses requests with 429.
	RateLimit RateLimit
	// Seats refuses users beyond a number.
	Seats Seats
}

// RateLimit is a limit that counts requests instead of time, so that a test
// needs no clock. The zero value is no limit.
type RateLimit struct {
	// Requests are answered, then Refusals are refused, then it begins anew.
	Requests, Refusals int
	// RetryAfter is what the refusal's header says, in whole seconds; 0 leaves the
	// header out.
	RetryAfter time.Duration
}

// Seats is what a licence allows. The zero value is no limit.
type Seats struct {
	// Limit is the most users, active or not. 0 means no limit.
	Limit int
	// Status of a refusal. Default: 403.
	Status int
	// SCIMType and Detail are in the refusal's body. Default: no type, and "No seats available.".
	SCIMType, Detail string
}

func (q Quirks) maxCount() int {
	if q.MaxCount > 0 {
		return q.MaxCount
	}
	return 100
}

func (q Quirks) defaultCount() int {
	if q.DefaultCount > 0 {
		return q.DefaultCount
	}
	return q.maxCount()
}
