package watch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// followAgain is how soon something is followed again after that has failed.
const followAgain = time.Second

// Follow runs follow until the context ends, and again when it fails: what came
// in between was missed then, and follow is told so until it works. It returns
// at once.
func Follow(ctx context.Context, what string, follow func(ctx context.Context, missed bool) error) {
	missed := false
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := follow(ctx, missed); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "follow "+what+"; all are looked at when it works again")
			missed = true
		}
	}, followAgain)
}
