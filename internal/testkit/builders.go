package testkit

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

const (
	// Namespace is where the builders' objects are.
	Namespace = "team"
	// Clinic is the Organization that the builders' objects belong to.
	Clinic = "clinic"
)

// Organization returns the Organization named [Clinic], as the API server would
// have it after filling in defaults.
func Organization(edits ...func(*v1alpha1.Organization)) *v1alpha1.Organization {
	return edited(&v1alpha1.Organization{
		ObjectMeta: named(Clinic),
		Spec: v1alpha1.OrganizationSpec{
			DisplayName: "Sunrise Clinic",
			Invitations: v1alpha1.OrganizationInvitations{OnUnknownDelivery: v1alpha1.UnknownDeliveryResendOnce},
		},
	}, edits)
}

// IdentityBackend returns an embedded one.
func IdentityBackend(name string, edits ...func(*v1alpha1.IdentityBackend)) *v1alpha1.IdentityBackend {
	return edited(&v1alpha1.IdentityBackend{
		ObjectMeta: named(name),
		Spec:       v1alpha1.IdentityBackendSpec{Type: v1alpha1.BackendEmbedded},
	}, edits)
}

// BusinessUnit returns a unit at the top, whose display name is its name.
func BusinessUnit(name string, edits ...func(*v1alpha1.BusinessUnit)) *v1alpha1.BusinessUnit {
	return edited(&v1alpha1.BusinessUnit{
		ObjectMeta: named(name),
		Spec:       v1alpha1.BusinessUnitSpec{OrganizationRef: clinic()},
	}, edits)
}

// Role returns a role of level Organization without permissions.
func Role(name string, edits ...func(*v1alpha1.Role)) *v1alpha1.Role {
	return edited(&v1alpha1.Role{
		ObjectMeta: named(name),
		Spec:       v1alpha1.RoleSpec{OrganizationRef: clinic(), Level: v1alpha1.RoleLevelOrganization},
	}, edits)
}

// User returns a person whose address is the name at example.com, with what the
// API server fills in and nothing else.
func User(name string, edits ...func(*v1alpha1.User)) *v1alpha1.User {
	return edited(&v1alpha1.User{
		ObjectMeta: named(name),
		Spec: v1alpha1.UserSpec{
			OrganizationRef: clinic(), Email: name + "@example.com",
			Invitation:    v1alpha1.UserInvitation{Invitation: v1alpha1.Invitation{Delivery: v1alpha1.DeliveryEmail}, Revision: 1},
			RemovalPolicy: v1alpha1.RemovalPolicyRemove,
		},
	}, edits)
}

// InviteBatch returns a batch of these addresses, with an empty template.
func InviteBatch(name string, emails []string, edits ...func(*v1alpha1.InviteBatch)) *v1alpha1.InviteBatch {
	return edited(&v1alpha1.InviteBatch{
		ObjectMeta: named(name),
		Spec: v1alpha1.InviteBatchSpec{
			OrganizationRef: clinic(), Emails: emails, RemovalPolicy: v1alpha1.BatchOrphan,
			Template: v1alpha1.UserTemplate{
				Invitation:    v1alpha1.Invitation{Delivery: v1alpha1.DeliveryEmail},
				RemovalPolicy: v1alpha1.RemovalPolicyRemove,
			},
		},
	}, edits)
}

// InviteLink returns a link by which ten people can join within a week.
func InviteLink(name string, edits ...func(*v1alpha1.InviteLink)) *v1alpha1.InviteLink {
	uses := int32(10)
	return edited(&v1alpha1.InviteLink{
		ObjectMeta: named(name),
		Spec: v1alpha1.InviteLinkSpec{
			OrganizationRef: clinic(), MaxUses: &uses, ExpiresAfter: &metav1.Duration{Duration: 7 * 24 * time.Hour},
			Approval: v1alpha1.ApprovalNone, Access: v1alpha1.AccessEnabled, Rotation: 1,
			Template: v1alpha1.LinkTemplate{RemovalPolicy: v1alpha1.RemovalPolicyRemove},
		},
	}, edits)
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: Namespace, Name: name}
}

func clinic() v1alpha1.LocalReference { return v1alpha1.LocalReference{Name: Clinic} }

func edited[T any](object T, edits []func(T)) T {
	for _, edit := range edits {
		edit(object)
	}
	return object
}
