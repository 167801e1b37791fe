package v1alpha1

const (
	// Finalizer holds an object until what it stands for is gone from the
	// backend, as far as its policy asks for that.
	Finalizer = Group + "/finalizer"

	// LabelBatch is on every User that an InviteBatch made; its value is the batch's name.
	LabelBatch = Group + "/batch"
	// LabelUser is on every Secret that holds a person's link; its value is the User's name.
	LabelUser = Group + "/user"

	// SecretTypeInvitation is the type of a Secret that holds a person's link.
	SecretTypeInvitation = Group + "/invitation"
	// SecretKeyLink is the key of such a Secret under which the URL lies.
	SecretKeyLink = "link"
	// SecretKeyQRCode is the key under which the QR code of the URL lies, a PNG.
	SecretKeyQRCode = "qr.png"
	// SecretKeyExpiresAt is the key under which the time lies at which the
	// link dies, in RFC 3339.
	SecretKeyExpiresAt = "expiresAt"
)
