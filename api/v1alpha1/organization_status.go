package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// OrganizationCounts counts the Users of an organization.
type OrganizationCounts struct {
	// total is the number of Users that name the organization.
	// +optional
	Total int32 `json:"total"`
	// pending have an invitation outstanding.
	// +optional
	Pending int32 `json:"pending"`
	// accepted are in.
	// +optional
	Accepted int32 `json:"accepted"`
	// unassigned belong to no business unit.
	// +optional
	Unassigned int32 `json:"unassigned"`
	// notReady have something that the operator is working on, or that somebody must edit.
	// +optional
	NotReady int32 `json:"notReady"`
	// expired did not follow their link in time.
	// +optional
	Expired int32 `json:"expired"`
	// declined said no.
	// +optional
	Declined int32 `json:"declined"`
}

// PlannedAction says what would be done.
// +kubebuilder:validation:Enum=Invite;Adopt;Change;Disable;Remove
type PlannedAction string

const (
	// PlannedInvite issues an invitation.
	PlannedInvite PlannedAction = "Invite"
	// PlannedAdopt takes over somebody who is a member already, without inviting them.
	PlannedAdopt PlannedAction = "Adopt"
	// PlannedChange changes profile, roles or units of a member.
	PlannedChange PlannedAction = "Change"
	// PlannedDisable keeps a member out.
	PlannedDisable PlannedAction = "Disable"
	// PlannedRemove removes a member.
	PlannedRemove PlannedAction = "Remove"
)

// PlannedEntry is one thing that would be done.
type PlannedEntry struct {
	// action is one of Invite, Adopt, Change, Disable, Remove.
	// +required
	Action PlannedAction `json:"action,omitempty"`
	// user is the name of the User; omitted for a member whom none declares.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	User string `json:"user,omitempty"`
	// memberID is the backend's key of a member whom no User declares.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	MemberID string `json:"memberID,omitempty"`
	// detail says what differs, such as roles.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Detail string `json:"detail,omitempty"`
}

// OrganizationPlan is what would be done if the mode were Enforce.
type OrganizationPlan struct {
	// invite counts the invitations that would be issued.
	// +optional
	Invite int32 `json:"invite"`
	// adopt counts the members who would be taken over without an invitation.
	// +optional
	Adopt int32 `json:"adopt"`
	// change counts the members who would be changed.
	// +optional
	Change int32 `json:"change"`
	// disable counts the members who would be kept out.
	// +optional
	Disable int32 `json:"disable"`
	// remove counts the members who would be removed.
	// +optional
	Remove int32 `json:"remove"`
	// entries are the first 50 of them: removals first, then what disables,
	// changes, adopts and invites, each by name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Entries []PlannedEntry `json:"entries,omitempty"`
}

// ObservedMembers counts what the last complete listing of the backend showed.
type ObservedMembers struct {
	// total is the number of members in the backend.
	// +optional
	Total int32 `json:"total"`
	// undeclared counts the members whom no User declares.
	// +optional
	Undeclared int32 `json:"undeclared"`
	// drifted counts the members that are not as their User declares.
	// +optional
	Drifted int32 `json:"drifted"`
	// observedAt is when that listing was made, in an Organization that names an
	// IdentityBackend; omitted in any other.
	// +optional
	ObservedAt *metav1.Time `json:"observedAt,omitempty"`
}

// HeldWave is what a rail stopped: a number of removals or invitations that
// wait for an approval.
type HeldWave struct {
	// wave names exactly what was seen; an approval is for this and nothing else.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Wave string `json:"wave,omitempty"`
	// waiting counts what is stopped.
	// +optional
	Waiting int32 `json:"waiting"`
	// done counts what went through within the window.
	// +optional
	Done int32 `json:"done"`
	// limit is how many may go through within the window without an approval.
	// +optional
	Limit int32 `json:"limit"`
}

// OrganizationReport tells where an export was written.
type OrganizationReport struct {
	// requestedAt echoes the annotation iam.rollcall.dev/report-requested-at
	// that the report answers.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	RequestedAt string `json:"requestedAt,omitempty"`
	// secretRef names the Secret that holds it; it is deleted after ten minutes,
	// and this field with it.
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`
	// reason says in one word why there is no Secret, such as SecretDenied; it is
	// tried again for ten minutes. Omitted once it was written.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`
	// message says the same in a sentence, and what to do about it.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// OrganizationStatus is how the organization stands.
type OrganizationStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// users counts the Users of this organization; it follows changes within seconds.
	// +optional
	Users *OrganizationCounts `json:"users,omitempty"`
	// members counts what the last complete listing of the backend showed.
	// Omitted before the first, and while undeclared is Ignore and drift Report.
	// +optional
	Members *ObservedMembers `json:"members,omitempty"`
	// resyncRequestedAt echoes the annotation iam.rollcall.dev/resync-requested-at
	// once a listing that it asked for is complete.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ResyncRequestedAt string `json:"resyncRequestedAt,omitempty"`
	// plan is what would be done, while the mode is Plan.
	// +optional
	Plan *OrganizationPlan `json:"plan,omitempty"`
	// heldRemovals is what the removal rail stopped, while it does.
	// +optional
	HeldRemovals *HeldWave `json:"heldRemovals,omitempty"`
	// heldInvitations is what the invitation rail stopped, while it does.
	// +optional
	HeldInvitations *HeldWave `json:"heldInvitations,omitempty"`
	// report tells where the last export was written.
	// +optional
	Report *OrganizationReport `json:"report,omitempty"`
	// conditions are Ready, BackendReady, Provisioned, RemovalsPaused,
	// InvitationsPaused, DriftDetected; Reconciling and Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
