package businessunit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/businessunit"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

var errBroken = errors.New("broken")

// world is a stage with the reconciler of BusinessUnits.
type world struct {
	*testing.T
	*stage.Stage
	units *businessunit.Reconciler
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	s := stage.New(t)
	units, err := businessunit.New(businessunit.Options{Client: s.Client, Backends: s.Backends, Recorder: s.Recorder, Clock: s.Clock})
	if err != nil {
		t.Fatal(err)
	}
	s.Apply(objects...)
	return &world{T: t, Stage: s, units: units}
}

func (w *world) look(names ...string) {
	w.Helper()
	for _, name := range names {
		if _, err := stage.Reconcile(w.Stage, w.units, name); err != nil {
			w.Fatalf("reconcile %s: %v", name, err)
		}
	}
}

func (w *world) get(name string) *v1alpha1.BusinessUnit {
	return stage.Get[v1alpha1.BusinessUnit](w.Stage, name)
}

func (w *world) wantConditions(name, reason string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, stage.Conditions(w.get(name).Status.Conditions)); diff != "" {
		w.Errorf("%s: %s (-want +got):\n%s", name, reason, diff)
	}
}

// known are the conditions of a unit that the backend knows.
func known() map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReferencesResolved: "True Succeeded", v1alpha1.ConditionProvisioned: "True Succeeded",
	}
}

// waiting are the conditions of a unit that waits from the first look on.
func waiting(reason string) map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "False " + reason, v1alpha1.ConditionReconciling: "True Progressing",
		v1alpha1.ConditionReferencesResolved: "False " + reason, v1alpha1.ConditionProvisioned: "Unknown Progressing",
	}
}

func below(parent string) func(*v1alpha1.BusinessUnit) {
	return func(u *v1alpha1.BusinessUnit) { u.Spec.ParentRef = &v1alpha1.LocalReference{Name: parent} }
}

func (w *world) message(name string) string {
	return stage.Message(w.get(name).Status.Conditions, v1alpha1.ConditionReady)
}

// Applied from the leaves up, each waits for what it names, and the path grows
// from the top down.
func TestBY1_ApplyInAnyOrder(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("ward", below("floor")), testkit.BusinessUnit("floor", below("north")))
	w.look("ward", "floor")
	w.wantConditions("ward", "no organization", waiting(v1alpha1.ReasonReferenceNotFound))
	w.Provide(testkit.Organization())
	w.look("ward", "floor")
	w.wantConditions("ward", "no top", waiting(v1alpha1.ReasonReferenceNotFound))
	w.wantConditions("floor", "no parent", waiting(v1alpha1.ReasonReferenceNotFound))
	if got := w.message("ward"); !strings.Contains(got, `BusinessUnit "north"`) {
		t.Errorf("%q does not name what is missing, however far up", got)
	}
	w.Apply(testkit.BusinessUnit("north", func(u *v1alpha1.BusinessUnit) { u.Spec.DisplayName = "North Practice" }))
	w.look("ward")
	w.wantConditions("ward", "parent not ready", waiting(v1alpha1.ReasonDependencyNotReady))
	if got := w.message("ward"); !strings.Contains(got, `BusinessUnit "floor"`) {
		t.Errorf("%q does not name the parent", got)
	}
	w.look("north", "floor", "ward")
	for name, path := range map[string]string{"north": "north", "floor": "north/floor", "ward": "north/floor/ward"} {
		w.wantConditions(name, "known", known())
		if got := w.get(name).Status.Path; got != path {
			t.Errorf("the path of %s is %q, want %q", name, got, path)
		}
	}
}

// What the backend is told is what is declared; the object's name stands in for
// a display name.
func TestHR5b_TheBackendKnowsTheUnit(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("north"), testkit.BusinessUnit("floor", below("north")))
	w.Provide(testkit.Organization())
	w.look("north", "floor")
	stage.Edit(w.Stage, "north", func(u *v1alpha1.BusinessUnit) { u.Spec.DisplayName = "🧮 <b>North</b> \u202e" })
	w.look("north")
	w.wantConditions("north", "hostile names are names", known())
	want := []directorytest.Write{
		{Method: directorytest.MethodApplyOrganization, Organization: stage.OrganizationID()},
		{Method: directorytest.MethodApplyUnit, Organization: stage.OrganizationID(), Key: "north"},
		{Method: directorytest.MethodApplyUnit, Organization: stage.OrganizationID(), Key: "floor"},
		{Method: directorytest.MethodApplyUnit, Organization: stage.OrganizationID(), Key: "north"},
	}
	if diff := cmp.Diff(want, w.Memory.Writes()); diff != "" {
		t.Errorf("what the backend wrote (-want +got):\n%s", diff)
	}
	w.Writes()
	w.Events()
	w.look("north", "floor")
	if writes := w.Writes(); len(writes) > 0 || len(w.Memory.Writes()) != len(want) || len(w.Events()) > 0 {
		t.Errorf("wrote %v, and nothing had changed", writes)
	}
}

