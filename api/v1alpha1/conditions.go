package v1alpha1

// The conditions of every kind. Those that are listed under Ready are the steps
// that Ready sums up; they start as Unknown when an object is first seen. Those
// beside Ready tell a story of their own and never hold Ready back: Ready does
// not wait for a human.
//
//	every kind       Ready        the operator has done all it can for this generation
//	                 Reconciling  present only while True: still working, waiting or retrying
//	                 Stalled      present only while True: somebody must edit something
//
//	IdentityBackend  Ready
//	                 ├─ Reachable            it answers, in the language that is spoken with it
//	                 └─ CredentialsValid     it takes our credentials
//	Organization     Ready
//	                 ├─ BackendReady         the backend it names can be used
//	                 └─ Provisioned          the backend knows it as declared
//	                 beside Ready:
//	                 RemovalsPaused          True while a rail stops removals
//	                 InvitationsPaused       True while a rail stops invitations
//	                 DriftDetected           True while the backend has what is not declared, or not as declared
//	BusinessUnit     Ready
//	                 ├─ ReferencesResolved   organization and parent exist, without a cycle
//	                 └─ Provisioned
//	Role             Ready
//	                 ├─ ReferencesResolved   organization and included roles exist, without a cycle
//	                 └─ Provisioned
//	User             Ready
//	                 ├─ ReferencesResolved   organization, roles and units exist; the address is valid and nobody else's
//	                 ├─ Provisioned          the backend knows the person as declared
//	                 ├─ AccessApplied        roles and units are as declared
//	                 └─ Invited              the invitation was handed over, or none is needed
//	                 beside Ready:
//	                 Pending                 True while an invitation is outstanding
//	                 Accepted                True once the person is in
//	                 RemovalBlocked          present only while True: a rail keeps the person
//	InviteBatch      Ready
//	                 ├─ ReferencesResolved   the organization and the source of addresses exist
//	                 └─ Expanded             every address has an outcome
//	                 beside Ready:
//	                 Completed               True once everybody who was invited has accepted
//	InviteLink       Ready
//	                 ├─ ReferencesResolved   organization, roles and units exist
//	                 └─ Published            the Secret holds the link
//	                 beside Ready:
//	                 Open                    True while people can join by it
const (
	// ConditionReady sums up the conditions below it. Every kind has it.
	ConditionReady = "Ready"
	// ConditionReconciling is kstatus's word for work in progress.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is kstatus's word for being stuck until an edit.
	ConditionStalled = "Stalled"
	// ConditionReachable says that a backend answers.
	ConditionReachable = "Reachable"
	// ConditionCredentialsValid says that a backend takes our credentials.
	ConditionCredentialsValid = "CredentialsValid"
	// ConditionBackendReady is Organization's first step.
	ConditionBackendReady = "BackendReady"
	// ConditionReferencesResolved says that everything named in the spec exists.
	ConditionReferencesResolved = "ReferencesResolved"
	// ConditionProvisioned says that the backend knows the object as declared.
	ConditionProvisioned = "Provisioned"
	// ConditionAccessApplied says that the backend gives the access declared.
	ConditionAccessApplied = "AccessApplied"
	// ConditionInvited says that the invitation was handed over, or none is needed.
	ConditionInvited = "Invited"
	// ConditionPending is True while an invitation is outstanding.
	ConditionPending = "Pending"
	// ConditionAccepted is True once the person is in.
	ConditionAccepted = "Accepted"
	// ConditionExpanded says that every address of a batch has an outcome.
	ConditionExpanded = "Expanded"
	// ConditionCompleted is True once everybody whom a batch invited has accepted.
	ConditionCompleted = "Completed"
	// ConditionPublished says that the link of an InviteLink is in its Secret.
	ConditionPublished = "Published"
	// ConditionOpen is True while people can join by an InviteLink.
	ConditionOpen = "Open"
	// ConditionRemovalBlocked is present while a rail keeps a person.
	ConditionRemovalBlocked = "RemovalBlocked"
	// ConditionRemovalsPaused is True while a rail stops an organization's removals.
	ConditionRemovalsPaused = "RemovalsPaused"
	// ConditionInvitationsPaused is True while a rail stops an organization's invitations.
	ConditionInvitationsPaused = "InvitationsPaused"
	// ConditionDriftDetected is True while the backend is not as declared.
	ConditionDriftDetected = "DriftDetected"
)

