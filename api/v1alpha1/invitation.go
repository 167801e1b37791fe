package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// InvitationDelivery says how an invitation reaches the person.
// +kubebuilder:validation:Enum=Email;Link;EmailAndLink;None
type InvitationDelivery string

const (
	// DeliveryEmail sends a mail.
	DeliveryEmail InvitationDelivery = "Email"
	// DeliveryLink puts link and QR code in a Secret, and sends nothing.
	DeliveryLink InvitationDelivery = "Link"
	// DeliveryEmailAndLink does both, with the same link.
	DeliveryEmailAndLink InvitationDelivery = "EmailAndLink"
	// DeliveryNone issues no invitation: the person is known, and not in.
	DeliveryNone InvitationDelivery = "None"
)

// Invitation says how a person is invited.
type Invitation struct {
	// delivery says how the invitation reaches the person. Email sends a mail.
	// Link puts the link and its QR code (PNG) in a Secret named
	// <user>-invitation in the same namespace and sends nothing; the operator
	// must be allowed to write Secrets there. EmailAndLink does both. None
	// issues no invitation: the person is recorded and cannot sign in.
	// +optional
	// +default="Email"
	Delivery InvitationDelivery `json:"delivery,omitempty"`
	// message is a personal line shown in the mail and on the acceptance page,
	// as plain text.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1000
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x08\\\\x0b-\\\\x1f\\\\x7f]*$')",message="message may hold line breaks and tabs, and no other control characters"
	Message string `json:"message,omitempty"`
	// expiresAfter is how long the link is good for, from 15m to 720h, counted
	// from the moment it is issued. Omitted: as the Organization says. A change
	// holds for the next invitation.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('15m') && duration(self) <= duration('720h')",message="expiresAfter must be from 15m to 720h (30 days), such as 168h"
	ExpiresAfter *metav1.Duration `json:"expiresAfter,omitempty"`
}
