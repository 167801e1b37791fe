package identitybackend_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/identitybackend"
	"github.com/rollcall-dev/rollcall/internal/ability"
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
	return map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReachable: "True Succeeded",
		v1alpha1.ConditionCredentialsValid: "True Succeeded",
	}
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

// failures are the places where something can go wrong.
func failures(failure error) map[string]func(*world) func() {
	return map[string]func(*world) func(){
		"finding it": func(w *world) func() {
			w.Backends.Fail(failure)
			return func() { w.Backends.Fail(nil) }
		},
		"asking it": func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodCheck, Err: failure})
		},
	}
}

// conditionsOf are those of a failure: who refuses us has answered, and
// credentials that cannot be read say nothing about that.
func conditionsOf(place string, kind directory.Kind) map[string]string {
	says := verdict.Of(directory.Errorf(kind, "check", "it went wrong"))
	no := "False " + says.Reason
	want := map[string]string{v1alpha1.ConditionReady: no, v1alpha1.ConditionReachable: no, v1alpha1.ConditionCredentialsValid: "Unknown Progressing"}
	refused := kind == directory.KindCredentials || kind == directory.KindDenied
	switch {
	case place == "asking it" && refused:
		want[v1alpha1.ConditionReachable], want[v1alpha1.ConditionCredentialsValid] = "True Succeeded", no
	case kind == directory.KindCredentials:
		want[v1alpha1.ConditionReachable], want[v1alpha1.ConditionCredentialsValid] = "Unknown Progressing", no
	}
	if says.Word == phase.WordStalled {
		want[v1alpha1.ConditionStalled] = "True " + says.Reason
	} else {
		want[v1alpha1.ConditionReconciling] = "True " + v1alpha1.ReasonProgressingWithRetry
	}
	return want
}

// Every kind of error: the right word, and recovery afterwards. What the system
// refuses for good is asked again all the same: nobody tells when it is mended.
func TestBY11_EveryError(t *testing.T) {
	for _, kind := range stage.Kinds() {
		failure := directory.Errorf(kind, "check", "it went wrong")
		for place, inject := range failures(failure) {
			t.Run(place+" "+string(kind), func(t *testing.T) {
				w := newWorld(t)
				withdraw := inject(w)
				result, err := w.try()
				w.wantConditions("it says so", conditionsOf(place, kind))
				final := verdict.Of(failure).Word == phase.WordStalled && place == "finding it"
				if again := err != nil || result.RequeueAfter > 0; again == final {
					t.Errorf("result %v, error %v: it is tried again exactly when that can help", result, err)
				}
				w.Writes()
				_, _ = w.try()
				if writes := w.Writes(); len(writes) > 0 {
					t.Errorf("wrote %v, and nothing had changed", writes)
				}
				withdraw()
				w.look()
				w.wantConditions("recovered", reachable())
			})
		}
	}
}

// What is told of a foreign system helps whoever wrote its address; that of our
// own database is for the log.
func TestBY11_Messages(t *testing.T) {
	foreign := func(b *v1alpha1.IdentityBackend) { b.Spec.Type = v1alpha1.BackendSCIM }
	ours := func(*v1alpha1.IdentityBackend) {}
	unreadable := directory.Errorf(directory.KindCredentials, "read credentials", "Secret %q is not in namespace %q", "acme", "team")
	noSCIM := directory.Errorf(directory.KindUnavailable, "check the service provider", "the answer is HTML and not SCIM")
	wrong := directory.Errorf(directory.KindInvalid, "", "spec.scim.mapping is wrong: no such path")
	for name, test := range map[string]struct {
		edit      func(*v1alpha1.IdentityBackend)
		place     string
		err       error
		condition string
		says      string
	}{
		"credentials unread":     {foreign, "finding it", unreadable, v1alpha1.ConditionCredentialsValid, `Secret "acme" is not in namespace "team"; it is looked at again every minute.`},
		"spec wrong":             {foreign, "finding it", wrong, v1alpha1.ConditionReachable, "The spec cannot be used: spec.scim.mapping is wrong: no such path."},
		"another protocol":       {foreign, "asking it", noSCIM, v1alpha1.ConditionReachable, "The backend cannot be used: the answer is HTML and not SCIM; it is tried again."},
		"our own does not speak": {ours, "asking it", noSCIM, v1alpha1.ConditionReachable, "The backend does not answer; it is tried again."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			stage.Edit(w.Stage, "main", test.edit)
			failures(test.err)[test.place](w)
			_, _ = w.try()
			if got := stage.Message(w.get().Status.Conditions, test.condition); got != test.says {
				t.Errorf("%s says\n%s\nwant\n%s", test.condition, got, test.says)
			}
		})
	}
}

