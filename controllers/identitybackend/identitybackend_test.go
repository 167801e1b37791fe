package identitybackend_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/identitybackend"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

var errBroken = errors.New("broken")

// world is a stage with one IdentityBackend, and the reconciler of its kind.
type world struct {
	*testing.T
	*stage.Stage
	backends *identitybackend.Reconciler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := stage.New(t)
	backends, err := identitybackend.New(identitybackend.Options{Client: s.Client, Backends: s.Backends, Recorder: s.Recorder, Clock: s.Clock})
	if err != nil {
		t.Fatal(err)
	}
	s.Apply(testkit.IdentityBackend("main"))
	return &world{T: t, Stage: s, backends: backends}
}

func (w *world) try() (reconcile.Result, error) {
	return stage.Reconcile(w.Stage, w.backends, "main")
}

func (w *world) look() reconcile.Result {
	w.Helper()
	result, err := w.try()
	if err != nil {
		w.Fatalf("reconcile: %v", err)
	}
	return result
}

func (w *world) get() *v1alpha1.IdentityBackend {
	return stage.Get[v1alpha1.IdentityBackend](w.Stage, "main")
}

func (w *world) wantConditions(reason string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, stage.Conditions(w.get().Status.Conditions)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

func reachable() map[string]string {
	return map[string]string{v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReachable: "True Succeeded"}
}

// A backend that answers is asked again from time to time, and writes nothing
// while that stays so.
func TestBY11_Reachable(t *testing.T) {
	w := newWorld(t)
	if again := w.look().RequeueAfter; again < time.Minute || again > time.Hour {
		t.Errorf("asked again after %s, want from time to time", again)
	}
	w.wantConditions("it answers", reachable())
	w.Writes()
	w.Events()
	w.look()
	if writes := w.Writes(); len(writes) > 0 || len(w.Events()) > 0 || len(w.Memory.Writes()) > 0 {
		t.Errorf("wrote %v, and nothing had changed", writes)
	}
}

// Every kind of error: the right word, and recovery afterwards.
func TestBY11_EveryError(t *testing.T) {
	for _, kind := range stage.Kinds() {
		failure := directory.Errorf(kind, "check", "it went wrong")
		for place, inject := range map[string]func(*world) func(){
			"finding it": func(w *world) func() {
				w.Backends.Fail(failure)
				return func() { w.Backends.Fail(nil) }
			},
			"asking it": func(w *world) func() {
				return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodCheck, Err: failure})
			},
		} {
			t.Run(place+" "+string(kind), func(t *testing.T) {
				w := newWorld(t)
				withdraw := inject(w)
				result, err := w.try()
				says := verdict.Of(failure)
				want := map[string]string{v1alpha1.ConditionReady: "False " + says.Reason, v1alpha1.ConditionReachable: "False " + says.Reason}
				if says.Word == phase.WordStalled {
					want[v1alpha1.ConditionStalled] = "True " + says.Reason
				} else {
					want[v1alpha1.ConditionReconciling] = "True " + v1alpha1.ReasonProgressingWithRetry
				}
				w.wantConditions("it says so", want)
				if again := err != nil || result.RequeueAfter > 0; again != (says.Word == phase.WordFailed) {
					t.Errorf("result %v, error %v: it is tried again exactly when that can help", result, err)
				}
				withdraw()
				w.look()
				w.wantConditions("recovered", reachable())
			})
		}
	}
}

func TestPromise_ConflictsAreNobodysNews(t *testing.T) {
	w := newWorld(t)
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "identitybackends"}, "main", errBroken)
	w.FailAPI(stage.APIFault{Verb: stage.VerbStatus, Call: 1, Err: conflict})
	if again := w.look().RequeueAfter; again <= 0 || again > time.Second || len(w.Events()) > 0 || len(w.get().Status.Conditions) > 0 {
		t.Errorf("a conflict is told: %s, %v", again, w.get().Status.Conditions)
	}
	w.look()
	w.wantConditions("the next look", reachable())
}

// One that goes is let go, and asked nothing.
func TestBY11_Goes(t *testing.T) {
	w := newWorld(t)
	stage.Edit(w.Stage, "main", func(b *v1alpha1.IdentityBackend) { b.Finalizers = []string{"example.com/theirs"} })
	stage.Delete[v1alpha1.IdentityBackend](w.Stage, "main")
	if result := w.look(); !result.IsZero() || len(w.Writes()) > 0 || w.Memory.Calls(directorytest.MethodCheck) > 0 {
		t.Errorf("something is done for a backend that goes: %v", result)
	}
}

func TestNew_NeedsEverything(t *testing.T) {
	s := stage.New(t)
	whole := identitybackend.Options{Client: s.Client, Backends: s.Backends, Recorder: s.Recorder, Clock: s.Clock}
	for name, take := range map[string]func(*identitybackend.Options){
		"Client":   func(o *identitybackend.Options) { o.Client = nil },
		"Backends": func(o *identitybackend.Options) { o.Backends = nil },
		"Recorder": func(o *identitybackend.Options) { o.Recorder = nil },
		"Clock":    func(o *identitybackend.Options) { o.Clock = nil },
	} {
		less := whole
		take(&less)
		if _, err := identitybackend.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
