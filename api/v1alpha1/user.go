package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RemovalPolicy says what becomes of the person when the User is deleted.
// +kubebuilder:validation:Enum=Remove;Disable;Delete;Retain
type RemovalPolicy string

const (
	// RemovalPolicyRemove takes the person out of the backend.
	RemovalPolicyRemove RemovalPolicy = "Remove"
	// RemovalPolicyDisable keeps the record and refuses sign-in.
	RemovalPolicyDisable RemovalPolicy = "Disable"
	// RemovalPolicyDelete takes the person out and erases the account, where the
	// backend keeps one beside the membership.
	RemovalPolicyDelete RemovalPolicy = "Delete"
	// RemovalPolicyRetain leaves the person as they are.
	RemovalPolicyRetain RemovalPolicy = "Retain"
)

// AccessState says whether a person may use what they are a member of.
// +kubebuilder:validation:Enum=Enabled;Disabled
type AccessState string

const (
	// AccessEnabled lets the person in.
	AccessEnabled AccessState = "Enabled"
	// AccessDisabled keeps the record and lets nobody in by it.
	AccessDisabled AccessState = "Disabled"
)

// JoinedBy says how a person came in.
// +kubebuilder:validation:Enum=Invitation;Link;Adopted
type JoinedBy string

const (
	// JoinedByInvitation: the person accepted an invitation.
	JoinedByInvitation JoinedBy = "Invitation"
	// JoinedByLink: the person followed an InviteLink.
	JoinedByLink JoinedBy = "Link"
	// JoinedByAdoption: the person was a member before the User was applied.
	JoinedByAdoption JoinedBy = "Adopted"
)

// Profile is what is known about a person. An omitted field is not managed:
// the backend keeps what it has.
type Profile struct {
	// displayName is the person's full name. The person confirms or corrects it
	// on acceptance; what they confirmed is kept until this field changes.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*\\\\S[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="displayName must hold a visible character, and no line breaks or control characters"
	DisplayName string `json:"displayName,omitempty"`
	// givenName is the person's first name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="givenName must not hold line breaks or control characters"
	GivenName string `json:"givenName,omitempty"`
	// familyName is the person's last name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="familyName must not hold line breaks or control characters"
	FamilyName string `json:"familyName,omitempty"`
	// title is the person's job title.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="title must not hold line breaks or control characters"
	Title string `json:"title,omitempty"`
	// phone is a number in international form (E.164), such as +14155550123.
	// +optional
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^\\\\+[1-9][0-9]{2,14}$')",message="phone must be in international form without spaces, such as +14155550123"
	Phone string `json:"phone,omitempty"`
	// locale is the person's language as a BCP 47 tag, such as en or de-AT.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=35
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$')",message="locale must be a language tag such as en or de-AT"
	Locale string `json:"locale,omitempty"`
	// attributes are further facts in the organization's own words.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 63 && self[k].size() <= 256)",message="an attribute's name has at most 63 characters and its value at most 256"
	Attributes map[string]AttributeValue `json:"attributes,omitempty"`
}

// AttributeValue is the value of an attribute.
// +kubebuilder:validation:MaxLength=256
type AttributeValue string

// RoleGrant gives a role.
type RoleGrant struct {
	// name of a Role of the same organization.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
	// businessUnit within which the role holds: required for a role of level
	// BusinessUnit, and not allowed for one of level Organization.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	BusinessUnit string `json:"businessUnit,omitempty"`
}

// UserInvitation says how this person is invited, and how often.
type UserInvitation struct {
	Invitation `json:",inline"`
	// revision counts the invitations asked for. Raising it asks for a new one:
	// after the last was declined, expired or revoked, or to send one again (the
	// older link dies). At most one in five minutes and five a day are issued
	// to one person; what is asked for earlier waits. It has no effect once the
	// person is in.
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Revision int64 `json:"revision,omitempty"`
}