// Reasons that any condition may carry.
const (
	// ReasonSucceeded goes with True where nothing more is to be said.
	ReasonSucceeded = "Succeeded"
	// ReasonProgressing: work is under way.
	ReasonProgressing = "Progressing"
	// ReasonProgressingWithRetry: something failed and is tried again.
	ReasonProgressingWithRetry = "ProgressingWithRetry"
	// ReasonSuspended: spec.suspend is true.
	ReasonSuspended = "Suspended"
	// ReasonReferenceNotFound: an object named in the spec does not exist (yet).
	ReasonReferenceNotFound = "ReferenceNotFound"
	// ReasonDependencyNotReady: an object named in the spec is not Ready (yet).
	ReasonDependencyNotReady = "DependencyNotReady"
	// ReasonInvalidSpec: the spec can never be fulfilled as it is.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonDuplicateEmail: another User of the organization has the address.
	ReasonDuplicateEmail = "DuplicateEmail"
	// ReasonBackendUnavailable: the backend or the database did not answer.
	ReasonBackendUnavailable = "BackendUnavailable"
	// ReasonBackendRateLimited: the backend asked us to slow down.
	ReasonBackendRateLimited = "BackendRateLimited"
	// ReasonBackendDenied: the backend refused; its credentials lack a right.
	ReasonBackendDenied = "BackendDenied"
	// ReasonCredentialsInvalid: the backend does not take our credentials, or they
	// cannot be read.
	ReasonCredentialsInvalid = "CredentialsInvalid"
	// ReasonAlreadyExists: something else has the key in the backend that is
	// declared here, such as another person the address.
	ReasonAlreadyExists = "AlreadyExists"
	// ReasonQuotaExceeded: a seat or another amount bought from the backend's
	// owner is used up.
	ReasonQuotaExceeded = "QuotaExceeded"
	// ReasonBackendInUse: the backend is one organization, and another
	// Organization uses it.
	ReasonBackendInUse = "BackendInUse"
	// ReasonPlanned: the Organization's mode is Plan, and nothing is done.
	ReasonPlanned = "Planned"
	// ReasonUnsupported: the backend cannot do what the spec asks for.
	ReasonUnsupported = "Unsupported"
)

// Reasons of [ConditionAccessApplied].
const (
	// ReasonDeferredUntilAccepted goes with True: recorded, and in force from
	// the moment of acceptance.
	ReasonDeferredUntilAccepted = "DeferredUntilAccepted"
)

// Reasons of [ConditionInvited].
const (
	// ReasonMailSent goes with True: the mail server took the invitation.
	ReasonMailSent = "MailSent"
	// ReasonLinkPublished goes with True: the link is in the Secret.
	ReasonLinkPublished = "LinkPublished"
	// ReasonNotRequired goes with True: the person is in, or no invitation is wanted.
	ReasonNotRequired = "NotRequired"
	// ReasonMailQueued: the mail waits to be handed over.
	ReasonMailQueued = "MailQueued"
	// ReasonMailRejected: the mail server refused the message for good.
	ReasonMailRejected = "MailRejected"
	// ReasonMailUnavailable: the mail server could not be used; it is tried again.
	ReasonMailUnavailable = "MailUnavailable"
	// ReasonDeliveryUnknown: nobody can know whether the mail server took it.
	ReasonDeliveryUnknown = "DeliveryUnknown"
	// ReasonRateLimited: the last invitation of this person is too recent.
	ReasonRateLimited = "RateLimited"
	// ReasonInvitationsPaused: the Organization's invitation rail stopped the mail.
	ReasonInvitationsPaused = "InvitationsPaused"
	// ReasonSecretDenied: the manager may not read or write the Secret, or it
	// belongs to somebody else.
	ReasonSecretDenied = "SecretDenied"
)

