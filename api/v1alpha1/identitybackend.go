package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BackendType says which kind of system holds the members.
// +kubebuilder:validation:Enum=Embedded;SCIM
type BackendType string

const (
	// BackendEmbedded is Rollcall's own store of members, in its database.
	BackendEmbedded BackendType = "Embedded"
	// BackendSCIM is a service provider that speaks SCIM 2.0 (RFC 7643, RFC 7644).
	BackendSCIM BackendType = "SCIM"
)

// IdentityBackendSpec says which system holds members, and how to reach it.
// +kubebuilder:validation:XValidation:rule="self.type == oldSelf.type",message="type cannot be changed: members do not move between systems; create another IdentityBackend and point organizations to it"
// +kubebuilder:validation:XValidation:rule="(self.type == 'SCIM') == has(self.scim)",message="scim is required with type SCIM, and allowed with no other type"
type IdentityBackendSpec struct {
	// type of the system. Embedded keeps members in Rollcall's own database and
	// needs no further settings. SCIM is a service provider that speaks SCIM 2.0;
	// it is one organization, so one Organization at a time can use it.
	// +required
	Type BackendType `json:"type,omitempty"`
	// scim says how to reach the service provider; for type SCIM.
	// +optional
	SCIM *SCIMBackend `json:"scim,omitempty"`
}

// IdentityBackendStatus is what Rollcall found out about the system.
type IdentityBackendStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// capabilities is what the system can do; omitted until it was found out.
	// +optional
	Capabilities *BackendCapabilities `json:"capabilities,omitempty"`
	// lastCompleteListing is when the members were last listed such that the
	// system vouched for nobody being left out; omitted before, and while no
	// Organization that uses the system looks at its members.
	// +optional
	LastCompleteListing *metav1.Time `json:"lastCompleteListing,omitempty"`
	// members is how many that listing had; those of all Organizations together
	// where the system holds several. Omitted as lastCompleteListing is.
	// +optional
	Members *int32 `json:"members,omitempty"`
	// conditions are Ready, Reachable, CredentialsValid; Reconciling and Stalled
	// while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// BackendCapabilities is what a system can do.
type BackendCapabilities struct {
	// invitations is Ours where Rollcall mails them and takes the acceptance, and
	// Native where the system does.
	// +optional
	// +kubebuilder:validation:Enum=Ours;Native
	Invitations string `json:"invitations,omitempty"`
	// signIn is Here where people sign in at Rollcall's portal, and Elsewhere
	// where the system, or who stands before it, signs them in.
	// +optional
	// +kubebuilder:validation:Enum=Here;Elsewhere
	SignIn string `json:"signIn,omitempty"`
	// supported names what of an Organization, BusinessUnit, Role and User the
	// system can hold, sorted, as it is written there: businessUnits,
	// businessUnits.parentRef, roles, roles.businessUnit, roles.permissions,
	// profile.title, profile.attributes.license, removalPolicy.Disable, and so on.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MaxLength=128
	Supported []string `json:"supported,omitempty"`
	// unsupported names what it cannot hold, sorted; profile.attributes stands for
	// all attributes that are not among the supported. Which unit is above another
	// and what a role permits is then known to Rollcall alone. Who declares
	// anything else of it is told Unsupported, and nothing is done for them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=128
	Unsupported []string `json:"unsupported,omitempty"`
	// notes say what was assumed because the system does not tell, or tells what
	// is not so.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=256
	Notes []string `json:"notes,omitempty"`
}

// IdentityBackend is a connection to a system that holds members. An
// Organization that names none uses Rollcall's embedded one.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=idb
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type IdentityBackend struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which kind of system it is, and how to reach it.
	// +required
	Spec IdentityBackendSpec `json:"spec,omitzero"`
	// status is what Rollcall observed; nobody else writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status IdentityBackendStatus `json:"status,omitzero"`
}

// IdentityBackendList is a list of IdentityBackends.
//
// +kubebuilder:object:root=true
type IdentityBackendList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IdentityBackend `json:"items"`
}
