package directory

// OrganizationID names a tenant: "<namespace>/<name>" of its declaration. It is
// a function of what is declared, never of a UID, so that an Organization that
// is recreated, or restored from a backup, is the same tenant.
type OrganizationID string

// Organization is a tenant: a closed set of members, units and roles.
type Organization struct {
	ID          OrganizationID
	DisplayName string
	Mail        MailIdentity
	// UnknownDelivery says what follows when nobody can know whether the mail
	// server took a message; the zero value means [UnknownResendOnce].
	UnknownDelivery UnknownDelivery
	// SignInURL is where people sign in who have accepted; it is an absolute URL.
	// Empty means that the portal signs them in, with a password that they choose;
	// see [SignInStyle].
	SignInURL string
}

// MailIdentity says as whom an organization writes, and through which server.
type MailIdentity struct {
	// From is an addr-spec; empty means the sender configured for the process.
	From string
	// ReplyTo is an addr-spec; empty means no Reply-To header.
	ReplyTo string
	// Server is "<namespace>/<name>" of a Secret that holds the connection to
	// the mail server; empty means the server configured for the process.
	Server string
}

// UnknownDelivery is an organization's choice between a possible second mail
// and a possible missing one.
type UnknownDelivery string

const (
	// UnknownResendOnce hands the same message over once more: never lost, at
	// most one duplicate, with the same Message-ID and the same link.
	UnknownResendOnce UnknownDelivery = "ResendOnce"
	// UnknownHold leaves it to a human: never a duplicate.
	UnknownHold UnknownDelivery = "Hold"
)

// Unit is a part of an organization: a team, a practice, a business unit.
// Name is its key within the organization.
type Unit struct {
	Organization OrganizationID
	Name         string
	DisplayName  string
	// Parent is the Name of the unit above; empty for one at the top.
	Parent string
}

// Role is a named set of permissions. Name is its key within the organization.
type Role struct {
	Organization OrganizationID
	Name         string
	DisplayName  string
	Level        RoleLevel
	// Permissions are the effective ones, with those of included roles, sorted.
	Permissions []string
}

// RoleLevel says where a role can be granted.
type RoleLevel string

const (
	// LevelOrganization roles hold in the whole organization.
	LevelOrganization RoleLevel = "Organization"
	// LevelBusinessUnit roles hold within one unit at a time.
	LevelBusinessUnit RoleLevel = "BusinessUnit"
)