// A credential that is refused is an event, and one that is taken again too.
func TestBY11_CredentialsChange(t *testing.T) {
	w := newWorld(t)
	w.look()
	w.Events()
	refused := directory.Errorf(directory.KindCredentials, "check", "401")
	withdraw := w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodCheck, Err: refused})
	if again := w.look().RequeueAfter; again < time.Minute || again > 2*time.Minute {
		t.Errorf("looked at again after %s, want a minute or so", again)
	}
	withdraw()
	w.look()
	want := []string{
		"Normal CredentialsInvalid The backend does not take our credentials; correct the Secret that the IdentityBackend names.",
		"Normal Succeeded The backend takes our credentials.",
	}
	if diff := cmp.Diff(want, w.Events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// What the system can do is told, and follows what it is found to do; while it
// does not answer, what was found out stays.
func TestBY11_Capabilities(t *testing.T) {
	w := newWorld(t)
	w.look()
	can, err := w.Memory.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ability.Summary(can), w.get().Status.Capabilities); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
	w.Backends.Limit(func(c *directory.Capabilities) { c.Units = false })
	w.look()
	less := w.get().Status.Capabilities
	if !slices.Contains(less.Unsupported, "businessUnits") {
		t.Errorf("unsupported are %q", less.Unsupported)
	}
	w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodCheck, Err: directory.Errorf(directory.KindUnavailable, "check", "no")})
	_, _ = w.try()
	if diff := cmp.Diff(less, w.get().Status.Capabilities); diff != "" {
		t.Errorf("capabilities while it does not answer (-want +got):\n%s", diff)
	}
}

// The listings of all Organizations that name the backend are summed up.
func TestBY11_Listings(t *testing.T) {
	w := newWorld(t)
	at := func(minute int) *metav1.Time {
		return &metav1.Time{Time: time.Date(2026, 1, 5, 8, minute, 0, 0, time.UTC)}
	}
	seen := func(name string, members *v1alpha1.ObservedMembers) {
		w.Apply(testkit.Organization(func(o *v1alpha1.Organization) {
			o.Name, o.Spec.BackendRef = name, &v1alpha1.LocalReference{Name: "main"}
		}))
		stage.SetStatus(w.Stage, name, func(o *v1alpha1.Organization) { o.Status.Members = members })
	}
	type listing struct {
		Members *int32
		At      string
	}
	want := func(reason string, members int32, minute string) {
		t.Helper()
		w.look()
		var got listing
		got.Members = w.get().Status.Members
		if last := w.get().Status.LastCompleteListing; last != nil {
			got.At = last.UTC().Format("15:04")
		}
		wanted := listing{At: minute}
		if minute != "" {
			wanted.Members = &members
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
	want("nobody lists", 0, "")
	seen("first", nil)
	want("nothing was complete", 0, "")
	seen("second", &v1alpha1.ObservedMembers{Total: 3, ObservedAt: at(7)})
	want("one listing", 3, "08:07")
	seen("third", &v1alpha1.ObservedMembers{Total: 4, ObservedAt: at(5)})
	want("another one, older", 7, "08:07")
	w.Writes()
	w.look()
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v, and nothing had changed", writes)
	}
	stage.Delete[v1alpha1.Organization](w.Stage, "second")
	want("one is gone", 4, "08:05")
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: "Organization", Err: errBroken})
	if _, err := w.try(); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
	withdraw()
	want("read again", 4, "08:05")
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
