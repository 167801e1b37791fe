package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// crowd are callers who ask for something while a request is under way.
type crowd struct {
	t      *testing.T
	client *protocol.Client
	// waiting is how many wait.
	waiting func() int
	// end lets the first request end; entered is closed when it has arrived.
	end, entered chan struct{}
	all          sync.WaitGroup
	errs         []error
}

// narrow lets one request be under way at a time, so that others wait.
func narrow(o *protocol.Options) { o.MaxInFlight = 1 }

// holdUp is a crowd behind a deletion of the user u0, which is answered when the
// crowd is let go. The client is narrow.
func holdUp(t *testing.T, p *provider, c *protocol.Client) *crowd {
	t.Helper()
	w := &crowd{t: t, client: c, waiting: c.WaitingForBulk, end: make(chan struct{}), entered: make(chan struct{})}
	p.on("DELETE /Users/u0", w.hold)
	w.begin(func(ctx context.Context) error { return c.Delete(ctx, protocol.Users, "u0", "") })
	return w
}

func (w *crowd) hold(answer http.ResponseWriter, _ *http.Request) {
	close(w.entered)
	<-w.end
	answer.WriteHeader(http.StatusNoContent)
}

func (w *crowd) begin(first func(context.Context) error) {
	w.all.Go(func() {
		if err := first(w.t.Context()); err != nil {
			w.t.Errorf("the first request: %v", err)
		}
	})
	<-w.entered
}

// ask lets callers ask, one after the other.
func (w *crowd) ask(calls ...func(context.Context) error) {
	w.t.Helper()
	for _, call := range calls {
		i, before := len(w.errs), w.waiting()
		w.errs = append(w.errs, nil)
		w.all.Go(func() {
			err := call(w.t.Context())
			w.errs[i] = err
		})
		w.until(before + 1)
	}
}

func (w *crowd) until(waiting int) {
	w.t.Helper()
	for w.waiting() != waiting && w.t.Context().Err() == nil {
		runtime.Gosched()
	}
}

// kinds lets all go, and returns how they ended.
func (w *crowd) kinds() []directory.Kind {
	w.t.Helper()
	close(w.end)
	w.all.Wait()
	kinds := make([]directory.Kind, len(w.errs))
	for i, err := range w.errs {
		wantClean(w.t, err)
		if kinds[i] = directory.KindOf(err); err == nil {
			kinds[i] = ""
		}
	}
	return kinds
}

// deleting asks for the deletion of a user.
func deleting(c *protocol.Client, id string) func(context.Context) error {
	return func(ctx context.Context) error { return c.Delete(ctx, protocol.Users, id, "") }
}

func deletions(c *protocol.Client, from, to int) []func(context.Context) error {
	var all []func(context.Context) error
	for i := from; i <= to; i++ {
		all = append(all, deleting(c, fmt.Sprintf("u%d", i)))
	}
	return all
}

// Who gives up while they wait is left out; who gives up on the way leaves the
// others alone; and with the last of them the request ends, which says nothing
// about the service provider.
func TestACallerWhoGivesUpLeavesTheOthersAlone(t *testing.T) {
	p, bulks := bulkProvider(t, bulkOf(100), done)
	c := p.client(narrow)
	w := holdUp(t, p, c)
	ctx, giveUp := context.WithCancel(t.Context())
	given := func(context.Context) error { return c.Delete(ctx, protocol.Users, "given", "") }
	w.ask(append([]func(context.Context) error{given}, deletions(c, 1, 2)...)...)
	giveUp()
	w.until(2)
	if diff := cmp.Diff([]directory.Kind{directory.KindUnavailable, "", ""}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"DELETE /Users/u1", "DELETE /Users/u2"}, bulks.told()); diff != "" {
		t.Errorf("what was sent in bulk (-want +got):\n%s", diff)
	}
}

