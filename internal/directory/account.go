package directory

// Acceptance is what an invited person gives when accepting.
type Acceptance struct {
	// Name is what the person wants to be called, trimmed, on one line.
	Name string
	// Password is normalized and follows the portal's policy. It is a secret:
	// only a hash of it may be kept.
	Password string
}

// Account is a person who is in, as they are shown to themselves. All of its
// text is from outside and must be escaped wherever it is shown.
type Account struct {
	Organization OrganizationID
	// OrganizationName is the organization's display name.
	OrganizationName string
	// Address is canonical.
	Address string
	Name    string
	// Roles and Units are display names, sorted.
	Roles []string
	Units []string
}
