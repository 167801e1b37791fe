package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UnknownDelivery says what follows when nobody can know whether the mail
// server took an invitation.
// +kubebuilder:validation:Enum=ResendOnce;Hold
type UnknownDelivery string

const (
	// UnknownDeliveryResendOnce sends the same mail once more: never lost, at most one duplicate.
	UnknownDeliveryResendOnce UnknownDelivery = "ResendOnce"
	// UnknownDeliveryHold waits for a human: never a duplicate.
	UnknownDeliveryHold UnknownDelivery = "Hold"
)

// OrganizationMail says as whom the organization writes, and through which server.
type OrganizationMail struct {
	// from is the address in the From header, such as invitations@example.com.
	// The organization's displayName stands before it. Omitted: the address
	// that the operator was started with.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^@\\\\s<>,;\"]+@[^@\\\\s<>,;\"]+\\\\.[^@\\\\s<>,;\"]+$')",message="from must be a bare address such as invitations@example.com; the name in front of it is displayName"
	From string `json:"from,omitempty"`
	// replyTo is the address that answers go to. Omitted: no Reply-To header.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^@\\\\s<>,;\"]+@[^@\\\\s<>,;\"]+\\\\.[^@\\\\s<>,;\"]+$')",message="replyTo must be a bare address such as office@example.com"
	ReplyTo string `json:"replyTo,omitempty"`
	// smtpSecretRef names a Secret in the same namespace with the keys host,
	// port, tls (STARTTLS, Implicit or None), and optionally username,
	// password and ca.crt. Omitted: the server that the operator was started
	// with. The operator must be allowed to read Secrets in this namespace.
	// +optional
	SMTPSecretRef *LocalReference `json:"smtpSecretRef,omitempty"`
}

// OrganizationSignIn says where people sign in.
type OrganizationSignIn struct {
	// url is the page to which people are led when they have accepted. http is
	// allowed for a loopback address only.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (url(self).getScheme() == 'https' || (url(self).getScheme() == 'http' && url(self).getHostname() in ['localhost', '127.0.0.1', '[::1]', '::1']))",message="url must be an absolute https URL, such as https://example.com/login"
	// +kubebuilder:validation:XValidation:rule="!self.contains('@')",message="url must hold no user"
	URL string `json:"url,omitempty"`
}

// OrganizationInvitations are the defaults of every invitation.
type OrganizationInvitations struct {
	// expiresAfter is how long a link is good for, from 15m to 720h, when the
	// User does not say. A change holds for invitations issued from then on.
	// +optional
	// +default="168h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('15m') && duration(self) <= duration('720h')",message="expiresAfter must be from 15m to 720h (30 days), such as 168h"
	ExpiresAfter *metav1.Duration `json:"expiresAfter,omitempty"`
	// onUnknownDelivery says what to do when the connection to the mail server
	// was lost, or the operator crashed, at the moment of handing a mail over.
	// ResendOnce hands the same mail with the same link over once more, so that
	// it is never lost and arrives twice at worst. Hold leaves it alone and
	// says so in the User's Invited condition.
	// +optional
	// +default="ResendOnce"
	OnUnknownDelivery UnknownDelivery `json:"onUnknownDelivery,omitempty"`
	// reminders are the times, counted from the invitation, after which somebody
	// who has not answered is reminded by a mail with the same link, such as
	// [72h, 144h]: at most five, each from 15m to 720h. One that is due at or
	// after the link's expiry is not sent, and of several that became due at once
	// only the last is. Omitted: nobody is reminded.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:items:Type=string
	// +kubebuilder:validation:items:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.all(d, duration(d) >= duration('15m') && duration(d) <= duration('720h'))",message="each of reminders must be from 15m to 720h (30 days), such as 72h"
	Reminders []metav1.Duration `json:"reminders,omitempty"`
	// maxPerHour is how many invitations and reminders are mailed within an hour
	// at most; the others wait. Omitted: as many as the mail server takes.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	MaxPerHour *int32 `json:"maxPerHour,omitempty"`
}

// OrganizationSpec says what the organization is.
type OrganizationSpec struct {
	// displayName is how the organization is called in mails and on pages.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*\\\\S[^\\\\x00-\\\\x1f\\\\x7f]*$')",message="displayName must hold a visible character, and no line breaks or control characters"
	DisplayName string `json:"displayName,omitempty"`
	// backendRef names the IdentityBackend that holds the members. Omitted:
	// Rollcall's embedded one. It cannot be changed: members do not move.
	// +optional
	BackendRef *LocalReference `json:"backendRef,omitempty"`
	// signIn says where people sign in who have accepted. It is required when the
	// backend's people sign in elsewhere than at Rollcall's portal, and allowed
	// with no other.
	// +optional
	SignIn *OrganizationSignIn `json:"signIn,omitempty"`
	// mail says as whom the organization writes.
	// +optional
	Mail OrganizationMail `json:"mail,omitzero"`
	// invitations are the defaults of every invitation.
	// +optional
	// +default={}
	Invitations OrganizationInvitations `json:"invitations,omitzero"`
	// membership says what is done about what the backend has and Git does not.
	// +optional
	// +default={}
	Membership OrganizationMembership `json:"membership,omitzero"`
	// safety are the rails: what is stopped until somebody approves it.
	// +optional
	// +default={}
	Safety OrganizationSafety `json:"safety,omitzero"`
	// deletionPolicy says what becomes of the tenant when this object is deleted.
	// Retain leaves it in the backend with everybody in it, and so does deleting
	// Users while the Organization goes. Remove removes all of it.
	// +optional
	// +default="Retain"
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
	// mode Plan computes what would be done, tells it in status.plan, and does
	// nothing: nobody is invited, changed or removed. Enforce does it.
	// +optional
	// +default="Enforce"
	Mode Mode `json:"mode,omitempty"`
	// suspend stops all work on the organization and on everything in it until
	// it is false again. What was sent before stays valid. Deletions wait.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// Organization is a tenant: the people, units and roles that belong together.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=rollcall,shortName=org
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be 63 characters or less"
// +kubebuilder:validation:XValidation:rule="has(self.spec.backendRef) == has(oldSelf.spec.backendRef) && (!has(self.spec.backendRef) || self.spec.backendRef.name == oldSelf.spec.backendRef.name)",message="spec.backendRef cannot be changed: members do not move between systems; create another Organization"
// +kubebuilder:printcolumn:name="Display Name",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="Users",type=integer,JSONPath=`.status.users.total`
// +kubebuilder:printcolumn:name="Pending",type=integer,JSONPath=`.status.users.pending`
// +kubebuilder:printcolumn:name="Accepted",type=integer,JSONPath=`.status.users.accepted`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Organization struct {
	metav1.TypeMeta `json:",inline"`
	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says how the organization is called, where its members are held, and
	// how they are invited. Only displayName is required. membership says what is
	// done about members whom Git does not know, safety which steps stop and ask,
	// mode Plan tells what would be done and does nothing.
	// +required
	Spec OrganizationSpec `json:"spec,omitzero"`
	// status is how it stands; nobody but Rollcall writes it.
	// +optional
	// +default={"observedGeneration": -1}
	Status OrganizationStatus `json:"status,omitzero"`
}

// OrganizationList is a list of Organizations.
//
// +kubebuilder:object:root=true
type OrganizationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Organization `json:"items"`
}