func TestARequestInBulkEndsWithTheLastOfItsCallers(t *testing.T) {
	p, bulks := bulkProvider(t, bulkOf(100), done)
	c := p.client(narrow)
	arrived, ended := make(chan struct{}), make(chan struct{})
	p.on("POST /Bulk", func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(ended)
	})
	w := holdUp(t, p, c)
	first, giveUpFirst := context.WithCancel(t.Context())
	second, giveUpSecond := context.WithCancel(t.Context())
	gone := make(chan struct{})
	w.ask(func(context.Context) error {
		defer close(gone)
		return c.Delete(first, protocol.Users, "u1", "")
	}, func(context.Context) error { return c.Delete(second, protocol.Users, "u2", "") })
	close(w.end)
	<-arrived
	giveUpFirst()
	<-gone
	select {
	case <-ended:
		t.Error("the request ended with the first caller who gave up")
	default:
	}
	giveUpSecond()
	<-ended
	w.all.Wait()
	for _, err := range w.errs {
		wantKind(t, err, directory.KindUnavailable)
	}
	p.on("POST /Bulk", bulks.serve)
	again := holdUp(t, p, c)
	again.ask(deletions(c, 3, 4)...)
	again.kinds()
	if diff := cmp.Diff([]string{"DELETE /Users/u3", "DELETE /Users/u4"}, bulks.told()); diff != "" {
		t.Errorf("in bulk after callers gave up (-want +got):\n%s", diff)
	}
}

// A change that hangs holds up nobody else's, of whom there is room for at the gate.
func TestAChangeThatHangsHoldsUpNobodyElse(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client()
	w := holdUp(t, p, c)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Delete(ctx, protocol.Users, "u1", ""); err != nil {
		t.Errorf("while u0 hangs: %v, after %v", err, p.lines())
	}
	w.kinds()
}

// A request in bulk that hangs holds up who is in it.
func TestARequestInBulkThatHangsHoldsUpNobodyElse(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	arrived, goOn := make(chan struct{}), make(chan struct{})
	p.on("POST /Bulk", func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-goOn
		w.WriteHeader(http.StatusBadGateway)
	})
	c := p.client(func(o *protocol.Options) { o.MaxInFlight = 2 })
	second := make(chan struct{})
	p.on("DELETE /Users/u9", func(w http.ResponseWriter, _ *http.Request) {
		<-second
		w.WriteHeader(http.StatusNoContent)
	})
	w := holdUp(t, p, c)
	w.all.Go(func() { _ = c.Delete(t.Context(), protocol.Users, "u9", "") })
	for !slices.Contains(p.lines(), "DELETE /Users/u9") {
		runtime.Gosched()
	}
	w.ask(deletions(c, 1, 2)...)
	close(w.end)
	<-arrived
	close(second)
	if err := c.Delete(t.Context(), protocol.Users, "u3", ""); err != nil {
		t.Errorf("while two hang: %v", err)
	}
	close(goOn)
	w.all.Wait()
}

// Whoever gave up is not in what is sent after a request that was too large.
func TestWhoGaveUpIsNotSentLater(t *testing.T) {
	for reason, status := range map[string]int{"too large": 413, "refused": 403, "credentials": 401, "media type": 415} {
		p, _ := bulkProvider(t, bulkOf(100), done)
		p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		arrived, goOn := make(chan struct{}), make(chan struct{})
		p.on("POST /Bulk", func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-goOn
			w.WriteHeader(status)
		})
		c := p.client(narrow)
		w := holdUp(t, p, c)
		ctx, giveUp := context.WithCancel(t.Context())
		gone := make(chan struct{})
		w.ask(append(deletions(c, 1, 3), func(context.Context) error {
			defer close(gone)
			return c.Delete(ctx, protocol.Users, "given", "")
		})...)
		close(w.end)
		<-arrived
		giveUp()
		<-gone
		close(goOn)
		w.all.Wait()
		lines := p.lines()
		slices.Sort(lines)
		if diff := cmp.Diff([]string{"DELETE /Users/u0", "DELETE /Users/u1", "DELETE /Users/u2", "DELETE /Users/u3", "POST /Bulk"}, lines); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", reason, diff)
		}
	}
}

// What panics while several go together is their own panic, where somebody may
// recover, and leaves the client usable.
func TestAPanicReachesTheCallers(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client(narrow, func(o *protocol.Options) {
		o.Observe = func(e protocol.Exchange) {
			if e.Resource == protocol.ResourceBulk {
				panic("observed")
			}
		}
	})
	w := holdUp(t, p, c)
	var recovered [2]any
	for i, call := range deletions(c, 1, 2) {
		w.ask(func(ctx context.Context) error {
			defer func() { recovered[i] = recover() }()
			return call(ctx)
		})
	}
	w.kinds()
	for i, why := range recovered {
		if err, ok := why.(error); !ok || !strings.Contains(err.Error(), "observed") {
			t.Errorf("caller %d recovered %v", i, why)
		}
	}
	if err := c.Delete(t.Context(), protocol.Users, "u3", ""); err != nil {
		t.Error(err)
	}
}