// Units above one another in a circle are all stalled, and say how it goes; one
// edit ends it. A unit below the circle says so too.
func TestHR5b_Circles(t *testing.T) {
	for name, parents := range map[string]map[string]string{
		"itself": {"a": "a"}, "two": {"a": "b", "b": "a"}, "three": {"a": "b", "b": "c", "c": "a"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.BusinessUnit("below", below("a")))
			w.Provide(testkit.Organization())
			for child, parent := range parents {
				w.Apply(testkit.BusinessUnit(child, below(parent)))
			}
			stalled := map[string]string{
				v1alpha1.ConditionReady: "False InvalidSpec", v1alpha1.ConditionStalled: "True InvalidSpec",
				v1alpha1.ConditionReferencesResolved: "False InvalidSpec", v1alpha1.ConditionProvisioned: "Unknown Progressing",
			}
			for child, parent := range parents {
				w.look(child)
				w.wantConditions(child, "in a circle", stalled)
				if got := w.message(child); !strings.Contains(got, child+", "+parent) || !strings.Contains(got, "circle") {
					t.Errorf("%s says %q, want the way round", child, got)
				}
			}
			w.look("below")
			w.wantConditions("below", "below a circle", stalled)

			stage.Edit(w.Stage, "a", func(u *v1alpha1.BusinessUnit) { u.Spec.ParentRef = nil })
			for range len(parents) + 1 {
				w.look("a", "below")
				for child := range parents {
					w.look(child)
				}
			}
			for child := range parents {
				w.wantConditions(child, "the circle is open", known())
			}
			w.wantConditions("below", "the circle is open", known())
		})
	}
}

// A parent of another organization, or one that goes, is as good as missing.
func TestHR5b_ParentsElsewhere(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("ward", below("north")))
	w.Provide(testkit.Organization(), testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" }))
	w.Provide(testkit.BusinessUnit("north", func(u *v1alpha1.BusinessUnit) { u.Spec.OrganizationRef.Name = "other" }))
	w.look("ward")
	w.wantConditions("ward", "another organization", waiting(v1alpha1.ReasonReferenceNotFound))

	stage.Delete[v1alpha1.BusinessUnit](w.Stage, "north")
	w.Provide(testkit.BusinessUnit("north", func(u *v1alpha1.BusinessUnit) { u.Finalizers = []string{"example.com/theirs"} }))
	w.look("ward")
	w.wantConditions("ward", "found", known())
	stage.Delete[v1alpha1.BusinessUnit](w.Stage, "north")
	w.look("ward")
	if got := stage.Condition(w.get("ward").Status.Conditions, v1alpha1.ConditionReady); got != "False ReferenceNotFound" {
		t.Errorf("Ready is %q below a unit that goes", got)
	}
}

// Who names the unit is counted: in, or not in yet; by membership or by a role
// that holds there; nobody of another organization.
func TestHR5b_Counts(t *testing.T) {
	in := func(unit string) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) { u.Spec.BusinessUnits = []string{unit} }
	}
	w := newWorld(t, testkit.BusinessUnit("north"),
		testkit.User("ada", in("north")), testkit.User("grace", in("north")), testkit.User("alan", in("south")),
		testkit.User("lead", func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "north"}} }),
		testkit.User("both", in("north"), func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "north"}} }),
		testkit.User("foreign", in("north"), func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name = "other" }))
	w.Provide(testkit.Organization())
	for _, name := range []string{"ada", "foreign"} {
		stage.SetStatus(w.Stage, name, func(u *v1alpha1.User) {
			status.Set(&u.Status.Conditions, 1, metav1.Condition{
				Type: v1alpha1.ConditionAccepted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAcceptedByInvitee,
			})
		})
	}
	w.look("north")
	if got := w.get("north").Status; got.Members != 1 || got.Pending != 3 {
		t.Errorf("%d members and %d pending, want 1 and 3", got.Members, got.Pending)
	}
}

// A unit that goes takes every membership and grant in it along, and waits for
// nothing that is gone.
func TestHR5b_Removal(t *testing.T) {
	for name, given := range map[string]func(*world){
		"as usual":            func(*world) {},
		"unit gone already":   func(w *world) { must(w, w.Memory.RemoveUnit(w.Context(), stage.OrganizationID(), "north")) },
		"tenant gone already": func(w *world) { must(w, w.Memory.RemoveOrganization(w.Context(), stage.OrganizationID())) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.BusinessUnit("north"))
			w.Provide(testkit.Organization())
			w.look("north")
			org := stage.OrganizationID()
			_, err := w.Memory.ApplyMember(w.Context(), directory.Member{Organization: org, Address: "ada@example.com", State: directory.MemberInvited})
			must(w, err)
			must(w, w.Memory.ApplyAccess(w.Context(), org, "ada@example.com", directory.Access{Units: []string{"north"}}))
			given(w)
			stage.Delete[v1alpha1.BusinessUnit](w.Stage, "north")
			w.look("north")
			if w.get("north") != nil {
				t.Error("the unit is still there")
			}
			if m, err := w.Memory.Member(w.Context(), org, "ada@example.com"); err == nil && len(m.Access.Units) > 0 {
				t.Errorf("ada is still in %v", m.Access.Units)
			}
		})
	}
}

