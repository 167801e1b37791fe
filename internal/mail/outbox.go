package mail

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Queue holds the deliveries. The ledger is one.
type Queue interface {
	// Claim returns at most n deliveries that are due, each claimed until its
	// Deadline: no other caller gets it before. Fewer than n means that no
	// more are due now.
	Claim(ctx context.Context, n int) ([]directory.Delivery, error)
	// Depart records that the claimed message leaves for good with what is sent
	// next: only from then on is a claim that nobody finishes unknown, before it
	// counts as not tried. Repeating it changes nothing. An error means that
	// the message must not leave; KindConflict, that it must not leave at all:
	// the claim is not ours any more, or the invitation has ended.
	Depart(ctx context.Context, id string) error
	// Finish records how the attempt at a claimed delivery ended. Repeating it
	// changes nothing. KindNotFound, KindConflict and KindInvalid mean that
	// the claim is not ours any more, so that repeating cannot help.
	Finish(ctx context.Context, id string, o directory.DeliveryOutcome) error
	// Wake delivers something when deliveries may have become due. It may be
	// nil, or miss some: the outbox polls as well.
	Wake() <-chan struct{}
}

// Servers finds mail servers. It is asked before every attempt, so that a
// changed password needs no restart.
type Servers interface {
	// Server returns the one that a [directory.MailIdentity] names; "" is the
	// default of the process. The text of an error reaches a status; it must
	// hold no secret.
	Server(ctx context.Context, name string) (Server, error)
}

// OutboxOptions says what an [Outbox] works with.
type OutboxOptions struct {
	// Queue and Servers are required.
	Queue   Queue
	Servers Servers
	// DefaultFrom is the addr-spec of the sender for organizations that have
	// none. Required.
	DefaultFrom string
	// Clock is required.
	Clock clock.Clock
	// Log tells operators about mail servers and the database; addresses of
	// people appear at verbosity 1 only. The zero value discards.
	Log logr.Logger
	// Registerer gets the metrics rollcall_mail_*. Required.
	Registerer prometheus.Registerer
	// Workers is how many connections are open to one mail server at most;
	// default 4.
	Workers int
	// InFlight is how many deliveries are claimed at most; default 16 per worker.
	InFlight int
	// Poll is how long to wait before looking for due deliveries when nothing
	// woke us; default 2 s.
	Poll time.Duration
	// MaxPerSecond bounds how many deliveries are claimed in a second, over
	// all servers; 0 means no bound.
	MaxPerSecond float64
	// StopGrace is how long Run goes on with what it has claimed once it is to
	// stop; default 15 s. What has not been sent by then is handed back.
	StopGrace time.Duration
}

// Outbox hands deliveries over and records the outcome of each. Make it with
// [New].
type Outbox struct {
	OutboxOptions
	metrics *metrics
	senders sync.WaitGroup
	// freed gets something when a claimed delivery was finished.
	freed chan struct{}
	// patience is how long all claimed deliveries may make no progress before
	// those that wait for slow servers make room for others.
	patience time.Duration

	mu sync.Mutex
	// lanes are by name of the mail server.
	lanes map[string]*lane
	// held counts the deliveries that are claimed and not yet finished.
	held int
}

// New makes an outbox and registers its metrics. It fails when something
// required is missing.
func New(o OutboxOptions) (*Outbox, error) {
	switch {
	case o.Queue == nil:
		return nil, errors.New("make the mail outbox: no queue")
	case o.Servers == nil:
		return nil, errors.New("make the mail outbox: no servers")
	case o.Clock == nil:
		return nil, errors.New("make the mail outbox: no clock")
	case o.Registerer == nil:
		return nil, errors.New("make the mail outbox: no registerer for metrics")
	}
	if _, err := parseAddress(o.DefaultFrom); err != nil {
		return nil, directory.Errorf(directory.KindInvalid, "read the default sender's address", "%w", err)
	}
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	o.Workers = orDefault(o.Workers, 4)
	o.InFlight = orDefault(o.InFlight, 16*o.Workers)
	o.Poll = orDefault(o.Poll, 2*time.Second)
	o.StopGrace = orDefault(o.StopGrace, 15*time.Second)
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	return &Outbox{
		OutboxOptions: o,
		metrics:       m,
		freed:         make(chan struct{}, 1),
		patience:      2 * time.Second,
		lanes:         map[string]*lane{},
	}, nil
}

func orDefault[T ~int | ~int64](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// Run works until ctx ends, and then finishes what it has claimed. It returns
// nil; whatever fails meanwhile is retried or recorded.
func (o *Outbox) Run(ctx context.Context) error {
	sending, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	for ctx.Err() == nil {
		o.claim(ctx, sending)
	}
	grace := o.Clock.NewTimer(o.StopGrace)
	defer grace.Stop()
	done := make(chan struct{})
	go func() { o.senders.Wait(); close(done) }()
	select {
	case <-done:
	case <-grace.C():
		// From now on attempts end at once: before the final dot they can be
		// retried, and what still waits was never tried.
		abandon()
		<-done
	}
	return nil
}

// claimTimeout bounds a claim. Ending one early is harmful: what it claimed
// without our knowledge counts as unknown later.
const claimTimeout = 30 * time.Second

// claim takes what there is room for, and waits when there is nothing to do.
// What it takes is sent under sending, which outlives ctx.
func (o *Outbox) claim(ctx, sending context.Context) {
	o.recall(sending)
	room := min(o.room(), o.Workers)
	if room <= 0 {
		if o.wait(ctx, o.untilRecall(o.patience), o.freed); o.room() <= 0 {
			o.shed(sending)
		}
		return
	}
	claimed, err := o.claimAtMost(sending, room)
	if err != nil {
		o.Log.Error(err, "cannot claim mail deliveries")
		o.wait(ctx, o.untilRecall(o.Poll), nil)
		return
	}
	for _, d := range claimed {
		o.accept(sending, d)
	}
	switch {
	case o.MaxPerSecond > 0 && len(claimed) > 0:
		o.wait(ctx, time.Duration(float64(len(claimed))/o.MaxPerSecond*float64(time.Second)), nil)
	case len(claimed) < room:
		o.wait(ctx, o.untilRecall(o.Poll), o.Queue.Wake())
	}
}

func (o *Outbox) claimAtMost(ctx context.Context, n int) ([]directory.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	return o.Queue.Claim(ctx, n)
}

// wait returns after d, or when the channel delivers, or ctx ends.
func (o *Outbox) wait(ctx context.Context, d time.Duration, early <-chan struct{}) {
	t := o.Clock.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
	case <-early:
	case <-ctx.Done():
	}
}

func (o *Outbox) room() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.InFlight - o.held
}