// Where nothing may begin, each of those who wait is told so, of its own change.
func TestWhoWaitsIsToldThatNothingMayBegin(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	c := p.client(narrow)
	w := &crowd{t: t, client: c, waiting: c.WaitingForBulk, end: make(chan struct{}), entered: make(chan struct{})}
	p.on("DELETE /Users/u0", func(answer http.ResponseWriter, _ *http.Request) {
		close(w.entered)
		<-w.end
		answer.WriteHeader(http.StatusTooManyRequests)
	})
	w.all.Go(func() { _ = c.Delete(t.Context(), protocol.Users, "u0", "") })
	<-w.entered
	w.ask(deletions(c, 1, 2)...)
	if diff := cmp.Diff([]directory.Kind{directory.KindRateLimited, directory.KindRateLimited}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
	for _, err := range w.errs {
		if !strings.Contains(err.Error(), "delete user") {
			t.Error(err)
		}
	}
	p.clock.Step(time.Minute)
	again := holdUp(t, p, c)
	again.ask(deletions(c, 3, 4)...)
	again.kinds()
	if diff := cmp.Diff([]int{2}, sent.sizes()); diff != "" {
		t.Errorf("in bulk afterwards (-want +got):\n%s", diff)
	}
}

// Whoever is the last to give up while they wait leaves no place at the gate taken.
func TestTheLastWhoWaitsGivesUp(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	c := p.client(narrow)
	w := holdUp(t, p, c)
	ctx, giveUp := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { gone <- c.Delete(ctx, protocol.Users, "given", "") }()
	w.until(1)
	giveUp()
	wantKind(t, <-gone, directory.KindUnavailable)
	w.ask(deletions(c, 1, 2)...)
	if diff := cmp.Diff([]directory.Kind{"", ""}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"DELETE /Users/u1", "DELETE /Users/u2"}, sent.told()); diff != "" {
		t.Errorf("in bulk (-want +got):\n%s", diff)
	}
}

// TestManyCallersGather is for the race detector: many callers, some of whom give up.
func TestManyCallersGather(t *testing.T) {
	p, bulks := bulkProvider(t, bulkOf(7), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client(func(o *protocol.Options) { o.MaxInFlight = 3 })
	var all sync.WaitGroup
	var refused sync.Map
	for i := range 200 {
		ctx, giveUp := context.WithCancel(t.Context())
		all.Go(func() {
			defer giveUp()
			if err := c.Delete(ctx, protocol.Users, fmt.Sprintf("n%d", i), ""); err != nil && ctx.Err() == nil {
				refused.Store(i, err)
			}
		})
		if i%5 == 0 {
			all.Go(giveUp)
		}
	}
	all.Wait()
	refused.Range(func(i, err any) bool { t.Errorf("caller %v: %v", i, err); return true })
	sent := map[string]int{}
	for _, line := range append(bulks.told(), p.lines()...) {
		sent[line]++
	}
	for i := range 200 {
		n := sent[fmt.Sprintf("DELETE /Users/n%d", i)]
		if n > 1 || n == 0 && i%5 != 0 {
			t.Errorf("deletion %d was sent %d times", i, n)
		}
	}
	if c.WaitingForBulk() != 0 {
		t.Errorf("%d still wait", c.WaitingForBulk())
	}
}

// changing asks for a change of a user, and keeps the user as it is then.
func changing(c *protocol.Client, id string, got *protocol.Resource) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := c.Patch(ctx, protocol.PatchRequest{Kind: protocol.Users, ID: id, Operations: deactivate(), Result: true})
		*got = r
		return err
	}
}

func TestWhoGivesUpOnTheWayLeavesTheOthersAlone(t *testing.T) {
	p, bulks := bulkProvider(t, bulkOf(100), done)
	c := p.client(narrow)
	arrived, goOn, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.on("POST /Bulk", func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-goOn
		bulks.serve(w, r)
	})
	w := holdUp(t, p, c)
	ctx, giveUp := context.WithCancel(t.Context())
	w.ask(func(context.Context) error {
		defer close(gone)
		return c.Delete(ctx, protocol.Users, "u1", "")
	}, deleting(c, "u2"))
	go func() {
		<-arrived
		giveUp()
		<-gone
		close(goOn)
	}()
	if diff := cmp.Diff([]directory.Kind{directory.KindUnavailable, ""}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
}
