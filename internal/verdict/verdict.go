package verdict

import (
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// deniedAfter is how long a refusal by the backend is left alone: a human must
// change something there, and no event will tell us.
const deniedAfter = time.Minute

// takenAfter is how soon it is looked again whether a key is free that something
// else had: somebody mends that in the backend, and nobody tells us.
const takenAfter = 5 * time.Minute

// rateLimitedAfter is how long to wait when asked to slow down without a time.
const rateLimitedAfter = 10 * time.Second

// Of turns an error into a phase's answer. The messages are constant, so that a
// status does not change with the details of a failure: those are logged.
func Of(err error) phase.Answer {
	after := directory.RetryAfter(err)
	switch directory.KindOf(err) {
	case directory.KindNotFound:
		return phase.Failed(err, after, v1alpha1.ReasonDependencyNotReady,
			"Something this depends on is not in the backend yet; it is tried again.")
	case directory.KindExists:
		return phase.Failed(err, max(after, takenAfter), v1alpha1.ReasonAlreadyExists,
			"Something else has the key in the backend: "+said(err)+"; correct it there, or what is declared here.")
	case directory.KindInvalid:
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, "The backend refuses what is declared: "+said(err)+".")
	case directory.KindUnsupported:
		return phase.Stalled(v1alpha1.ReasonUnsupported, "The backend cannot do this: "+said(err)+".")
	case directory.KindCredentials:
		return phase.Failed(err, max(after, deniedAfter), v1alpha1.ReasonCredentialsInvalid,
			"The backend does not take our credentials; correct the Secret that the IdentityBackend names.")
	case directory.KindDenied:
		return phase.Failed(err, max(after, deniedAfter), v1alpha1.ReasonBackendDenied,
			"The credentials that the IdentityBackend names lack a right in the backend; give it to them.")
	case directory.KindQuotaExceeded:
		return phase.Failed(err, max(after, deniedAfter), v1alpha1.ReasonQuotaExceeded,
			"An amount that is bought from the backend's owner is used up: "+said(err)+"; raise it there.")
	case directory.KindRateLimited:
		return phase.Failed(err, max(after, rateLimitedAfter), v1alpha1.ReasonBackendRateLimited,
			"The backend asked to slow down; it is tried again.")
	case directory.KindUnavailable:
		return phase.Failed(err, after, v1alpha1.ReasonBackendUnavailable,
			"The backend does not answer; it is tried again.")
	default:
		return phase.Failed(err, after, v1alpha1.ReasonProgressingWithRetry,
			"Something went wrong; it is tried again. The manager's log tells more.")
	}
}

// said is what an error says, as a part of a sentence of ours: a system's own
// words may end in a period.
func said(err error) string { return strings.TrimRight(err.Error(), ". ") }
