package protocol

import "strings"

// ResourceKind is a type of resource that the client works with.
type ResourceKind string

const (
	// Users are resources of the schema [UserSchema], RFC 7643 section 4.1.
	Users ResourceKind = "Users"
	// Groups are resources of the schema [GroupSchema], RFC 7643 section 4.2.
	Groups ResourceKind = "Groups"
)

// Schema URIs of RFC 7643 section 10.
const (
	// UserSchema is the core schema of users.
	UserSchema = "urn:ietf:params:scim:schemas:core:2.0:User"
	// GroupSchema is the core schema of groups.
	GroupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group"
	// EnterpriseSchema is the extension of users by department, manager and so on.
	EnterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// Message URIs of RFC 7644 section 8.2.
const (
	listMessage  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchMessage = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	bulkRequest  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
)

// schema returns the core schema of the kind.
func (k ResourceKind) schema() string {
	if k == Groups {
		return GroupSchema
	}
	return UserSchema
}

// noun is what one resource of the kind is called in an error.
func (k ResourceKind) noun() string {
	return strings.ToLower(strings.TrimSuffix(string(k), "s"))
}
