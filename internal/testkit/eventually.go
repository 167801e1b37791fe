package testkit

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// longest bounds every wait whose context has no earlier deadline. It only
	// bounds failures, and is far more than any wait takes on a busy machine.
	longest = 5 * time.Minute
	// look is the time between two looks.
	look = 50 * time.Millisecond
)

// Eventually calls check until it is done, at most for five minutes or as long as
// the context allows. What check observed last is part of the error when that
// time is over. An error of check ends the wait at once: what may pass belongs
// into observed instead. what completes the sentence "wait for …".
func Eventually(ctx context.Context, what string, check func(ctx context.Context) (done bool, observed string, err error)) error {
	last := "nothing"
	err := wait.PollUntilContextTimeout(ctx, look, longest, true, func(ctx context.Context) (bool, error) {
		done, observed, err := check(ctx)
		if observed != "" {
			last = observed
		}
		return done, err
	})
	if wait.Interrupted(err) {
		return fmt.Errorf("wait for %s: %w; last observed: %s", what, err, last)
	}
	if err != nil {
		return fmt.Errorf("wait for %s: %w", what, err)
	}
	return nil
}