func must(w *world, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// Every kind of error at every place: the right word, in the right condition,
// and recovery afterwards, also when only the reply was lost.
func TestPromise_EveryErrorEverywhere(t *testing.T) {
	for _, kind := range stage.Kinds() {
		for _, after := range []bool{false, true} {
			failure := directory.Errorf(kind, "do something", "it went wrong")
			want := verdict.Of(failure)
			suffix := " " + string(kind) + map[bool]string{true: " after"}[after]
			t.Run("finding the backend"+suffix, func(t *testing.T) {
				w := newWorld(t, testkit.BusinessUnit("north"))
				w.Provide(testkit.Organization())
				w.Backends.Fail(failure)
				w.fails("north", v1alpha1.ConditionReferencesResolved, want)
				w.Backends.Fail(nil)
				w.look("north")
				w.wantConditions("north", "recovered", known())
			})
			t.Run("applying"+suffix, func(t *testing.T) {
				w := newWorld(t, testkit.BusinessUnit("north"))
				w.Provide(testkit.Organization())
				withdraw := w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodApplyUnit, Err: failure, After: after})
				w.fails("north", v1alpha1.ConditionProvisioned, want)
				withdraw()
				w.look("north")
				w.wantConditions("north", "recovered", known())
				if n := len(w.Memory.Writes()); n != 2 {
					t.Errorf("the backend wrote %d times, want the organization and the unit", n)
				}
			})
			t.Run("removing"+suffix, func(t *testing.T) {
				w := newWorld(t, testkit.BusinessUnit("north"))
				w.Provide(testkit.Organization())
				w.look("north")
				stage.Delete[v1alpha1.BusinessUnit](w.Stage, "north")
				withdraw := w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodRemoveUnit, Err: failure, After: after})
				w.fails("north", "", want)
				withdraw()
				w.look("north")
				if w.get("north") != nil {
					t.Error("the unit is still there")
				}
			})
		}
	}
}

// fails looks once, and wants what the answer says, in the condition and Ready.
func (w *world) fails(name, condition string, want phase.Answer) {
	w.Helper()
	result, err := stage.Reconcile(w.Stage, w.units, name)
	for _, kind := range []string{condition, v1alpha1.ConditionReady} {
		if got := stage.Condition(w.get(name).Status.Conditions, kind); kind != "" && got != "False "+want.Reason {
			w.Errorf("%s is %q, want False %s", kind, got, want.Reason)
		}
	}
	if again := err != nil || result.RequeueAfter > 0; again != (want.Word == phase.WordFailed) {
		w.Errorf("result %v, error %v: it is tried again exactly when that can help", result, err)
	}
}

func TestPromise_ConflictsAreNobodysNews(t *testing.T) {
	for _, verb := range []stage.Verb{stage.VerbPatch, stage.VerbStatus} {
		w := newWorld(t, testkit.BusinessUnit("north"))
		w.Provide(testkit.Organization())
		conflict := apierrors.NewConflict(schema.GroupResource{Resource: "businessunits"}, "north", errBroken)
		w.FailAPI(stage.APIFault{Verb: verb, Call: 1, Err: conflict})
		result, err := stage.Reconcile(w.Stage, w.units, "north")
		if err != nil || result.RequeueAfter <= 0 || len(w.Events()) > 0 || len(w.get("north").Status.Conditions) > 0 {
			t.Errorf("%s: a conflict is told: %v, %v, %v", verb, result, err, w.get("north").Status.Conditions)
		}
		w.look("north")
		w.wantConditions("north", "the next look", known())
	}
}

func TestNew_NeedsEverything(t *testing.T) {
	s := stage.New(t)
	whole := businessunit.Options{Client: s.Client, Backends: s.Backends, Recorder: s.Recorder, Clock: s.Clock}
	for name, take := range map[string]func(*businessunit.Options){
		"Client":   func(o *businessunit.Options) { o.Client = nil },
		"Backends": func(o *businessunit.Options) { o.Backends = nil },
		"Recorder": func(o *businessunit.Options) { o.Recorder = nil },
		"Clock":    func(o *businessunit.Options) { o.Clock = nil },
	} {
		less := whole
		take(&less)
		if _, err := businessunit.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
