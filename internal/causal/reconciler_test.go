package causal_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/causal"
)

// scene is an API server, a cache that follows it when told to, and a controller
// of Users that notes the mode in which it sees the Organization of each.
type scene struct {
	*testing.T
	order *causal.Reconciler[*v1alpha1.User]

	// reads counts what was read from the API server; atRead is called before.
	reads  atomic.Int32
	atRead func() error

	mu       sync.Mutex
	versions int
	// live and cached are nil while there is none.
	live, cached *v1alpha1.Organization
	seen         map[string]v1alpha1.Mode
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, seen: map[string]v1alpha1.Mode{}}
	var err error
	s.order, err = causal.New(causal.Options[*v1alpha1.User]{
		Cache: &reader{get: s.getCached}, Live: &reader{get: s.getLive}, Next: s, Clock: clock.RealClock{},
		Told: func(u *v1alpha1.User) (string, int64) {
			return u.Spec.OrganizationRef.Name, u.Status.ObservedGeneration
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reader only gets.
type reader struct {
	client.Reader
	get func(key client.ObjectKey, into client.Object) error
}

// Get implements client.Reader.
func (r *reader) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	return r.get(key, into)
}

func (s *scene) getCached(key client.ObjectKey, into client.Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	org, ok := into.(*v1alpha1.Organization)
	if !ok || s.cached == nil || key != organization {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "organizations"}, key.Name)
	}
	s.cached.DeepCopyInto(org)
	return nil
}

func (s *scene) getLive(key client.ObjectKey, into client.Object) error {
	s.reads.Add(1)
	if s.atRead != nil {
		if err := s.atRead(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil || key != organization {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "organizations"}, key.Name)
	}
	into.SetResourceVersion(s.live.ResourceVersion)
	return nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (s *scene) Reconcile(_ context.Context, u *v1alpha1.User) (reconcile.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[u.Name] = "none"
	if s.cached != nil {
		s.seen[u.Name] = s.cached.Spec.Mode
	}
	return reconcile.Result{}, nil
}

var organization = client.ObjectKey{Namespace: "clinic", Name: "sunrise"}

// write gives the Organization a mode, on the API server only.
func (s *scene) write(mode v1alpha1.Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// 6, 9, 12: a greater number may come earlier in the alphabet.
	s.versions += 3
	s.live = &v1alpha1.Organization{}
	s.live.ResourceVersion, s.live.Spec.Mode = strconv.Itoa(s.versions+3), mode
}

// remove deletes the Organization, on the API server only.
func (s *scene) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = nil
}

// catchUp makes the cache what the API server is.
func (s *scene) catchUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cached = s.live
}

// look reconciles a User of which a generation is told, of two.
func (s *scene) look(name string, told int64) reconcile.Result {
	s.Helper()
	u := &v1alpha1.User{}
	u.Namespace, u.Name, u.Generation, u.Status.ObservedGeneration = organization.Namespace, name, 2, told
	u.Spec.OrganizationRef.Name = organization.Name
	result, err := s.order.Reconcile(s.Context(), u)
	if err != nil {
		s.Errorf("%s: %v", name, err)
	}
	return result
}

// wantSeen checks with which Organization a User was reconciled; "" for not at all.
func (s *scene) wantSeen(name string, mode v1alpha1.Mode) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.seen[name]; got != mode {
		s.Errorf("%s was reconciled with %q, want %q", name, got, mode)
	}
}

// Nobody is acted upon by what the Organization said before they were applied.
func TestBY5_AUserIsNotSeenWithAnOlderOrganization(t *testing.T) {
	s := newScene(t)
	s.write(v1alpha1.ModeEnforce)
	s.catchUp()
	s.write(v1alpha1.ModePlan)
	for _, told := range []int64{0, 1} {
		if r := s.look("ada", told); r.RequeueAfter <= 0 {
			t.Errorf("told of generation %d: not looked at again: %+v", told, r)
		}
		s.wantSeen("ada", "")
	}
	s.catchUp()
	if r := s.look("ada", 0); r.RequeueAfter != 0 {
		t.Errorf("looked at again, after %s", r.RequeueAfter)
	}
	s.wantSeen("ada", v1alpha1.ModePlan)
}

