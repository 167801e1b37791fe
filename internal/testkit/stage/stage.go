package stage

import (
	"context"
	"encoding/hex"
	"testing"
	"time"

	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/status/statustest"
)

// BaseURL is where links lead.
const BaseURL = "https://join.example.com"

// manyEvents is more than any test makes the recorder hold at once.
const manyEvents = 10_000

// Stage is one world for one test. Its fields are what a controller's options
// take.
type Stage struct {
	// Client is the API as a controller sees it: every write is recorded, and
	// faults strike it.
	Client client.Client
	// Memory is the embedded backend's stand-in.
	Memory *directorytest.Memory
	// Backends finds Memory for every Organization.
	Backends *Backends
	// Ledger is the real one, and Inviter the same with faults.
	Ledger  *ledger.Ledger
	Inviter *Inviter
	// Clock stands still until it is stepped. The ledger and the backend have it too.
	Clock *testingclock.FakeClock
	// Alarm counts the rails that were tripped; [Stage.Tripped] has them.
	Alarm *Alarm
	// Recorder takes events; [Stage.Events] has them.
	Recorder *events.FakeRecorder

	t    testing.TB
	api  *api
	db   *database.DB
	logs *logs
}

// New returns a stage on which there is nothing yet.
func New(t testing.TB) *Stage {
	t.Helper()
	s := &Stage{
		t: t, Clock: testingclock.NewFakeClock(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)),
		Recorder: events.NewFakeRecorder(manyEvents),
	}
	var err error
	s.Memory, err = directorytest.NewMemory(directorytest.MemoryOptions{Clock: s.Clock})
	s.must(err)
	s.db, err = openDatabase(t)
	s.must(err)
	key, err := invite.ParseKey([]byte(hex.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))))
	s.must(err)
	s.Ledger, err = ledger.New(ledger.Options{
		DB: s.db, Clock: s.Clock, Key: key, BaseURL: BaseURL, Process: "test", Jitter: func() float64 { return 0 },
	})
	s.must(err)
	s.Inviter, s.Alarm = &Inviter{ledger: s.Ledger}, &Alarm{}
	s.logs = newLogs(t)
	s.api = newAPI(t, s.Clock, statustest.NewChecker())
	s.Client = s.api.client
	s.Backends = &Backends{stage: s}
	return s
}

func (s *Stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Events returns what was recorded since the last call, each as "Type Reason note".
func (s *Stage) Events() []string {
	var seen []string
	for {
		select {
		case e := <-s.Recorder.Events:
			seen = append(seen, e)
		default:
			return seen
		}
	}
}

// Object is a kind of ours, T being a pointer to it.
type Object[K any] interface {
	*K
	client.Object
}

// Get returns an object as it stands in the API; nil when there is none.
func Get[K any, T Object[K]](s *Stage, name string) T {
	s.t.Helper()
	object := T(new(K))
	err := s.api.raw.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, object)
	if client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return object
}

// Reconcile reads an object and has it reconciled once. An object that is not
// there is done, as for a controller that reads it from its cache. An error is
// what a controller logs, and is checked like a log.
func Reconcile[K any, T Object[K]](s *Stage, r reconcile.ObjectReconciler[T], name string) (reconcile.Result, error) {
	s.t.Helper()
	object := Get[K, T](s, name)
	if object == nil {
		return reconcile.Result{}, nil
	}
	result, err := r.Reconcile(s.Context(), object)
	if err != nil {
		s.logs.check("an error that is logged", err.Error())
	}
	return result, err
}

// Context is what a controller is called with. What is logged with it is
// checked for secrets and for addresses of people.
func (s *Stage) Context() context.Context { return s.logs.context() }
