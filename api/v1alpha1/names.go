package v1alpha1

const (
	// Finalizer holds an object until what it stands for is gone from the
	// backend, as far as its policy asks for that.
	Finalizer = Group + "/finalizer"

	// LabelBatch is on every User that an InviteBatch made; its value is the batch's name.
	LabelBatch = Group + "/batch"
	// LabelLink is on every User that came by an InviteLink; its value is the link's name.
	LabelLink = Group + "/link"
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

	// SecretTypeLink is the type of a Secret that holds a shareable link; its
	// keys are those of a person's.
	SecretTypeLink = Group + "/link"
	// SecretTypeReport is the type of a Secret that holds an export.
	SecretTypeReport = Group + "/report"
	// SecretKeyRequestedAt is the key of a report under which the request lies that it answers.
	SecretKeyRequestedAt = "requestedAt"
	// SecretKeyMembers is the key of a report under which everybody in the
	// backend lies: gzip of JSON.
	SecretKeyMembers = "members.json.gz"
	// SecretKeyInvitations is the key of a report under which the newest
	// invitation of every address lies: gzip of JSON.
	SecretKeyInvitations = "invitations.json.gz"
	// SecretKeyAudit is the key of a report under which the newest entries of the
	// audit trail lie: gzip of JSON.
	SecretKeyAudit = "audit.json.gz"
)

// Annotations by which a person asks for something. Each holds any text of at
// most 64 characters; a value that was not answered yet is a request, and the
// status echoes the one that was.
const (
	// AnnotationResend on a User asks for a new invitation; kubectl rollcall
	// resend sets it to the time.
	AnnotationResend = Group + "/resend-requested-at"
	// AnnotationResync on an Organization asks for a listing of the backend now.
	AnnotationResync = Group + "/resync-requested-at"
	// AnnotationReport on an Organization asks for an export into a Secret.
	AnnotationReport = Group + "/report-requested-at"
)

// Annotations by which a person approves what a rail stopped. Each holds the
// name of what was seen, and lets nothing else pass.
const (
	// AnnotationApproveRemovals on an Organization holds status.heldRemovals.wave.
	AnnotationApproveRemovals = Group + "/approve-removals"
	// AnnotationApproveInvitations on an Organization holds status.heldInvitations.wave.
	AnnotationApproveInvitations = Group + "/approve-invitations"
	// AnnotationApproveRemoval on a User holds what the message of its
	// RemovalBlocked condition says.
	AnnotationApproveRemoval = Group + "/approve-removal"
)
