package directory

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what an error means to the caller, so that one table can decide
// what to do about it. The zero Kind is [KindInternal].
type Kind string

const (
	// KindNotFound: the thing asked for does not exist. Removing it is done; what
	// depends on it waits.
	KindNotFound Kind = "NotFound"
	// KindExists: something else already has the key that was to be created, or
	// two have it. It is mended in the system, or by an edit: the caller says so,
	// and retries slowly.
	KindExists Kind = "Exists"
	// KindConflict: the thing changed meanwhile; observe again and retry at once.
	KindConflict Kind = "Conflict"
	// KindInvalid: the request can never succeed as it is; only an edit helps, and
	// the caller stops and says so.
	KindInvalid Kind = "Invalid"
	// KindCredentials: our credentials are missing, wrong or expired. A human
	// must act, but outside the object, so the caller retries slowly, and with
	// what a Secret holds by then.
	KindCredentials Kind = "Credentials"
	// KindDenied: the credentials are good and lack the right. A human must act,
	// but outside the object, so the caller retries slowly.
	KindDenied Kind = "Denied"
	// KindRateLimited: too many requests; retry after [Error.RetryAfter].
	KindRateLimited Kind = "RateLimited"
	// KindQuotaExceeded: a bought or configured amount is used up; the caller says
	// so and retries slowly, because raising it tells nobody.
	KindQuotaExceeded Kind = "QuotaExceeded"
	// KindUnavailable: no answer, one that promises a later one, or one that makes
	// no sense. Every network error is of this kind: nothing final follows from it.
	KindUnavailable Kind = "Unavailable"
	// KindUnsupported: this backend cannot do it, now or later; only an edit
	// helps, and the caller stops and names the field.
	KindUnsupported Kind = "Unsupported"
	// KindInternal: a fault of ours, or one that nobody classified; retry.
	KindInternal Kind = "Internal"
)

// Error is an error with a [Kind]. Op says what was being done, in lower case
// and without names of persons, because messages reach statuses.
type Error struct {
	Kind Kind
	Op   string
	// RetryAfter is how long to wait before trying again; 0 when unknown.
	RetryAfter time.Duration
	Err        error
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return fmt.Sprintf("%s: %s", e.Op, e.Kind)
	case e.Op == "":
		return e.Err.Error()
	default:
		return e.Op + ": " + e.Err.Error()
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an [Error] of the kind, its cause formatted as by [fmt.Errorf].
func Errorf(kind Kind, op, format string, args ...any) error {
	return &Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// KindOf returns the kind of the outermost [Error] in err's tree,
// [KindInternal] when there is none, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != "" {
		return e.Kind
	}
	return KindInternal
}

// IsKind reports whether err is of the kind.
func IsKind(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// RetryAfter returns how long the outermost [Error] asks to wait; 0 when it does not say.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