// An Organization that is deleted, or created, first is so for the User too.
func TestBY5_AnOrganizationComesAndGoesBeforeAUser(t *testing.T) {
	s := newScene(t)
	s.look("early", 0)
	s.wantSeen("early", "none")
	s.write(v1alpha1.ModePlan)
	s.look("ada", 0)
	s.wantSeen("ada", "")
	s.catchUp()
	s.look("ada", 0)
	s.wantSeen("ada", v1alpha1.ModePlan)
	s.remove()
	s.look("bob", 0)
	s.wantSeen("bob", "")
	s.catchUp()
	s.look("bob", 0)
	s.wantSeen("bob", "none")
}

// A cache may begin with an old list: the first look of a process is compared,
// and nothing is read for those that follow and are unchanged.
func TestBY5_TheFirstLookOfAProcessIsCompared(t *testing.T) {
	s := newScene(t)
	s.write(v1alpha1.ModeEnforce)
	s.catchUp()
	s.write(v1alpha1.ModePlan)
	s.look("ada", 2)
	s.wantSeen("ada", "")
	s.catchUp()
	s.look("ada", 2)
	s.wantSeen("ada", v1alpha1.ModePlan)
	before := s.reads.Load()
	for n := range 10 {
		s.look(fmt.Sprintf("user-%d", n), 2)
	}
	if n := s.reads.Load() - before; n != 0 {
		t.Errorf("%d reads for what is unchanged", n)
	}
}

// Those who come together share a read, and it begins after all of them came.
func TestReadsAreSharedAndNeverOlderThanWhoeverAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.write(v1alpha1.ModeEnforce)
		s.catchUp()
		goOn := make(chan struct{})
		s.atRead = func() error { <-goOn; return nil }
		go s.look("first", 0)
		synctest.Wait()
		// The first read is under way; whoever comes now must see what is written now.
		s.write(v1alpha1.ModePlan)
		const many = 50
		for n := range many {
			go s.look(fmt.Sprintf("user-%d", n), 0)
		}
		synctest.Wait()
		close(goOn)
		synctest.Wait()
		for n := range many {
			s.wantSeen(fmt.Sprintf("user-%d", n), "")
		}
		if n := s.reads.Load(); n != 2 {
			t.Errorf("%d reads, want the one that was under way and one for the rest", n)
		}
	})
}

// While the cache stays behind, as when a watch is opened anew, a thousand that
// wait are no burden for anybody, and go on soon after it has caught up.
func TestACacheThatStaysBehindIsNotAskedForAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.write(v1alpha1.ModeEnforce)
		s.catchUp()
		s.write(v1alpha1.ModePlan)
		const people = 1000
		var looks atomic.Int32
		var all sync.WaitGroup
		for n := range people {
			all.Go(func() {
				for {
					looks.Add(1)
					again := s.look(fmt.Sprintf("user-%d", n), 0).RequeueAfter
					if again == 0 {
						return
					}
					<-time.After(again)
				}
			})
		}
		<-time.After(30 * time.Second)
		if n := s.reads.Load(); n > 2 {
			t.Errorf("%d reads while the cache was behind", n)
		}
		if n := looks.Load(); n > 25*people {
			t.Errorf("%d looks at %d", n, people)
		}
		s.catchUp()
		caughtUp := time.Now()
		all.Wait()
		if took := time.Since(caughtUp); took > 3*time.Second {
			t.Errorf("the last went on after %s", took)
		}
		s.wantSeen("user-0", v1alpha1.ModePlan)
	})
}

// Whoever gives up does so alone, and an API server that fails is an error.
func TestAReadThatFails(t *testing.T) {
	s := newScene(t)
	s.write(v1alpha1.ModeEnforce)
	s.catchUp()
	broken := errors.New("the API server is away")
	s.atRead = func() error { return broken }
	u := &v1alpha1.User{}
	u.Namespace, u.Generation, u.Spec.OrganizationRef.Name = organization.Namespace, 1, organization.Name
	if _, err := s.order.Reconcile(t.Context(), u); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	goOn := make(chan struct{})
	s.atRead = func() error { <-goOn; return nil }
	if _, err := s.order.Reconcile(ended, u); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(goOn)
	s.look("ada", 0)
	s.wantSeen("ada", v1alpha1.ModeEnforce)
}

func TestNew_NeedsItsParts(t *testing.T) {
	if _, err := causal.New(causal.Options[*v1alpha1.User]{}); err == nil {
		t.Error("no error")
	}
}
