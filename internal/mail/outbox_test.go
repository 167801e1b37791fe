package mail

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

// fixedServers are servers by name.
type fixedServers map[string]Server

func (f fixedServers) Server(_ context.Context, name string) (Server, error) {
	if s, ok := f[name]; ok {
		return s, nil
	}
	return Server{}, fmt.Errorf("there is no Secret %q", name)
}

// box is an outbox at work.
type box struct {
	*Outbox
	registry *prometheus.Registry
	stop     context.CancelFunc
	// done is closed when Run has returned.
	done chan struct{}
}

// startBox runs an outbox; change may alter it first.
func startBox(t *testing.T, q *memoryQueue, servers Servers, c clock.Clock, change func(*Outbox)) *box {
	t.Helper()
	registry := prometheus.NewRegistry()
	o, err := New(OutboxOptions{
		Queue: q, Servers: servers, DefaultFrom: testFrom, Clock: c, Registerer: registry, Poll: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b := &box{Outbox: o, registry: registry, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(b.done)
		if err := o.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(b.halt)
	return b
}

// untilWaiting returns when the outbox waits for time to pass.
func untilWaiting(t *testing.T, c *testingclock.FakeClock) {
	t.Helper()
	for ctx := testContext(t); !c.HasWaiters(); runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatal("the outbox never waited")
		}
	}
}

// halt stops the outbox and waits until it has stopped.
func (b *box) halt() {
	b.stop()
	<-b.done
}

func (b *box) counted(result directory.DeliveryResult) float64 {
	return b.gathered("rollcall_mail_deliveries_total", string(result))
}

// gathered is the value of a counter as it is scraped; the label may be "".
func (b *box) gathered(name, label string) float64 {
	families, err := b.registry.Gather()
	if err != nil {
		panic(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

func TestBY8_OutboxSendsEachDeliveryOnce(t *testing.T) {
	const n = 200
	sink := startSink(t, mailtest.Options{})
	c := testingclock.NewFakeClock(testDate)
	q := newMemoryQueue(testDeliveries("x", n, testDate.Add(time.Minute))...)
	b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, c, nil)
	q.untilFinished(t, n)
	b.halt()

	if diff := cmp.Diff(map[directory.DeliveryResult]int{directory.ResultSent: n}, q.results()); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	messages := sink.Messages()
	if len(messages) != n {
		t.Errorf("the server has %d mails, want %d", len(messages), n)
	}
	for _, m := range messages {
		if m.Count != 1 {
			t.Errorf("%s came %d times", m.MessageID, m.Count)
		}
	}
	if sink.Connections() > n/2 {
		t.Errorf("%d connections for %d mails: they are not reused", sink.Connections(), n)
	}
	if q.most > b.InFlight {
		t.Errorf("%d deliveries were claimed at once, want at most %d", q.most, b.InFlight)
	}
	if b.counted(directory.ResultSent) != n || len(b.lanes) != 0 || b.held != 0 {
		t.Errorf("counted %v sent, %d lanes, %d held", b.counted(directory.ResultSent), len(b.lanes), b.held)
	}
}

func TestBY8_WokenAtOnce(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	q := newMemoryQueue()
	startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), nil)
	for i := range 3 {
		// The clock stands still, so that no polling helps.
		q.add(testDeliveries(fmt.Sprint(i), 1, testDate.Add(time.Minute))...)
		q.untilFinished(t, i+1)
	}
}

func TestBY8_PollsWhenNothingWakesIt(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	c := testingclock.NewFakeClock(testDate)
	q := newMemoryQueue()
	b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, c, nil)
	untilWaiting(t, c)
	q.mu.Lock()
	q.due = testDeliveries("x", 1, testDate.Add(2*b.Poll))
	q.mu.Unlock()
	c.Step(b.Poll)
	q.untilFinished(t, 1)
}

func TestBY8_ServerDownAndBack(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	c := testingclock.NewFakeClock(testDate)
	deliveries := testDeliveries("x", 20, testDate.Add(time.Hour))
	q := newMemoryQueue(deliveries...)
	servers := fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}
	if err := sink.Stop(); err != nil {
		t.Fatal(err)
	}
	startBox(t, q, servers, c, nil)
	q.until(t, "tried once", func() bool { return len(q.finished) == len(deliveries) })
	if diff := cmp.Diff(map[directory.DeliveryResult]int{directory.ResultRetry: 20}, q.results()); diff != "" {
		t.Fatalf("while the server is down (-want +got):\n%s", diff)
	}

	if err := sink.Restart(); err != nil {
		t.Fatal(err)
	}
	c.Step(maxPause)
	for len(sink.Messages()) < len(deliveries) {
		q.mu.Lock()
		var again []directory.Delivery
		for _, d := range deliveries {
			if q.finished[d.ID].Result == directory.ResultRetry {
				delete(q.finished, d.ID)
				again = append(again, d)
			}
		}
		q.mu.Unlock()
		q.add(again...)
		q.untilFinished(t, len(deliveries))
	}
	for _, m := range sink.Messages() {
		if m.Count != 1 {
			t.Errorf("%s came %d times", m.MessageID, m.Count)
		}
	}
}

