package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// JoinApproval says whether somebody has to approve each person who joins.
// +kubebuilder:validation:Enum=None;Required
type JoinApproval string

const (
	// ApprovalNone lets people in once they have confirmed their address.
	ApprovalNone JoinApproval = "None"
	// ApprovalRequired makes them wait until their User's access is enabled.
	ApprovalRequired JoinApproval = "Required"
)

// LinkTemplate is what every User made by an InviteLink gets. Omitted fields
// mean what they mean in a User.
type LinkTemplate struct {
	// roles that each person has.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Roles []RoleGrant `json:"roles,omitzero"`
	// businessUnits names the units that each person belongs to.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	BusinessUnits []string `json:"businessUnits,omitzero"`
	// removalPolicy of each User.
	// +optional
	// +default="Remove"
	RemovalPolicy RemovalPolicy `json:"removalPolicy,omitempty"`
}

// InviteLinkSpec says who can join by the link, and to what.
// +kubebuilder:validation:XValidation:rule="self.organizationRef.name == oldSelf.organizationRef.name",message="organizationRef cannot be changed; create another InviteLink"
type InviteLinkSpec struct {
	// organizationRef names the Organization that people join.
	// +required
	OrganizationRef LocalReference `json:"organizationRef,omitzero"`
	// maxUses is how many people can join by the link, from 1 to 100000. Raising
	// it lets further people join; lowering it takes nobody out. A rotation does
	// not start the count anew.
	// +optional
	// +default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	MaxUses *int32 `json:"maxUses,omitempty"`
	// expiresAfter is how long the link is good for, from 15m to 2160h (90
	// days), counted from the moment it is issued or rotated. A change holds for
	// the link that is there.
	// +optional
	// +default="168h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('15m') && duration(self) <= duration('2160h')",message="expiresAfter must be from 15m to 2160h (90 days), such as 168h"
	ExpiresAfter *metav1.Duration `json:"expiresAfter,omitempty"`
	// allowedDomains are the domains whose addresses can join, such as
	// example.com; a domain does not stand for those below it. Omitted: any.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=3
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[^@\\\\s<>,;\"*]+\\\\.[^@\\\\s<>,;\"*]+$')",message="each of allowedDomains must be a domain such as example.com, without @ or *"
	AllowedDomains []string `json:"allowedDomains,omitempty"`
	// approval Required makes everybody who joins wait until somebody sets
	// spec.access of their User to Enabled; kubectl rollcall approve does it.
	// +optional
	// +default="None"
	Approval JoinApproval `json:"approval,omitempty"`
	// access Disabled closes the link: nobody can join by it any more until it
	// is Enabled again. Who has joined stays. Deleting the InviteLink closes it
	// for good.
	// +optional
	// +default="Enabled"
	Access AccessState `json:"access,omitempty"`
	// rotation counts the links asked for. Raising it makes a new link; the
	// older one dies at once.
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Rotation int64 `json:"rotation,omitempty"`
	// template is what everybody who joins gets. A change holds for those who
	// join from then on; Users that are there are edited one by one.
	// +optional
	// +default={}
	Template LinkTemplate `json:"template,omitzero"`
}

// InviteLinkStatus is how the link stands.
type InviteLinkStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// uses counts the people who have joined by the link.
	// +optional
	Uses int32 `json:"uses"`
	// awaitingApproval counts, among them, those who wait for an approval.
	// +optional
	AwaitingApproval int32 `json:"awaitingApproval"`
	// rotation is the spec.rotation that the link answers.
	// +optional
	Rotation int64 `json:"rotation,omitempty"`
	// expiresAt is when the link dies.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
	// linkSecretRef names the Secret that holds link and QR code while people
	// can join by it.
	// +optional
	LinkSecretRef *LocalReference `json:"linkSecretRef,omitempty"`
	// conditions are Ready, ReferencesResolved, Published, Open; Reconciling and
	// Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// InviteLink is one shareable link by which many people can join: bounded in
// uses, time and domains. Each person confirms their address by mail first, and
// becomes a User labelled with the link's name. The operator must be allowed to
// write Secrets in this namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=invlink
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be 63 characters or less: it is the value of a label on every User who joins"
// +kubebuilder:printcolumn:name="Organization",type=string,priority=1,JSONPath=`.spec.organizationRef.name`
// +kubebuilder:printcolumn:name="Uses",type=integer,JSONPath=`.status.uses`
// +kubebuilder:printcolumn:name="Max",type=integer,JSONPath=`.spec.maxUses`
// +kubebuilder:printcolumn:name="Awaiting",type=integer,JSONPath=`.status.awaitingApproval`
// +kubebuilder:printcolumn:name="Open",type=string,JSONPath=`.status.conditions[?(@.type=="Open")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Open")].reason`
// +kubebuilder:printcolumn:name="Expires",type=string,format=date-time,priority=1,JSONPath=`.status.expiresAt`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type InviteLink struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says who can join by the link, how many and how long, and what they get.
	// +required
	Spec InviteLinkSpec `json:"spec,omitzero"`
	// status is how the link stands; nobody but Rollcall writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status InviteLinkStatus `json:"status,omitzero"`
}

// InviteLinkList is a list of InviteLinks.
//
// +kubebuilder:object:root=true
type InviteLinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []InviteLink `json:"items"`
}
