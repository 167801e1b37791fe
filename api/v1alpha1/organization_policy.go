package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UndeclaredPolicy says what becomes of members whom no User declares.
// +kubebuilder:validation:Enum=Ignore;Report;Remove
type UndeclaredPolicy string

const (
	// UndeclaredIgnore does not look for them.
	UndeclaredIgnore UndeclaredPolicy = "Ignore"
	// UndeclaredReport counts them in the status, and leaves them alone.
	UndeclaredReport UndeclaredPolicy = "Report"
	// UndeclaredRemove removes them, as far as the safety rails allow.
	UndeclaredRemove UndeclaredPolicy = "Remove"
)

// DriftPolicy says what follows when a member in the backend is not as the User declares.
// +kubebuilder:validation:Enum=Correct;Report
type DriftPolicy string

const (
	// DriftCorrect makes the member as declared again.
	DriftCorrect DriftPolicy = "Correct"
	// DriftReport counts it in the status, and leaves it until the User is edited.
	DriftReport DriftPolicy = "Report"
)

// DeletionPolicy says what becomes of the tenant when the Organization is deleted.
// +kubebuilder:validation:Enum=Retain;Remove
type DeletionPolicy string

const (
	// DeletionRetain leaves the tenant, with everybody in it, in the backend.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionRemove removes the tenant with everything in it.
	DeletionRemove DeletionPolicy = "Remove"
)

// Mode says whether Rollcall acts.
// +kubebuilder:validation:Enum=Enforce;Plan
type Mode string

const (
	// ModeEnforce does what is declared.
	ModeEnforce Mode = "Enforce"
	// ModePlan computes what would be done, tells it in the status, and does nothing.
	ModePlan Mode = "Plan"
)

// OrganizationMembership says what is done about what the backend has and Git does not.
type OrganizationMembership struct {
	// undeclared says what becomes of members whom no User declares. Ignore does
	// not look for them. Report counts them in the status. Remove removes them:
	// Git then owns the whole tenant, also who came into it by other ways; in a
	// system that is one organization itself only those go who were created or
	// adopted by this operator. The safety rails hold, and a listing that the
	// backend does not vouch for as complete removes nobody.
	// +optional
	// +default="Report"
	Undeclared UndeclaredPolicy `json:"undeclared,omitempty"`
	// drift says what is done when somebody changed a declared member in the
	// backend. Correct makes the member as declared again. Report counts it in
	// the status and leaves it until the User is edited.
	// +optional
	// +default="Correct"
	Drift DriftPolicy `json:"drift,omitempty"`
}

// RemovalLimit says how many people may go within a time before Rollcall asks.
type RemovalLimit struct {
	// percent of the people of the organization that may be removed within the
	// window, from 0 to 100.
	// +optional
	// +default=25
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Percent *int32 `json:"percent,omitempty"`
	// floor is how many may go in any case, however small the organization. They
	// go at once; more go only when it is seen how many there are.
	// +optional
	// +default=5
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Floor *int32 `json:"floor,omitempty"`
	// window is the time within which removals are added up, from 1m to 168h.
	// +optional
	// +default="1h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('168h')",message="window must be from 1m to 168h, such as 1h"
	Window *metav1.Duration `json:"window,omitempty"`
}

// InvitationLimit says how many invitations may leave within a time before Rollcall asks.
type InvitationLimit struct {
	// percent of the people of the organization that may be mailed within the
	// window, from 0 to 1000.
	// +optional
	// +default=25
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Percent *int32 `json:"percent,omitempty"`
	// floor is how many may be mailed in any case, however small the organization.
	// +optional
	// +default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Floor *int32 `json:"floor,omitempty"`
	// window is the time within which mails are added up, from 1m to 168h.
	// +optional
	// +default="1h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('168h')",message="window must be from 1m to 168h, such as 1h"
	Window *metav1.Duration `json:"window,omitempty"`
}

// OrganizationSafety are the rails: what is stopped until somebody approves it.
type OrganizationSafety struct {
	// minAdministrators is how many people who are in, and have a Role that
	// administers, must be left: whoever would go below is not removed, disabled
	// or demoted. 0 turns this rail off.
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	MinAdministrators *int32 `json:"minAdministrators,omitempty"`
	// protectedEmails are addresses of people who are never removed or disabled.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=3
	// +kubebuilder:validation:items:MaxLength=254
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[^@\\\\s<>,;\"]+@[^@\\\\s<>,;\"]+\\\\.[^@\\\\s<>,;\"]+$')",message="each of protectedEmails must be a bare address such as owner@example.com"
	ProtectedEmails []string `json:"protectedEmails,omitempty"`
	// maxRemovals is how many people may be removed or disabled within a time,
	// however they come: one by one, as a prune does, or all at once. Beyond it
	// nobody goes until the wave is approved.
	// +optional
	// +default={}
	MaxRemovals RemovalLimit `json:"maxRemovals,omitzero"`
	// removalDelay is how long a deleted User waits before the person is
	// removed, from 0s to 24h. A User with the same address that appears
	// meanwhile takes the membership over: a renamed manifest removes nobody,
	// also where a tool deletes first and creates afterwards.
	// +optional
	// +default="5s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('24h')",message="removalDelay must be from 0s to 24h, such as 5s"
	RemovalDelay *metav1.Duration `json:"removalDelay,omitempty"`
	// maxInvitations is how many people may be mailed within a time who are in no
	// InviteBatch and came by no InviteLink. Beyond it nothing is mailed until
	// the wave is approved.
	// +optional
	// +default={}
	MaxInvitations InvitationLimit `json:"maxInvitations,omitzero"`
}