func TestPromise_DownServerDelaysNobodyElse(t *testing.T) {
	for name, fault := range map[string]mailtest.Fault{
		"silent": {Stage: mailtest.StageConnect, Hold: true},
		"closed": {Stage: mailtest.StageConnect, Drop: true},
	} {
		t.Run(name, func(t *testing.T) {
			dead, alive := startSink(t, mailtest.Options{}), startSink(t, mailtest.Options{})
			defer dead.Inject(fault).Remove()
			deadline := time.Now().Add(time.Hour)
			first, second := testDeliveries("dead", 300, deadline), testDeliveries("alive", 50, deadline)
			for i := range second {
				second[i].Mail.Server = "clinics/mail"
			}
			q := newMemoryQueue(append(first, second...)...)
			b := startBox(t, q, fixedServers{
				"":             serverOf(t, dead.Addr(), TLSNone),
				"clinics/mail": serverOf(t, alive.Addr(), TLSNone),
			}, clock.RealClock{}, func(o *Outbox) { o.patience, o.InFlight, o.StopGrace = time.Second, 16, time.Millisecond })
			q.until(t, "the other organization's mail is sent", func() bool {
				sent := 0
				for _, d := range second {
					if q.finished[d.ID].Result == directory.ResultSent {
						sent++
					}
				}
				return sent == len(second)
			})
			b.halt()
			if got := q.results()[directory.ResultRetry]; got != len(first) {
				t.Errorf("%d deliveries were handed back, want %d", got, len(first))
			}
		})
	}
}

func TestBY8_RecordingIsRetried(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	q := newMemoryQueue(testDeliveries("x", 1, time.Now().Add(time.Hour))...)
	down := directory.Errorf(directory.KindUnavailable, "write", "no database")
	q.failures = []error{down, errors.New("lost"), down}
	startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, clock.RealClock{}, nil)
	q.untilFinished(t, 1)
	if q.outcome("x-0").Result != directory.ResultSent || sink.Messages()[0].Count != 1 {
		t.Errorf("outcome %+v, sent %d times", q.outcome("x-0"), sink.Messages()[0].Count)
	}
}

func TestBY8_UnrecordedOutcomeIsLeftToTheLease(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		lease time.Duration
	}{
		"database down": {directory.Errorf(directory.KindUnavailable, "write", "no database"), 300 * time.Millisecond},
		"claim lost":    {directory.Errorf(directory.KindConflict, "write", "not yours"), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			sink := startSink(t, mailtest.Options{})
			q := newMemoryQueue(testDeliveries("x", 1, time.Now().Add(c.lease))...)
			q.broken = c.err
			b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, clock.RealClock{}, nil)
			if _, err := sink.Wait(testContext(t), func(mailtest.Message) bool { return true }); err != nil {
				t.Fatal(err)
			}
			b.senders.Wait()
			if got := b.gathered("rollcall_mail_unrecorded_outcomes_total", ""); got != 1 || len(q.claimed) != 1 {
				t.Errorf("%v unrecorded, %d still claimed", got, len(q.claimed))
			}
		})
	}
}

func TestBY8_LostAnswerIsUnknown(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	sink.Inject(mailtest.Fault{Stage: mailtest.StageStored, Drop: true, Times: 1})
	q := newMemoryQueue(testDeliveries("x", 1, testDate.Add(time.Minute))...)
	startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), nil)
	q.untilFinished(t, 1)
	if got := q.outcome("x-0"); got.Result != directory.ResultUnknown {
		t.Errorf("%+v", got)
	}
}

