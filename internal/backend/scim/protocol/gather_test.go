package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"

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

// holdUp is a crowd behind a deletion of the user u0, which is answered when the
// crowd is let go.
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
	c := p.client()
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
	c := p.client()
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

// TestManyCallersGather is for the race detector: many callers, some of whom give up.
func TestManyCallersGather(t *testing.T) {
	p, bulks := bulkProvider(t, bulkOf(7), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client()
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
	c := p.client()
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
