package verdict_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// errDetail is what a status must not tell of a failure that passes: it differs
// from one attempt to the next.
var errDetail = errors.New("request 4711 to 192.0.2.1:443 failed")

func of(kind directory.Kind, after time.Duration) error {
	return &directory.Error{Kind: kind, Op: "apply a member", RetryAfter: after, Err: errDetail}
}

func TestOf(t *testing.T) {
	resource := schema.GroupResource{Group: v1alpha1.Group, Resource: "users"}
	for name, test := range map[string]struct {
		reason string
		err    error
		word   phase.Word
		says   string
		after  time.Duration
	}{
		"not found":                {"something below it is not there yet", of(directory.KindNotFound, 0), phase.WordFailed, v1alpha1.ReasonDependencyNotReady, 0},
		"invalid":                  {"only an edit helps", of(directory.KindInvalid, 0), phase.WordStalled, v1alpha1.ReasonInvalidSpec, 0},
		"exists":                   {"mended there, and nobody tells", of(directory.KindExists, 0), phase.WordFailed, v1alpha1.ReasonAlreadyExists, 5 * time.Minute},
		"unsupported":              {"only an edit helps", of(directory.KindUnsupported, 0), phase.WordStalled, v1alpha1.ReasonUnsupported, 0},
		"denied":                   {"a human must act elsewhere: slowly", of(directory.KindDenied, 0), phase.WordFailed, v1alpha1.ReasonBackendDenied, time.Minute},
		"denied for long":          {"the backend knows better", of(directory.KindDenied, time.Hour), phase.WordFailed, v1alpha1.ReasonBackendDenied, time.Hour},
		"rate limited":             {"not at once, even without a time", of(directory.KindRateLimited, 0), phase.WordFailed, v1alpha1.ReasonBackendRateLimited, 10 * time.Second},
		"rate limited for long":    {"as long as it says", of(directory.KindRateLimited, time.Hour), phase.WordFailed, v1alpha1.ReasonBackendRateLimited, time.Hour},
		"quota":                    {"raising it tells nobody: slowly", of(directory.KindQuotaExceeded, 0), phase.WordFailed, v1alpha1.ReasonQuotaExceeded, time.Minute},
		"credentials":              {"a human must act elsewhere: slowly", of(directory.KindCredentials, 0), phase.WordFailed, v1alpha1.ReasonCredentialsInvalid, time.Minute},
		"unavailable":              {"with backoff", of(directory.KindUnavailable, 0), phase.WordFailed, v1alpha1.ReasonBackendUnavailable, 0},
		"unavailable, said when":   {"as long as it says", of(directory.KindUnavailable, time.Hour), phase.WordFailed, v1alpha1.ReasonBackendUnavailable, time.Hour},
		"conflict":                 {"observe again", of(directory.KindConflict, 0), phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
		"internal":                 {"a fault of ours", of(directory.KindInternal, 0), phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
		"no kind":                  {"nobody classified it", of("", 0), phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
		"wrapped":                  {"a step says what it did", fmt.Errorf("remove member: %w", of(directory.KindUnavailable, 0)), phase.WordFailed, v1alpha1.ReasonBackendUnavailable, 0},
		"a bare network error":     {"nothing final follows from it", &net.OpError{Op: "dial", Err: errDetail}, phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
		"a deadline":               {"nothing final follows from it", context.DeadlineExceeded, phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
		"the API server, busy":     {"it is not the spec's fault", apierrors.NewTooManyRequestsError("4711"), phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
		"the API server, refusing": {"it is not the spec's fault", apierrors.NewForbidden(resource, "ada", errDetail), phase.WordFailed, v1alpha1.ReasonProgressingWithRetry, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := verdict.Of(test.err)
			if a.Word != test.word || a.Reason != test.says || a.After != test.after {
				t.Errorf("%s: word %d reason %s after %s, want %d %s %s", test.reason, a.Word, a.Reason, a.After, test.word, test.says, test.after)
			}
			final := a.Word == phase.WordStalled || a.Reason == v1alpha1.ReasonQuotaExceeded || a.Reason == v1alpha1.ReasonAlreadyExists
			if told := strings.Contains(a.Message, "4711"); told != final {
				t.Errorf("the message is %q: it tells the details exactly when they are the spec's fault", a.Message)
			}
			if !strings.HasSuffix(a.Message, ".") {
				t.Errorf("the message %q is no sentence", a.Message)
			}
			if a.Word == phase.WordFailed && !errors.Is(a.Err, test.err) {
				t.Errorf("the error is %v, want the one that came, for the log", a.Err)
			}
		})
	}
}

// A conflict with another writer stays one, so that it is not told.
func TestOf_KeepsConflicts(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "users"}, "ada", errDetail)
	if a := verdict.Of(fmt.Errorf("patch finalizers: %w", conflict)); !apierrors.IsConflict(a.Err) {
		t.Errorf("the error is %v, want a conflict", a.Err)
	}
}

// A system's own words may end in a period, and a message ends in one.
func TestOf_EndsInOnePeriod(t *testing.T) {
	for _, kind := range []directory.Kind{directory.KindInvalid, directory.KindExists, directory.KindUnsupported, directory.KindQuotaExceeded} {
		err := directory.Errorf(kind, "apply a member", "the server said: no.")
		if a := verdict.Of(err); strings.Contains(a.Message, "..") || strings.Contains(a.Message, ".;") {
			t.Errorf("%s: %q", kind, a.Message)
		}
	}
}