// TestBY8_ClosedIdleConnectionIsNotAFailure: servers end connections after a
// number of mails or a while; the next mail must not pay for it.
func TestBY8_ClosedIdleConnectionIsNotAFailure(t *testing.T) {
	for name, fault := range map[string]mailtest.Fault{
		"with a word":    {Stage: mailtest.StageMail, Code: 421, Drop: true, Times: 1},
		"without a word": {Stage: mailtest.StageMail, Drop: true, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			sink := startSink(t, mailtest.Options{})
			o, err := New(OutboxOptions{
				Queue: newMemoryQueue(), Servers: fixedServers{}, DefaultFrom: testFrom,
				Clock: clock.RealClock{}, Registerer: prometheus.NewRegistry(),
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, server := testContext(t), serverOf(t, sink.Addr(), TLSNone)
			first := o.handOver(ctx, server, testMessage(t), nil)
			sink.Inject(fault)
			second := o.handOver(ctx, server, testMessage(t), first.session)
			if second.outcome.Result != directory.ResultSent || sink.Connections() != 2 || sink.Messages()[0].Count != 2 {
				t.Errorf("%+v over %d connections", second.outcome, sink.Connections())
			}
			second.session.close(ctx, true)
		})
	}
}

// TestBY8_LostAnswerOnAReusedConnectionIsNotRetried: the fresh connection is
// for mails that were not taken only.
func TestBY8_LostAnswerOnAReusedConnectionIsNotRetried(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	all := testDeliveries("x", 2, testDate.Add(time.Minute))
	sink.Inject(mailtest.Fault{Stage: mailtest.StageStored, Drop: true, To: all[1].Address})
	q := newMemoryQueue(all...)
	startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), nil)
	q.untilFinished(t, 2)
	if q.outcome("x-1").Result != directory.ResultUnknown {
		t.Errorf("%+v", q.outcome("x-1"))
	}
	for _, m := range sink.Messages() {
		if m.Count != 1 {
			t.Errorf("%s came %d times", m.MessageID, m.Count)
		}
	}
}

