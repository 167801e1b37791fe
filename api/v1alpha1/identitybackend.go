package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BackendType says which kind of system holds the members.
// +kubebuilder:validation:Enum=Embedded
type BackendType string

const (
	// BackendEmbedded is Rollcall's own store of members, in its database.
	BackendEmbedded BackendType = "Embedded"
)

// IdentityBackendSpec says which system holds members.
// +kubebuilder:validation:XValidation:rule="self.type == oldSelf.type",message="type cannot be changed: members do not move between systems; create another IdentityBackend and point organizations to it"
type IdentityBackendSpec struct {
	// type of the system. Embedded keeps members in Rollcall's own database and
	// needs no further settings.
	// +required
	Type BackendType `json:"type,omitempty"`
}

// IdentityBackendStatus is what Rollcall found out about the system.
type IdentityBackendStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// conditions are Ready, Reachable; Reconciling and Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// IdentityBackend is a connection to a system that holds members. An
// Organization that names none uses Rollcall's embedded one.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=idb
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
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
