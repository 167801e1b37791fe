package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group is the API group of all kinds.
const Group = "iam.rollcall.dev"

// GroupVersion is the group and version of this package.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: "v1alpha1"}
}

// AddToScheme makes the kinds of this package known to the scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion(),
		&IdentityBackend{}, &IdentityBackendList{},
		&Organization{}, &OrganizationList{},
		&BusinessUnit{}, &BusinessUnitList{},
		&Role{}, &RoleList{},
		&User{}, &UserList{},
		&InviteBatch{}, &InviteBatchList{},
		&InviteLink{}, &InviteLinkList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion())
	return nil
}
