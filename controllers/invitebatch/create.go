package invitebatch

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rollcall-dev/rollcall/internal/reference"
)

// creators is how many Users are created at once: enough to keep an API server
// busy, and few enough to leave its other users room.
const creators = 16

// create creates the Users of the missing entries, and counts what came of each.
// An error tells the first that failed; the others were tried, and are found
// at the next look.
func (r *Reconciler) create(ctx context.Context, x *expansion) error {
	missing := x.missing
	x.missing = nil
	answers := make([]error, len(missing))
	creator := reference.Creator{Client: r.Client, Direct: r.Sources}
	var group errgroup.Group
	group.SetLimit(creators)
	for i, e := range missing {
		group.Go(func() error {
			_, _, answers[i] = creator.Create(ctx, desired(x.batch, e))
			return nil
		})
	}
	_ = group.Wait() // the errors are in answers
	for i, err := range answers {
		switch {
		case apierrors.IsInvalid(err):
			x.refuse(missing[i], err)
		case err == nil:
			x.counts.Invited++
		default:
			return fmt.Errorf("create user: %w", err)
		}
	}
	return nil
}
