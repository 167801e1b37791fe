package cli

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
)

// The exit codes.
const (
	// ExitDone: everything asked for is done.
	ExitDone = 0
	// ExitFailed: it could not be done; standard error says why.
	ExitFailed = 1
	// ExitUsage: the command was written wrongly, and nothing was tried.
	ExitUsage = 2
	// ExitUnfinished: what was waited for did not happen within --timeout, or
	// plan --exit-code found differences.
	ExitUnfinished = 3
)

// failure is an error with an exit code.
type failure struct {
	code int
	err  error
}

// Error implements error.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// wrongUsage says that the command was written wrongly.
func wrongUsage(format string, args ...any) error {
	return &failure{ExitUsage, fmt.Errorf(format, args...)}
}

// unfinished says that something did not happen in time.
func unfinished(format string, args ...any) error {
	return &failure{ExitUnfinished, fmt.Errorf(format, args...)}
}

// errDiffers ends plan --exit-code; nothing more is to be said than was printed.
var errDiffers = errors.New("there are differences")

func exitCode(err error) int {
	f, ok := errors.AsType[*failure](err)
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, errDiffers):
		return ExitUnfinished
	case ok:
		return f.code
	default:
		return ExitFailed
	}
}

// told is an error in words that help.
func told(err error) error {
	switch {
	case meta.IsNoMatchError(err):
		return fmt.Errorf("this cluster does not know Rollcall's kinds; install them with kubectl apply -k config/crd, or choose another --context: %w", err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("you may not do this; the ClusterRoles rollcall-viewer and rollcall-editor hold the rights: %w", err)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	}
	return err
}
