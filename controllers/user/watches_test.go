package user_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/user"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// queue holds what was added, each once.
type queue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	mu    sync.Mutex
	added map[string]bool
}

func (q *queue) Add(r reconcile.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.added[r.String()] = true
}

// take returns what was added since the last call, sorted.
func (q *queue) take() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var names []string
	for name := range q.added {
		names = append(names, name)
	}
	q.added = map[string]bool{}
	slices.Sort(names)
	return names
}

// feed is a feed of changes that can be cut off and taken away.
type feed struct {
	mu      sync.Mutex
	changes []directory.Change
	trimmed int64
	down    bool
	woken   chan struct{}
}

func newFeed() *feed { return &feed{woken: make(chan struct{})} }

// change makes the feed what it will be, and wakes whoever follows it.
func (f *feed) change(edit func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit()
	close(f.woken)
	f.woken = make(chan struct{})
}

func (f *feed) append(organization directory.OrganizationID, address string) {
	f.change(func() {
		f.changes = append(f.changes, directory.Change{Sequence: int64(len(f.changes)) + 1, Organization: organization, Address: address})
	})
}

func (f *feed) Head(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return 0, directory.Errorf(directory.KindUnavailable, "read the head", "no answer")
	}
	return int64(len(f.changes)), nil
}

func (f *feed) FollowAfter(ctx context.Context, after int64, changed func(directory.Change)) error {
	for {
		f.mu.Lock()
		if f.down || after < f.trimmed {
			f.mu.Unlock()
			return directory.Errorf(directory.KindConflict, "follow changes", "some were missed")
		}
		next, woken := slices.Clone(f.changes[after:]), f.woken
		f.mu.Unlock()
		for _, c := range next {
			changed(c)
			after = c.Sequence
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		}
	}
}

// followed runs f while a reconciler follows a feed. Time within is that of the
// bubble: waiting for the next attempt takes none.
func followed(t *testing.T, f func(t *testing.T, feed *feed, q *queue)) {
	t.Helper()
	s := stage.New(t)
	s.Apply(testkit.User("ada"), testkit.User("also", func(u *v1alpha1.User) { u.Spec.Email = " ADA@example.com" }), testkit.User("grace"),
		testkit.User("foreign", func(u *v1alpha1.User) { u.Namespace, u.Spec.Email = "elsewhere", ada }))
	synctest.Test(t, func(t *testing.T) {
		feed, q := newFeed(), &queue{added: map[string]bool{}}
		users, err := user.New(user.Options{
			Client: s.Client, Secrets: s.Client, Backends: s.Backends, Changes: feed, Holdings: s.Ledger, Rails: s.Ledger, Alarm: s.Alarm, Recorder: s.Recorder, Clock: s.Clock,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(s.Context())
		feed.append("team/clinic", "before@example.com")
		if err := user.FollowChanges(ctx, users, q); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		f(t, feed, q)
		cancel()
		synctest.Wait()
	})
}

func wantTold(t *testing.T, q *queue, reason string, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, q.take()); diff != "" {
		t.Errorf("%s: looks at (-want +got):\n%s", reason, diff)
	}
}

// What portal, outbox and other processes did is looked at, for the Users of
// that address alone.
func TestPromise_ChangesAreLookedAt(t *testing.T) {
	followed(t, func(t *testing.T, feed *feed, q *queue) {
		wantTold(t, q, "nothing happened since the start")
		feed.append("team/clinic", ada)
		wantTold(t, q, "an acceptance", "team/ada", "team/also")
		feed.append("team/other", ada)
		feed.append("team/clinic", "nobody@example.com")
		feed.append("no namespace", ada)
		wantTold(t, q, "nobody of ours")
		feed.append("elsewhere/clinic", ada)
		wantTold(t, q, "another namespace", "elsewhere/foreign")
	})
}

// Changes that were missed, because the feed was trimmed or the database away,
// are made up for: everybody is looked at, and changes are followed again.
func TestPromise_MissedChangesAreMadeUpFor(t *testing.T) {
	everybody := []string{"elsewhere/foreign", "team/ada", "team/also", "team/grace"}
	for name, miss := range map[string]func(*feed){
		"trimmed": func(f *feed) { f.change(func() { f.trimmed = int64(len(f.changes)) + 5 }); f.fill(10) },
		"away":    func(f *feed) { f.change(func() { f.down = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			followed(t, func(t *testing.T, feed *feed, q *queue) {
				miss(feed)
				synctest.Wait()
				q.take()
				feed.change(func() { feed.down = false })
				<-time.After(time.Minute)
				wantTold(t, q, "whatever was missed", everybody...)
				feed.append("team/clinic", "grace@example.com")
				wantTold(t, q, "followed again", "team/grace")
			})
		})
	}
}

func (f *feed) fill(n int) {
	for range n {
		f.append("team/clinic", "nobody@example.com")
	}
}
