package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BusinessUnitSpec says what the unit is.
// +kubebuilder:validation:XValidation:rule="self.organizationRef.name == oldSelf.organizationRef.name",message="organizationRef cannot be changed; create another BusinessUnit"
type BusinessUnitSpec struct {
	// organizationRef names the Organization that the unit is part of.
	// +required
	OrganizationRef LocalReference `json:"organizationRef,omitzero"`
	// displayName is how the unit is called in mails and on pages. Omitted: the object's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*\\\\S[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="displayName must hold a visible character, and no line breaks or control characters"
	DisplayName string `json:"displayName,omitempty"`
	// parentRef names the BusinessUnit above this one, of the same
	// organization. Omitted: a unit at the top.
	// +optional
	ParentRef *LocalReference `json:"parentRef,omitempty"`
}

// BusinessUnitStatus is how the unit stands.
type BusinessUnitStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// path is the names of the units from the top down to this one, with slashes.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Path string `json:"path,omitempty"`
	// members counts the Users that name this unit and are in.
	// +optional
	Members int32 `json:"members"`
	// pending counts the Users that name this unit and are not in yet.
	// +optional
	Pending int32 `json:"pending"`
	// conditions are Ready, ReferencesResolved, Provisioned; Reconciling and Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// BusinessUnit is a part of an organization: a practice, a team, a department.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=bu
// +kubebuilder:printcolumn:name="Organization",type=string,priority=1,JSONPath=`.spec.organizationRef.name`
// +kubebuilder:printcolumn:name="Path",type=string,JSONPath=`.status.path`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Pending",type=integer,JSONPath=`.status.pending`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type BusinessUnit struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which organization the unit is part of, how it is called, and
	// which unit it lies in.
	// +required
	Spec BusinessUnitSpec `json:"spec,omitzero"`
	// status is how it stands; nobody but Rollcall writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status BusinessUnitStatus `json:"status,omitzero"`
}

// BusinessUnitList is a list of BusinessUnits.
//
// +kubebuilder:object:root=true
type BusinessUnitList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BusinessUnit `json:"items"`
}
