package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RoleLevel says where a role can be granted.
// +kubebuilder:validation:Enum=Organization;BusinessUnit
type RoleLevel string

const (
	// RoleLevelOrganization roles hold in the whole organization.
	RoleLevelOrganization RoleLevel = "Organization"
	// RoleLevelBusinessUnit roles hold within one unit at a time.
	RoleLevelBusinessUnit RoleLevel = "BusinessUnit"
)

// Permission is one thing that somebody may do, in the organization's own
// words, such as notes.sign or clients:read.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9*][A-Za-z0-9._:/*-]*$')",message="a permission is letters, digits and . _ : / * - without spaces, such as notes.sign"
type Permission string

// RoleSpec says what the role is.
// +kubebuilder:validation:XValidation:rule="self.organizationRef.name == oldSelf.organizationRef.name",message="organizationRef cannot be changed; create another Role"
type RoleSpec struct {
	// organizationRef names the Organization that the role belongs to.
	// +required
	OrganizationRef LocalReference `json:"organizationRef,omitzero"`
	// displayName is how the role is called in mails and on pages. Omitted: the object's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*\\\\S[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="displayName must hold a visible character, and no line breaks or control characters"
	DisplayName string `json:"displayName,omitempty"`
	// description says for whom the role is meant.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`
	// level says where the role can be granted: Organization roles hold
	// everywhere, BusinessUnit roles within the unit that the grant names.
	// +optional
	// +default="Organization"
	Level RoleLevel `json:"level,omitempty"`
	// permissions that the role gives, beside those of the roles it includes.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	Permissions []Permission `json:"permissions,omitempty"`
	// includes names Roles of the same organization whose permissions this one
	// gives too, without cycles. A role of level Organization can include any;
	// one of level BusinessUnit only others of level BusinessUnit.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Includes []string `json:"includes,omitempty"`
	// administers says that whoever has this role can administer the whole
	// organization; they count for the Organization's safety.minAdministrators.
	// +optional
	Administers bool `json:"administers,omitempty"`
}

// RoleStatus is how the role stands.
type RoleStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// effectivePermissions are all permissions that the role gives, its own and
	// those of included roles, sorted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=1024
	EffectivePermissions []Permission `json:"effectivePermissions,omitempty"`
	// members counts the Users that name this role.
	// +optional
	Members int32 `json:"members"`
	// conditions are Ready, ReferencesResolved, Provisioned; Reconciling and Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Role is a named set of permissions that Users are given. It is about the
// organization's own product, and unrelated to Kubernetes' RBAC roles: say
// orgrole to kubectl.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=orgrole
// +kubebuilder:printcolumn:name="Organization",type=string,priority=1,JSONPath=`.spec.organizationRef.name`
// +kubebuilder:printcolumn:name="Display Name",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="Level",type=string,JSONPath=`.spec.level`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Role struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what the role allows, in the organization's own words, and where
	// it can be granted.
	// +required
	Spec RoleSpec `json:"spec,omitzero"`
	// status is how it stands; nobody but Rollcall writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status RoleStatus `json:"status,omitzero"`
}

// RoleList is a list of Roles.
//
// +kubebuilder:object:root=true
type RoleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Role `json:"items"`
}