func TestOutbox_WhatIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		change func(*directory.Delivery)
		want   directory.DeliveryOutcome
	}{
		"ended invitation": {
			"its link is dead", func(d *directory.Delivery) { d.ExpiresAt = testDate },
			directory.DeliveryOutcome{Result: directory.ResultRejected, Reason: "the invitation ended before it could be sent"},
		},
		"ended claim": {
			"another process may have it", func(d *directory.Delivery) { d.Deadline = testDate },
			directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: "its turn came too late"},
		},
		"bad address": {
			"nothing but an edit helps", func(d *directory.Delivery) { d.Address = "nobody" },
			directory.DeliveryOutcome{Result: directory.ResultRejected, Reason: "read the recipient's address: it is not one bare e-mail address"},
		},
		"bad sender": {
			"an edit of the Organization helps", func(d *directory.Delivery) { d.Mail.From = "x" },
			directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: "read the sender's address: it is not one bare e-mail address"},
		},
		"no such server": {
			"an edit of a Secret helps", func(d *directory.Delivery) { d.Mail.Server = "clinics/other" },
			directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: `there is no Secret "clinics/other"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sink := startSink(t, mailtest.Options{})
			d := testDelivery()
			c.change(&d)
			q := newMemoryQueue(d)
			startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), nil)
			q.untilFinished(t, 1)
			if diff := cmp.Diff(c.want, q.outcome(d.ID)); diff != "" {
				t.Errorf("because %s (-want +got):\n%s", c.reason, diff)
			}
			if len(sink.Messages()) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

// TestBY8_AsksBeforeTheFinalDot: whatever may not leave then is never taken,
// and what was taken had departed.
func TestBY8_AsksBeforeTheFinalDot(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	all := testDeliveries("x", 6, testDate.Add(time.Minute))
	q := newMemoryQueue(all...)
	ended := all[2].ID
	q.ended[ended] = true
	startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), nil)
	q.untilFinished(t, len(all))
	for _, d := range all {
		want := directory.ResultSent
		if d.ID == ended {
			want = directory.ResultRetry
		}
		if got := q.outcome(d.ID).Result; got != want || q.departed[d.ID] != (want == directory.ResultSent) {
			t.Errorf("%s: %s, departed %t; want %s", d.ID, got, q.departed[d.ID], want)
		}
	}
	if len(sink.Messages()) != len(all)-1 {
		t.Errorf("%d mails were taken, want all but one of %d", len(sink.Messages()), len(all))
	}
}

// TestBY8_WaitingClaimsAreHandedBackInTime: else the ledger would take them
// for mails that were perhaps sent.
func TestBY8_WaitingClaimsAreHandedBackInTime(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	fault := sink.Inject(mailtest.Fault{Stage: mailtest.StageRcpt, Hold: true})
	c := testingclock.NewFakeClock(testDate)
	q := newMemoryQueue(testDeliveries("x", 5, testDate.Add(time.Minute))...)
	startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, c, nil)
	<-fault.Reached()
	q.until(t, "all are claimed", func() bool { return len(q.claimed) == 5 })
	untilWaiting(t, c)
	c.Step(30 * time.Second)
	q.untilFinished(t, 4)
	want := directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: tooLate}
	for id, o := range q.finished {
		if diff := cmp.Diff(want, o); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	fault.Remove()
	q.untilFinished(t, 5)
	if len(sink.Messages()) != 1 {
		t.Errorf("%d were sent", len(sink.Messages()))
	}
}

func TestBY8_StopFinishesWhatWasClaimed(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	fault := sink.Inject(mailtest.Fault{Stage: mailtest.StageDot, Hold: true})
	q := newMemoryQueue(testDeliveries("x", 100, testDate.Add(time.Minute))...)
	b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), nil)
	<-fault.Reached()
	b.stop()
	fault.Release()
	<-b.done
	if len(q.claimed) != 0 || len(q.finished) != len(sink.Messages()) || q.results()[directory.ResultSent] != len(q.finished) {
		t.Errorf("%d are left claimed; results %v, sent %d", len(q.claimed), q.results(), len(sink.Messages()))
	}
}

func TestBY8_StopDoesNotWaitForASilentServer(t *testing.T) {
	for stage, want := range map[mailtest.Stage]directory.DeliveryResult{
		mailtest.StageRcpt: directory.ResultRetry,
		mailtest.StageDot:  directory.ResultUnknown,
	} {
		t.Run(string(stage), func(t *testing.T) {
			sink := startSink(t, mailtest.Options{})
			fault := sink.Inject(mailtest.Fault{Stage: stage, Hold: true})
			q := newMemoryQueue(testDeliveries("x", 10, time.Now().Add(time.Hour))...)
			b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, clock.RealClock{},
				func(o *Outbox) { o.StopGrace = time.Millisecond })
			<-fault.Reached()
			b.halt()
			fault.Remove()
			if len(q.claimed) != 0 || q.results()[want] == 0 || q.results()[directory.ResultSent] != 0 {
				t.Errorf("%d are left claimed; results %v", len(q.claimed), q.results())
			}
		})
	}
}

func TestOutbox_MaxPerSecond(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	c := testingclock.NewFakeClock(testDate)
	q := newMemoryQueue(testDeliveries("x", 10, testDate.Add(time.Hour))...)
	b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, c, func(o *Outbox) { o.MaxPerSecond = 2 })
	for sent := b.Workers; sent < 10; sent += b.Workers {
		q.untilFinished(t, sent)
		untilWaiting(t, c)
		if got := len(sink.Messages()); got != sent {
			t.Errorf("%d sent although the clock stands still, want %d", got, sent)
		}
		c.Step(time.Duration(b.Workers) * time.Second / 2)
	}
	q.untilFinished(t, 10)
}

func TestPromise_LogsHoldNoAddressesOrLinks(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	sink.Inject(mailtest.Fault{Stage: mailtest.StageRcpt, Code: 550, Text: "no <x-0@example.org> here", To: "x-0@example.org"})
	sink.Inject(mailtest.Fault{Stage: mailtest.StageStored, Drop: true, To: "x-1@example.org"})
	var mu sync.Mutex
	var logged strings.Builder
	q := newMemoryQueue(testDeliveries("x", 5, testDate.Add(time.Minute))...)
	b := startBox(t, q, fixedServers{"": serverOf(t, sink.Addr(), TLSNone)}, testingclock.NewFakeClock(testDate), func(o *Outbox) {
		o.Log = funcr.New(func(_, args string) { mu.Lock(); defer mu.Unlock(); logged.WriteString(args + "\n") }, funcr.Options{})
	})
	q.untilFinished(t, 5)
	b.halt()
	if text := logged.String(); !strings.Contains(text, "Rejected") || strings.Contains(text, "@") || strings.Contains(text, "http") {
		t.Errorf("logged:\n%s", text)
	}
}

func TestNew_SaysWhatIsMissing(t *testing.T) {
	whole := OutboxOptions{
		Queue: newMemoryQueue(), Servers: fixedServers{}, DefaultFrom: testFrom,
		Clock: clock.RealClock{}, Registerer: prometheus.NewRegistry(),
	}
	for name, spoil := range map[string]func(*OutboxOptions){
		"queue":           func(o *OutboxOptions) { o.Queue = nil },
		"servers":         func(o *OutboxOptions) { o.Servers = nil },
		"clock":           func(o *OutboxOptions) { o.Clock = nil },
		"registerer":      func(o *OutboxOptions) { o.Registerer = nil },
		"sender":          func(o *OutboxOptions) { o.DefaultFrom = "nobody" },
		"metrics already": func(o *OutboxOptions) { _, _ = New(*o) },
	} {
		t.Run(name, func(t *testing.T) {
			o := whole
			o.Registerer = prometheus.NewRegistry()
			spoil(&o)
			if _, err := New(o); err == nil {
				t.Error("made an outbox all the same")
			}
		})
	}
}
