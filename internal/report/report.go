package report

import (
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Report is an export of one organization at one moment.
type Report struct {
	// RequestedAt is the request that it answers, as it was written.
	RequestedAt string
	// Complete is true when the backend vouches that nobody is missing from
	// Members. Nobody's absence follows from a report that is not.
	Complete bool
	// Members are everybody in the backend.
	Members []Member
	// Invitations are the newest of each address.
	Invitations []Invitation
	// Audit are the newest entries of the trail, newest first.
	Audit []AuditEntry
	// RemovalsDone counts the people who were removed or disabled within the
	// organization's safety.maxRemovals.window, and InvitationsDone the mails that
	// count for safety.maxInvitations within its window.
	RemovalsDone, InvitationsDone int
	// AuditTruncated is true when older audit entries exist that are not in it,
	// because they did not fit or because nobody asked for more.
	AuditTruncated bool
}

// Member is somebody in the backend.
type Member struct {
	// ID is the backend's own key.
	ID string `json:"id"`
	// Address is in canonical form.
	Address string                `json:"address"`
	State   directory.MemberState `json:"state"`
	Profile Profile               `json:"profile,omitzero"`
	// ConfirmedName is the name that the person gave on acceptance; may be empty.
	ConfirmedName string `json:"confirmedName,omitempty"`
	// Grants and Units are all of what the person may do.
	Grants []Grant  `json:"grants,omitempty"`
	Units  []string `json:"units,omitempty"`
	// JoinedAt is when the person became active, in whole seconds; zero before.
	JoinedAt time.Time `json:"joinedAt,omitzero"`
	// Held says which declaration manages the member; nil for none.
	Held *Holding `json:"held,omitempty"`
}

// Holding says that a declaration manages a member.
type Holding struct {
	// Holder is the name of the declaration, its User.
	Holder string                  `json:"holder"`
	Origin directory.HoldingOrigin `json:"origin"`
	// Applied is a fingerprint of what was applied last; empty for nothing yet.
	Applied string `json:"applied,omitempty"`
}

// Profile is what the backend knows about a person. An empty field is unknown.
type Profile struct {
	DisplayName string            `json:"displayName,omitempty"`
	GivenName   string            `json:"givenName,omitempty"`
	FamilyName  string            `json:"familyName,omitempty"`
	Title       string            `json:"title,omitempty"`
	Phone       string            `json:"phone,omitempty"`
	Locale      string            `json:"locale,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"`
}

// Grant gives a role.
type Grant struct {
	Role string `json:"role"`
	// Unit is where it holds; empty for the whole organization.
	Unit string `json:"unit,omitempty"`
}

// Invitation is the newest one of an address.
type Invitation struct {
	Address string `json:"address"`
	// Revision counts the invitations issued to the address, from 1.
	Revision int64 `json:"revision"`
	// Asked is what the declaration asked for and this one answers.
	Asked int64 `json:"asked,omitempty"`
	// Request is what somebody asked for by hand and this one answers; may be empty.
	Request string                      `json:"request,omitempty"`
	Purpose directory.InvitationPurpose `json:"purpose,omitempty"`
	// State is as of the moment of the report.
	State directory.InvitationState `json:"state"`
	// CreatedAt, ExpiresAt and Delivery are known while it is pending, and EndedAt
	// of one that has ended: ten thousand must fit into a report.
	CreatedAt time.Time `json:"createdAt,omitzero"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// Delivery is where the mail stands; "" when none was asked for.
	Delivery directory.DeliveryState `json:"delivery,omitempty"`
}

// AuditEntry is one line of the audit trail.
type AuditEntry struct {
	// ID sorts as the entries were written.
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	// Address is empty when the entry is about the organization itself.
	Address string `json:"address,omitempty"`
	// Invitation and Revision are empty when the entry is about none.
	Invitation string `json:"invitation,omitempty"`
	Revision   int64  `json:"revision,omitempty"`
	// Note says more; it holds no address, no token and no link.
	Note string `json:"note,omitempty"`
}

// MemberOf turns what a backend observed into what a report holds; the holding
// is the one of the member's address, nil for none.
func MemberOf(o directory.ObservedMember, held *directory.Holding) Member {
	m := Member{
		ID: o.ID, Address: o.Address, State: o.State, Profile: Profile(o.Profile),
		ConfirmedName: o.ConfirmedName, Units: o.Access.Units, JoinedAt: o.JoinedAt.Truncate(time.Second),
	}
	for _, g := range o.Access.Grants {
		m.Grants = append(m.Grants, Grant(g))
	}
	if held != nil {
		m.Held = &Holding{Holder: held.Holder, Origin: held.Origin, Applied: held.Applied}
	}
	return m
}

// Observed turns a member back into what the backend observed.
func (m Member) Observed(org directory.OrganizationID) directory.ObservedMember {
	o := directory.ObservedMember{
		Member: directory.Member{
			Organization: org, Address: m.Address, Profile: directory.Profile(m.Profile), State: m.State,
		},
		ID: m.ID, ConfirmedName: m.ConfirmedName, JoinedAt: m.JoinedAt,
		Access: directory.Access{Units: m.Units},
	}
	for _, g := range m.Grants {
		o.Access.Grants = append(o.Access.Grants, directory.Grant(g))
	}
	return o
}

// InvitationOf turns an invitation into what a report holds: what the person
// was told stays out, and times are whole seconds.
func InvitationOf(i directory.Invitation) Invitation {
	out := Invitation{
		Address: i.Address, Revision: i.Revision, Asked: i.Asked, Request: i.Request, Purpose: i.Purpose, State: i.State,
	}
	if i.State != directory.InvitationPending {
		out.EndedAt = i.EndedAt.Truncate(time.Second)
		return out
	}
	out.CreatedAt, out.ExpiresAt = i.CreatedAt.Truncate(time.Second), i.ExpiresAt.Truncate(time.Second)
	out.Delivery = i.Delivery.State
	return out
}

// Observed returns the members as the backend was seen to have them.
func (r Report) Observed(org directory.OrganizationID) []directory.ObservedMember {
	observed := make([]directory.ObservedMember, 0, len(r.Members))
	for _, m := range r.Members {
		observed = append(observed, m.Observed(org))
	}
	return observed
}

// Holdings returns who manages which of the members.
func (r Report) Holdings(org directory.OrganizationID) []directory.Holding {
	var holdings []directory.Holding
	for _, m := range r.Members {
		if m.Held != nil {
			holdings = append(holdings, directory.Holding{
				Organization: org, Address: m.Address, Holder: m.Held.Holder, Origin: m.Held.Origin, Applied: m.Held.Applied,
			})
		}
	}
	return holdings
}

// Newest returns the newest invitation of every address. Each has an ID, which
// is another than the ledger's.
func (r Report) Newest(org directory.OrganizationID) []directory.Invitation {
	newest := make([]directory.Invitation, 0, len(r.Invitations))
	for _, i := range r.Invitations {
		newest = append(newest, i.invitation(org))
	}
	return newest
}

func (i Invitation) invitation(org directory.OrganizationID) directory.Invitation {
	return directory.Invitation{
		ID: i.Address, Organization: org, Address: i.Address,
		Revision: i.Revision, Asked: i.Asked, Request: i.Request, Purpose: i.Purpose, State: i.State,
		CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, EndedAt: i.EndedAt,
		Delivery: directory.DeliveryStatus{State: i.Delivery},
	}
}
