package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BatchRemovalPolicy says what becomes of the Users that a batch made.
// +kubebuilder:validation:Enum=Orphan;Remove
type BatchRemovalPolicy string

const (
	// BatchOrphan leaves the Users when the batch, or an address in it, goes.
	BatchOrphan BatchRemovalPolicy = "Orphan"
	// BatchRemove deletes a User when the batch, or its address, goes.
	BatchRemove BatchRemovalPolicy = "Remove"
)

// EmailSource names where a list of addresses lies. Exactly one is given.
// +kubebuilder:validation:XValidation:rule="has(self.configMapKeyRef) != has(self.secretKeyRef)",message="give exactly one of configMapKeyRef and secretKeyRef"
type EmailSource struct {
	// configMapKeyRef names a key of a ConfigMap in the same namespace.
	// +optional
	ConfigMapKeyRef *KeyReference `json:"configMapKeyRef,omitempty"`
	// secretKeyRef names a key of a Secret in the same namespace. The operator
	// must be allowed to read Secrets there.
	// +optional
	SecretKeyRef *KeyReference `json:"secretKeyRef,omitempty"`
}

// UserTemplate is what every User of a batch gets. Omitted fields mean what
// they mean in a User.
type UserTemplate struct {
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
	// invitation says how each person is invited.
	// +optional
	// +default={}
	Invitation Invitation `json:"invitation,omitzero"`
	// removalPolicy of each User.
	// +optional
	// +default="Remove"
	RemovalPolicy RemovalPolicy `json:"removalPolicy,omitempty"`
}

// InviteBatchSpec says who is invited, and to what.
// +kubebuilder:validation:XValidation:rule="self.organizationRef.name == oldSelf.organizationRef.name",message="organizationRef cannot be changed; create another InviteBatch"
// +kubebuilder:validation:XValidation:rule="has(self.emails) || has(self.emailsText) || has(self.emailsFrom)",message="give addresses by at least one of emails, emailsText and emailsFrom"
type InviteBatchSpec struct {
	// organizationRef names the Organization that the people are invited to.
	// +required
	OrganizationRef LocalReference `json:"organizationRef,omitzero"`
	// emails is a list of addresses, each ada@example.com or
	// "Ada Lovelace <ada@example.com>". One that is wrong is refused in the
	// status, and the others are invited.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10000
	// +kubebuilder:validation:items:MaxLength=512
	Emails []string `json:"emails,omitempty"`
	// emailsText is a text of addresses as people paste it: separated by
	// commas, semicolons or line breaks, each ada@example.com or
	// Ada Lovelace <ada@example.com>.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1000000
	EmailsText string `json:"emailsText,omitempty"`
	// emailsFrom names a ConfigMap or Secret that holds such a text.
	// +optional
	EmailsFrom *EmailSource `json:"emailsFrom,omitempty"`
	// template is what every User made from an address gets. A change reaches
	// all Users of the batch.
	// +optional
	// +default={}
	Template UserTemplate `json:"template,omitzero"`
	// removalPolicy says what becomes of the Users when the batch, or an
	// address in it, goes. Orphan leaves them; they are ordinary Users. Remove
	// deletes them.
	// +optional
	// +default="Orphan"
	RemovalPolicy BatchRemovalPolicy `json:"removalPolicy,omitempty"`
}

// RefusalReason says why an address was refused.
// +kubebuilder:validation:Enum=Invalid;Duplicate
type RefusalReason string

const (
	// RefusedInvalid is not an address.
	RefusedInvalid RefusalReason = "Invalid"
	// RefusedDuplicate stands in the batch before.
	RefusedDuplicate RefusalReason = "Duplicate"
)

// Refusal is one entry that led to no User.
type Refusal struct {
	// source is the field that holds the entry.
	// +required
	// +kubebuilder:validation:Enum=emails;emailsText;emailsFrom
	Source string `json:"source,omitempty"`
	// line of the text, or position in the list, from 1.
	// +required
	// +kubebuilder:validation:Minimum=1
	Line int32 `json:"line,omitempty"`
	// reason is one of Invalid and Duplicate.
	// +required
	Reason RefusalReason `json:"reason,omitempty"`
	// message says what is wrong and what to write instead.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// BatchCounts counts the entries of a batch by outcome: invited, alreadyMember,
// duplicate, invalid and waiting add up to total.
type BatchCounts struct {
	// total is the number of entries.
	// +optional
	Total int32 `json:"total"`
	// invited have a User made by this batch.
	// +optional
	Invited int32 `json:"invited"`
	// alreadyMember have a User that this batch did not make.
	// +optional
	AlreadyMember int32 `json:"alreadyMember"`
	// duplicate stand in the batch before.
	// +optional
	Duplicate int32 `json:"duplicate"`
	// invalid are not addresses.
	// +optional
	Invalid int32 `json:"invalid"`
	// waiting are still to be turned into Users.
	// +optional
	Waiting int32 `json:"waiting"`
	// pending counts, among invited, those with an invitation outstanding.
	// +optional
	Pending int32 `json:"pending"`
	// accepted counts, among invited, those who are in.
	// +optional
	Accepted int32 `json:"accepted"`
}

// InviteBatchStatus is how the batch stands.
type InviteBatchStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// progress is how many of the people invited have accepted, such as 3/18.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Progress string `json:"progress,omitempty"`
	// outcomes counts the entries by what became of them.
	// +optional
	Outcomes *BatchCounts `json:"outcomes,omitempty"`
	// refusals are the first 50 entries that led to no User, in their order.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Refusals []Refusal `json:"refusals,omitempty"`
	// conditions are Ready, ReferencesResolved, Expanded, Completed; Reconciling
	// and Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// InviteBatch invites many people at once, with the same roles and units. It
// makes an ordinary User for every address, labelled with the batch's name. A
// User that is declared for the same address wins over the batch.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=batch
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be 63 characters or less: it is the value of a label on every User of the batch"
// +kubebuilder:printcolumn:name="Organization",type=string,priority=1,JSONPath=`.spec.organizationRef.name`
// +kubebuilder:printcolumn:name="Invited",type=integer,JSONPath=`.status.outcomes.invited`
// +kubebuilder:printcolumn:name="Accepted",type=string,JSONPath=`.status.progress`
// +kubebuilder:printcolumn:name="Already In",type=integer,JSONPath=`.status.outcomes.alreadyMember`
// +kubebuilder:printcolumn:name="Duplicate",type=integer,JSONPath=`.status.outcomes.duplicate`
// +kubebuilder:printcolumn:name="Invalid",type=integer,JSONPath=`.status.outcomes.invalid`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type InviteBatch struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec lists the addresses, in up to three forms at once, and says what
	// every person gets.
	// +required
	Spec InviteBatchSpec `json:"spec,omitzero"`
	// status is how it stands; nobody but Rollcall writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status InviteBatchStatus `json:"status,omitzero"`
}

// InviteBatchList is a list of InviteBatches.
//
// +kubebuilder:object:root=true
type InviteBatchList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []InviteBatch `json:"items"`
}