// Reasons of [ConditionPending] and [ConditionAccepted].
const (
	// ReasonAwaitingAcceptance: it is the person's turn.
	ReasonAwaitingAcceptance = "AwaitingAcceptance"
	// ReasonAcceptedByInvitee: the person followed the link and accepted.
	ReasonAcceptedByInvitee = "AcceptedByInvitee"
	// ReasonAdoptedExistingMember: the person was in before.
	ReasonAdoptedExistingMember = "AdoptedExistingMember"
	// ReasonAccepted goes with Pending=False.
	ReasonAccepted = "Accepted"
	// ReasonExpired: nobody followed the link in time.
	ReasonExpired = "Expired"
	// ReasonDeclined: the person said no.
	ReasonDeclined = "Declined"
	// ReasonRevoked: the invitation was taken back.
	ReasonRevoked = "Revoked"
	// ReasonNotInvited: no invitation was issued (yet).
	ReasonNotInvited = "NotInvited"
	// ReasonAccessDisabled: spec.access keeps the person out.
	ReasonAccessDisabled = "AccessDisabled"
	// ReasonAccessEnded: spec.accessUntil is over.
	ReasonAccessEnded = "AccessEnded"
	// ReasonJoinedByLink: the person followed an InviteLink.
	ReasonJoinedByLink = "JoinedByLink"
	// ReasonAwaitingConfirmation goes with Pending=True of somebody who is in: a
	// changed address waits to be confirmed.
	ReasonAwaitingConfirmation = "AwaitingConfirmation"
)

// Reasons of [ConditionRemovalBlocked], [ConditionRemovalsPaused],
// [ConditionInvitationsPaused] and [ConditionDriftDetected].
const (
	// ReasonLastAdministrator: too few administrators would be left.
	ReasonLastAdministrator = "LastAdministrator"
	// ReasonProtectedMember: the address is one of safety.protectedEmails.
	ReasonProtectedMember = "ProtectedMember"
	// ReasonTooManyRemovals: more people would go than safety.maxRemovals allows.
	ReasonTooManyRemovals = "TooManyRemovals"
	// ReasonTooManyInvitations: more mail would leave than safety.maxInvitations allows.
	ReasonTooManyInvitations = "TooManyInvitations"
	// ReasonIncompleteObservation: the backend does not vouch for its listing.
	ReasonIncompleteObservation = "IncompleteObservation"
	// ReasonNothingHeld goes with False: no rail stops anything.
	ReasonNothingHeld = "NothingHeld"
	// ReasonUndeclaredMembers: the backend has members whom no User declares.
	ReasonUndeclaredMembers = "UndeclaredMembers"
	// ReasonMembersDiffer: members in the backend are not as declared.
	ReasonMembersDiffer = "MembersDiffer"
	// ReasonInSync goes with DriftDetected=False.
	ReasonInSync = "InSync"
	// ReasonNotObserved goes with DriftDetected=False: nobody looks, as spec.membership says.
	ReasonNotObserved = "NotObserved"
)

// Reasons of [ConditionPublished] and [ConditionOpen].
const (
	// ReasonLinkOpen goes with Open=True.
	ReasonLinkOpen = "LinkOpen"
	// ReasonUsedUp: as many people have joined as may.
	ReasonUsedUp = "UsedUp"
	// ReasonLinkDisabled: spec.access closes the link.
	ReasonLinkDisabled = "LinkDisabled"
)

// Reasons of events that are not a condition's.
const (
	// ReasonRemoved: the person was removed from the backend.
	ReasonRemoved = "Removed"
	// ReasonDisabled: the person was disabled in the backend.
	ReasonDisabled = "Disabled"
	// ReasonRetained: the object goes and the person stays in the backend.
	ReasonRetained = "Retained"
	// ReasonReminded: the person was reminded by a mail.
	ReasonReminded = "Reminded"
	// ReasonAddressChanged: the person confirmed a changed address.
	ReasonAddressChanged = "AddressChanged"
	// ReasonJoinRequested: somebody confirmed their address and waits for an approval.
	ReasonJoinRequested = "JoinRequested"
	// ReasonApproved: somebody approved what a rail had stopped.
	ReasonApproved = "Approved"
	// ReasonAccessEnabled: the person is kept out no longer.
	ReasonAccessEnabled = "AccessEnabled"
	// ReasonResumed: spec.suspend is no longer true.
	ReasonResumed = "Resumed"
	// ReasonHandedOver: another User has the address; the membership is its now.
	ReasonHandedOver = "HandedOver"
)

// Reasons of [ConditionExpanded] and [ConditionCompleted].
const (
	// ReasonAddressesRefused goes with Expanded=True: all entries have an
	// outcome, and some were refused.
	ReasonAddressesRefused = "AddressesRefused"
	// ReasonExpanding: Users are still being created.
	ReasonExpanding = "Expanding"
	// ReasonAllAccepted goes with Completed=True.
	ReasonAllAccepted = "AllAccepted"
	// ReasonAwaitingPeople goes with Completed=False: some have not accepted.
	ReasonAwaitingPeople = "AwaitingPeople"
)
