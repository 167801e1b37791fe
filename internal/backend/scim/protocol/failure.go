package protocol

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ScimType returns the scimType of the answer that err came from (RFC 7644
// section 3.12), empty when there is none.
func ScimType(err error) string {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.scimType
	}
	return ""
}

// refusal is an answer that is not a success.
type refusal struct {
	status   int
	scimType string
	detail   string // fit for a status
}

// Error implements error.
func (r *refusal) Error() string {
	text := fmt.Sprintf("the service provider answered %d", r.status)
	if r.scimType != "" {
		text += " " + r.scimType
	}
	if r.detail != "" {
		text += ": " + r.detail
	}
	return text
}

// refused returns how long the service provider asks to be left alone, and the
// error for an answer that is not a success.
func (c *Client) refused(q call, a answer) (time.Duration, error) {
	body := parseFailure(a.body)
	kind := q.kindOf(a, body)
	wait := time.Duration(0)
	if kind == directory.KindRateLimited || kind == directory.KindUnavailable {
		wait = retryAfter(a.header, c.options.Clock.Now(), c.options.MaxRetryAfter)
	}
	if wait == 0 && a.status == http.StatusTooManyRequests {
		wait = pauseUnasked
	}
	cause := &refusal{status: a.status, scimType: plain(body.scimType), detail: plain(body.detail)}
	if a.status/100 == 3 {
		cause.detail = "it redirects elsewhere, and requests go to the configured url only"
	}
	return wait, &directory.Error{Kind: kind, Op: q.op, RetryAfter: wait, Err: cause}
}

// kindOf is the one table from answers to kinds: status and scimType of RFC 7644
// section 3.12 and RFC 9865 section 2.1, and what service providers do beside it.
func (q call) kindOf(a answer, body failureBody) directory.Kind {
	if q.method != http.MethodGet && body.saysQuota(a.status) {
		return directory.KindQuotaExceeded
	}
	switch a.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return kindOfType(body.scimType)
	case http.StatusForbidden:
		return kindOfForbidden(body.scimType)
	case http.StatusNotFound, http.StatusGone:
		return q.kindOfMissing(a, body)
	case http.StatusConflict:
		// RFC 7644 section 3.3 wants scimType uniqueness; many leave it out. What is
		// no SCIM error may have been said by something in between.
		if strings.EqualFold(body.scimType, "uniqueness") || body.scim && body.scimType == "" && q.method == http.MethodPost {
			return directory.KindExists
		}
		return directory.KindConflict
	}
	return kindOfStatus(a.status)
}

func kindOfStatus(status int) directory.Kind {
	switch status {
	case http.StatusUnauthorized:
		return directory.KindCredentials
	case http.StatusPaymentRequired, http.StatusInsufficientStorage:
		return directory.KindQuotaExceeded
	case http.StatusPreconditionFailed, http.StatusPreconditionRequired:
		return directory.KindConflict
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
		return directory.KindInvalid
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusNotAcceptable,
		http.StatusUnsupportedMediaType, http.StatusHTTPVersionNotSupported:
		return directory.KindUnsupported
	case http.StatusTooManyRequests:
		return directory.KindRateLimited
	case http.StatusRequestTimeout, http.StatusLocked, http.StatusTooEarly, http.StatusMisdirectedRequest:
		return directory.KindUnavailable
	}
	if status/100 == 4 {
		return directory.KindInternal
	}
	return directory.KindUnavailable
}

func kindOfType(scimType string) directory.Kind {
	switch strings.ToLower(scimType) {
	case "uniqueness":
		return directory.KindExists
	case "notarget", "invalidcursor", "expiredcursor":
		return directory.KindConflict
	case "invalidfilter", "toomany", "invalidvers", "sensitive":
		return directory.KindUnsupported
	}
	// mutability, invalidSyntax, invalidPath, invalidValue, invalidCount, and none.
	return directory.KindInvalid
}

func kindOfForbidden(scimType string) directory.Kind {
	if kind := kindOfType(scimType); kind == directory.KindUnsupported {
		return kind
	}
	return directory.KindDenied
}

// kindOfMissing is careful with 404: somebody's absence follows from it. It
// counts when the service provider itself can have said it, not a gateway that
// does not know the route, nor a wrong base URL.
func (q call) kindOfMissing(a answer, body failureBody) directory.Kind {
	credible := body.scim || strings.TrimSpace(string(a.body)) == ""
	switch {
	case !credible:
		return directory.KindUnavailable
	case !q.collection:
		return directory.KindNotFound
	case q.resource == Users:
		// Without users it is not SCIM, or not yet.
		return directory.KindUnavailable
	}
	return directory.KindUnsupported
}

// unreachable returns the error for a request without an answer. It names the
// cause by its class: addresses and ports in a message would change from one
// attempt to the next.
func unreachable(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return interrupted(ctx, op)
	}
	cause := networkCause(err)
	if cause == errTimeout.Error() {
		return directory.Errorf(directory.KindUnavailable, op, "%w", errTimeout)
	}
	return directory.Errorf(directory.KindUnavailable, op, "%s", cause)
}

// errTimeout is in the tree of an error about an answer that took too long.
var errTimeout = errors.New("there was no answer in time")

// isTimeout reports whether we, or something in between, did not wait any longer.
func isTimeout(err error) bool {
	return errors.Is(err, errTimeout) || isStatus(err, http.StatusGatewayTimeout)
}

func networkCause(err error) string {
	if cause := certificateCause(err); cause != "" {
		return cause
	}
	var timeout net.Error
	switch {
	case isA[*net.DNSError](err):
		return "the name of the host was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errTimeout.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection ended before the answer did"
	}
	return "the connection failed"
}

// certificateCause says what is wrong with a certificate; empty when nothing is.
func certificateCause(err error) string {
	switch {
	case isA[x509.UnknownAuthorityError](err):
		return "the certificate of the service provider is signed by an unknown authority"
	case isA[x509.HostnameError](err):
		return "the certificate of the service provider is for another host"
	case isA[x509.CertificateInvalidError](err):
		return "the certificate of the service provider is expired or not valid"
	case isA[*tls.CertificateVerificationError](err):
		return "the certificate of the service provider cannot be verified"
	case isA[tls.AlertError](err):
		return "the service provider refused the tls connection; it may want another client certificate"
	case isA[tls.RecordHeaderError](err):
		return "the service provider does not speak tls"
	}
	return ""
}

func isA[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// interrupted returns the error for a call whose caller gave up; it wraps the
// context's error.
func interrupted(ctx context.Context, op string) error {
	return directory.Errorf(directory.KindUnavailable, op, "%w", ctx.Err())
}

func waitError(kind directory.Kind, op, text string, left time.Duration) error {
	return &directory.Error{Kind: kind, Op: op, RetryAfter: left, Err: errors.New(text)}
}