// UserSpec says who the person is and what they belong to.
// +kubebuilder:validation:XValidation:rule="self.organizationRef.name == oldSelf.organizationRef.name",message="organizationRef cannot be changed; delete this User and apply one in the other organization"
type UserSpec struct {
	// organizationRef names the Organization that the person belongs to.
	// +required
	OrganizationRef LocalReference `json:"organizationRef,omitzero"`
	// email is the person's address: a bare addr-spec such as ada@example.com,
	// without a name, comments or quotes. The local part has at most 64
	// characters, the whole at most 254; the domain has at least two labels and
	// may be internationalized. It is compared without regard to case, and
	// at most one User of an organization has it. Changing it while an invitation
	// is pending revokes that and invites the new address. Once the person is in
	// it asks the new address for a confirmation, and the old one stays in force
	// until that is given.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^@\\\\s<>,;()\"]{1,64}@[^@\\\\s<>,;()\"\\\\[\\\\]]+\\\\.[^@\\\\s<>,;()\"\\\\[\\\\]]+$')",message="email must be a bare address such as ada@example.com: no name, spaces, comments or quotes, and a domain of at least two labels"
	Email string `json:"email,omitempty"`
	// profile is what is known about the person.
	// +optional
	Profile Profile `json:"profile,omitzero"`
	// roles that the person has, the whole list. Omitted: not managed, the
	// backend keeps what it has. []: none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Roles []RoleGrant `json:"roles,omitzero"`
	// businessUnits names the units that the person belongs to, the whole list.
	// Omitted: not managed, the backend keeps what it has. []: none. Whoever
	// has none is counted as unassigned in the Organization's status.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	BusinessUnits []string `json:"businessUnits,omitzero"`
	// invitation says how the person is invited.
	// +optional
	// +default={}
	Invitation UserInvitation `json:"invitation,omitzero"`
	// access Disabled keeps the person out: what is pending is revoked, whoever
	// is in cannot sign in any more. Enabled lets whoever was in come back as
	// they were, and invites anybody else anew.
	// +optional
	// +default="Enabled"
	Access AccessState `json:"access,omitempty"`
	// accessUntil is when access ends by itself, as if access were Disabled from
	// then on. Omitted: it does not end.
	// +optional
	AccessUntil *metav1.Time `json:"accessUntil,omitempty"`
	// removalPolicy says what becomes of the person when this object is
	// deleted. Remove takes them out of the organization. Disable keeps the
	// record and refuses sign-in. Retain leaves them as they are. A pending
	// invitation is revoked in each case.
	// +optional
	// +default="Remove"
	RemovalPolicy RemovalPolicy `json:"removalPolicy,omitempty"`
	// suspend stops all work on this object until it is false again: nothing is
	// sent, changed or removed. What was sent before stays valid. A deletion waits.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// UserInvitationStatus is how the newest invitation stands.
type UserInvitationStatus struct {
	// revision counts the invitations issued to this address.
	// +optional
	Revision int64 `json:"revision,omitempty"`
	// asked is the spec.invitation.revision that this invitation answers.
	// +optional
	Asked int64 `json:"asked,omitempty"`
	// sentAt is when the mail server took the mail.
	// +optional
	SentAt *metav1.Time `json:"sentAt,omitempty"`
	// expiresAt is when the link dies.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
	// attempts counts how often a mail server was asked to take the mail.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// linkSecretRef names the Secret that holds link and QR code while the
	// invitation is pending.
	// +optional
	LinkSecretRef *LocalReference `json:"linkSecretRef,omitempty"`
	// resendRequestedAt echoes the annotation iam.rollcall.dev/resend-requested-at
	// that this invitation answers.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ResendRequestedAt string `json:"resendRequestedAt,omitempty"`
	// reminders counts the reminders that were sent for this invitation.
	// +optional
	Reminders int32 `json:"reminders,omitempty"`
	// lastReminderAt is when the mail server took the last of them.
	// +optional
	LastReminderAt *metav1.Time `json:"lastReminderAt,omitempty"`
}

// UserStatus is where the person stands.
type UserStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// memberID is the backend's own key of the person.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	MemberID string `json:"memberID,omitempty"`
	// invitation is how the newest invitation stands.
	// +optional
	Invitation *UserInvitationStatus `json:"invitation,omitempty"`
	// address is the person's address in the backend, in canonical form. It
	// differs from spec.email until a changed address is confirmed.
	// +optional
	// +kubebuilder:validation:MaxLength=320
	Address string `json:"address,omitempty"`
	// acceptedAt is when the person came in.
	// +optional
	AcceptedAt *metav1.Time `json:"acceptedAt,omitempty"`
	// joinedBy says how the person came in.
	// +optional
	JoinedBy JoinedBy `json:"joinedBy,omitempty"`
	// conditions are Ready, ReferencesResolved, Provisioned, AccessApplied,
	// Invited, Pending, Accepted; RemovalBlocked, Reconciling and Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// User is one person in one organization, for the whole life of the membership:
// before, while and after they are invited. Ready does not wait for them; to
// wait for a person, say kubectl wait --for=condition=Accepted user/<name>.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=person
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 200",message="metadata.name must be 200 characters or less"
// +kubebuilder:printcolumn:name="Email",type=string,JSONPath=`.spec.email`
// +kubebuilder:printcolumn:name="Organization",type=string,priority=1,JSONPath=`.spec.organizationRef.name`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Invited",type=string,JSONPath=`.status.conditions[?(@.type=="Invited")].reason`
// +kubebuilder:printcolumn:name="Accepted",type=string,JSONPath=`.status.conditions[?(@.type=="Accepted")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Accepted")].reason`
// +kubebuilder:printcolumn:name="Expires",type=string,format=date-time,priority=1,JSONPath=`.status.invitation.expiresAt`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type User struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says who the person is, what they belong to, and how they are
	// invited. Only organizationRef and email are required; everything else can
	// follow later, and can change at any time, also while the invitation is
	// pending. An omitted profile field, list of roles or list of units is not
	// managed: the backend keeps what it has; an empty list means none. roles
	// are Roles of the organization, businessUnits its units; invitation says
	// how the person is reached, access and accessUntil whether and until when
	// they are let in, removalPolicy what becomes of them when the User is
	// deleted, and suspend stops all work on it.
	// +required
	Spec UserSpec `json:"spec,omitzero"`
	// status is where the person stands; nobody but Rollcall writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status UserStatus `json:"status,omitzero"`
}

// UserList is a list of Users.
//
// +kubebuilder:object:root=true
type UserList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []User `json:"items"`
}
