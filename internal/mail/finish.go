package mail

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// How often recording an outcome is tried while the database does not answer.
const (
	minFinishPause = 100 * time.Millisecond
	maxFinishPause = 5 * time.Second
	// lastChance is the time for recording when the claim has ended already.
	lastChance = time.Second
)

// handBack records that deliveries were not tried, or failed with another.
func (o *Outbox) handBack(ctx context.Context, all []directory.Delivery, why string) {
	for _, d := range all {
		o.finish(ctx, d, retry(why))
	}
}

// finish records an outcome, again and again while the claim lasts. One that
// cannot be recorded is found by the ledger as a claim that ended, and becomes
// unknown: the truth, since a restart forgets what is known here.
func (o *Outbox) finish(ctx context.Context, d directory.Delivery, result directory.DeliveryOutcome) {
	log := o.Log.WithValues("delivery", d.ID, "organization", d.Organization, "attempt", d.Attempt)
	if err := o.record(ctx, d, result); err != nil {
		o.metrics.unrecorded.Inc()
		log.Error(err, "cannot record the outcome of a mail", "result", result.Result)
	}
	o.metrics.deliveries.WithLabelValues(string(result.Result)).Inc()
	switch result.Result {
	case directory.ResultRejected, directory.ResultUnknown:
		log.Info("mail not known to be sent", "result", result.Result, "reason", result.Reason)
	default:
		log.V(1).Info("mail finished", "address", d.Address, "result", result.Result, "reason", result.Reason)
	}
	o.release()
}

func (o *Outbox) record(ctx context.Context, d directory.Delivery, result directory.DeliveryOutcome) error {
	pause := minFinishPause
	for {
		err := o.recordOnce(ctx, d, result)
		switch directory.KindOf(err) {
		case "":
			return nil
		case directory.KindNotFound, directory.KindConflict, directory.KindInvalid:
			return err
		}
		left := d.Deadline.Sub(o.Clock.Now())
		if left <= 0 || ctx.Err() != nil {
			return err
		}
		o.wait(ctx, min(pause, left), nil)
		pause = min(2*pause, maxFinishPause)
	}
}

// recordOnce outlives ctx: the mail went out, or not, and that must be said.
func (o *Outbox) recordOnce(ctx context.Context, d directory.Delivery, result directory.DeliveryOutcome) error {
	left := max(lastChance, d.Deadline.Sub(o.Clock.Now()))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), left)
	defer cancel()
	return o.Queue.Finish(ctx, d.ID, result)
}

func (o *Outbox) release() {
	o.mu.Lock()
	o.held--
	o.mu.Unlock()
	select {
	case o.freed <- struct{}{}:
	default:
	}
}
