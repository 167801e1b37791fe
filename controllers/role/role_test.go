package role_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/role"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

var errBroken = errors.New("broken")

// world is a stage with the reconciler of Roles.
type world struct {
	*testing.T
	*stage.Stage
	roles *role.Reconciler
}

func emptyWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	s := stage.New(t)
	roles, err := role.New(role.Options{Client: s.Client, Backends: s.Backends, Recorder: s.Recorder, Clock: s.Clock})
	if err != nil {
		t.Fatal(err)
	}
	s.Apply(objects...)
	return &world{T: t, Stage: s, roles: roles}
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := emptyWorld(t, objects...)
	w.Provide(testkit.Organization())
	return w
}

func (w *world) look(names ...string) {
	w.Helper()
	for _, name := range names {
		if _, err := stage.Reconcile(w.Stage, w.roles, name); err != nil {
			w.Fatalf("reconcile %s: %v", name, err)
		}
	}
}

func (w *world) get(name string) *v1alpha1.Role { return stage.Get[v1alpha1.Role](w.Stage, name) }

func (w *world) wantConditions(name, reason string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, stage.Conditions(w.get(name).Status.Conditions)); diff != "" {
		w.Errorf("%s: %s (-want +got):\n%s", name, reason, diff)
	}
}

func (w *world) wantPermissions(name, reason string, want ...v1alpha1.Permission) {
	w.Helper()
	if diff := cmp.Diff(want, w.get(name).Status.EffectivePermissions); diff != "" {
		w.Errorf("%s: %s: effective permissions (-want +got):\n%s", name, reason, diff)
	}
}

func (w *world) message(name string) string {
	return stage.Message(w.get(name).Status.Conditions, v1alpha1.ConditionReady)
}

// known are the conditions of a role that the backend knows.
func known() map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReferencesResolved: "True Succeeded", v1alpha1.ConditionProvisioned: "True Succeeded",
	}
}

// stopped are the conditions of a role that waits or stalls from the first look on.
func stopped(abnormal, reason string) map[string]string {
	why := reason
	if abnormal == v1alpha1.ConditionReconciling {
		why = v1alpha1.ReasonProgressing
	}
	return map[string]string{
		v1alpha1.ConditionReady: "False " + reason, abnormal: "True " + why,
		v1alpha1.ConditionReferencesResolved: "False " + reason, v1alpha1.ConditionProvisioned: "Unknown Progressing",
	}
}

func giving(permissions ...v1alpha1.Permission) func(*v1alpha1.Role) {
	return func(r *v1alpha1.Role) { r.Spec.Permissions = permissions }
}

func including(names ...string) func(*v1alpha1.Role) {
	return func(r *v1alpha1.Role) { r.Spec.Includes = names }
}

func within(r *v1alpha1.Role) { r.Spec.Level = v1alpha1.RoleLevelBusinessUnit }

// The resulting permissions are shown in full, sorted, each once, whatever the
// way in which roles include each other, and the backend is told the same.
func TestHD3_EffectivePermissions(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		roles  []client.Object
		want   []v1alpha1.Permission
	}{
		"own":     {"sorted", []client.Object{testkit.Role("top", giving("z", "a.b", "a:b", "m"))}, []v1alpha1.Permission{"a.b", "a:b", "m", "z"}},
		"none":    {"a role may give nothing", []client.Object{testkit.Role("top")}, nil},
		"chain":   {"at any depth", []client.Object{testkit.Role("top", giving("1"), including("b")), testkit.Role("b", giving("2"), including("c")), testkit.Role("c", giving("3"))}, []v1alpha1.Permission{"1", "2", "3"}},
		"overlap": {"each once", []client.Object{testkit.Role("top", giving("1", "2"), including("b")), testkit.Role("b", giving("2", "3"))}, []v1alpha1.Permission{"1", "2", "3"}},
		"diamond": {"two ways to one role are no circle", []client.Object{
			testkit.Role("top", including("l", "r")), testkit.Role("l", giving("l"), including("base")),
			testkit.Role("r", giving("r"), including("base")), testkit.Role("base", giving("b")),
		}, []v1alpha1.Permission{"b", "l", "r"}},
		"levels": {"the whole organization may include what holds in a unit", []client.Object{
			testkit.Role("top", giving("1"), including("b")), testkit.Role("b", within, giving("2")),
		}, []v1alpha1.Permission{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.roles...)
			w.look("top")
			w.wantConditions("top", test.reason, known())
			w.wantPermissions("top", test.reason, test.want...)
		})
	}
}

// A role that is included in thousands of ways is read once.
func TestHD3_ManyWaysToOneRole(t *testing.T) {
	roles := lattice(12)
	w := newWorld(t, roles...)
	reads := 0
	w.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Role", Meanwhile: func() { reads++ }})
	w.look("top")
	w.wantPermissions("top", "of every layer", latticePermissions(12)...)
	if reads >= len(roles) {
		t.Errorf("%d reads to find what %d roles give", reads, len(roles))
	}
}

// lattice has n layers of two roles, each of which includes both of the next:
// 2^n ways from the top to the bottom.
func lattice(n int) []client.Object {
	roles := []client.Object{testkit.Role("top", including("a0", "b0"))}
	for i := range n {
		var next []string
		if i+1 < n {
			next = []string{fmt.Sprintf("a%d", i+1), fmt.Sprintf("b%d", i+1)}
		}
		for _, side := range []string{"a", "b"} {
			roles = append(roles, testkit.Role(fmt.Sprintf("%s%d", side, i), giving(v1alpha1.Permission(fmt.Sprintf("%s%d", side, i))), including(next...)))
		}
	}
	return roles
}

func latticePermissions(n int) []v1alpha1.Permission {
	var all []v1alpha1.Permission
	for i := range n {
		all = append(all, v1alpha1.Permission(fmt.Sprintf("a%d", i)), v1alpha1.Permission(fmt.Sprintf("b%d", i)))
	}
	slices.Sort(all)
	return all
}

// A change of an included role reaches those above it.
func TestCH5_AnIncludedRoleChanges(t *testing.T) {
	w := newWorld(t, testkit.Role("top", giving("1"), including("base")), testkit.Role("base", giving("2")))
	w.look("base", "top")
	stage.Edit(w.Stage, "base", giving("3"))
	w.look("top")
	w.wantPermissions("top", "the permissions of now", "1", "3")
	stage.Edit(w.Stage, "top", including())
	w.look("top")
	w.wantPermissions("top", "its own", "1")
	w.Writes()
	w.Events()
	n := len(w.Memory.Writes())
	w.look("top", "base")
	// base was edited and not looked at since, so that it is written once.
	if writes := w.Writes(); len(writes) != 1 || writes[0].Name != "base" || len(w.Memory.Writes()) != n+1 {
		t.Errorf("wrote %v", writes)
	}
	w.Writes()
	w.look("top", "base")
	if writes := w.Writes(); len(writes) > 0 || len(w.Events()) > 0 || len(w.Memory.Writes()) != n+1 {
		t.Errorf("wrote %v, and nothing had changed", writes)
	}
}

// What can never work is stalled, with the way round or the name in the message;
// one edit ends it.
func TestHD3_OnlyAnEditHelps(t *testing.T) {
	many := func(prefix string, n int) []v1alpha1.Permission {
		var all []v1alpha1.Permission
		for i := range n {
			all = append(all, v1alpha1.Permission(fmt.Sprintf("%s%d", prefix, i)))
		}
		return all
	}
	for name, test := range map[string]struct {
		roles []client.Object
		part  string
	}{
		"itself":         {[]client.Object{testkit.Role("top", including("top"))}, "circle: top, top;"},
		"two":            {[]client.Object{testkit.Role("top", including("b")), testkit.Role("b", including("top"))}, "circle: top, b, top;"},
		"three":          {[]client.Object{testkit.Role("top", including("b")), testkit.Role("b", including("c")), testkit.Role("c", including("top"))}, "circle: top, b, c, top;"},
		"above a circle": {[]client.Object{testkit.Role("top", including("b")), testkit.Role("b", including("c")), testkit.Role("c", including("b"))}, "circle: top, b, c, b;"},
		"level":          {[]client.Object{testkit.Role("top", within, including("b")), testkit.Role("b")}, `Role "b" is of level Organization`},
		"level, deep down": {
			[]client.Object{testkit.Role("top", within, including("b")), testkit.Role("b", within, including("c")), testkit.Role("c")},
			`Role "c" is of level Organization`,
		},
		"too much": {
			[]client.Object{testkit.Role("top", giving(many("a", 1000)...), including("b")), testkit.Role("b", giving(many("b", 25)...))},
			"1025 permissions with those of included roles, and 1024 are allowed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.roles...)
			w.look("top")
			w.wantConditions("top", "stalled", stopped(v1alpha1.ConditionStalled, v1alpha1.ReasonInvalidSpec))
			if got := w.message("top"); !strings.Contains(got, test.part) {
				t.Errorf("it says %q, want %q", got, test.part)
			}
			if writes := w.Memory.Writes(); len(writes) != 1 {
				t.Errorf("the backend wrote %v, want the organization alone", writes)
			}
			stage.Edit(w.Stage, "top", including())
			w.look("top")
			w.wantConditions("top", "edited", known())
		})
	}
}

// Applied before what it names, a role waits and says for what.
func TestBY1_ApplyInAnyOrder(t *testing.T) {
	w := emptyWorld(t, testkit.Role("top", giving("1"), including("b")))
	w.look("top")
	w.wantConditions("top", "no organization", stopped(v1alpha1.ConditionReconciling, v1alpha1.ReasonReferenceNotFound))
	w.Provide(testkit.Organization(), testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" }))
	w.look("top")
	w.wantConditions("top", "no included role", stopped(v1alpha1.ConditionReconciling, v1alpha1.ReasonReferenceNotFound))
	if got := w.message("top"); !strings.Contains(got, `Role "b"`) {
		t.Errorf("%q does not name it", got)
	}
	w.Apply(testkit.Role("b", giving("2"), including("c")), testkit.Role("c", func(r *v1alpha1.Role) { r.Spec.OrganizationRef.Name = "other" }))
	w.look("top")
	w.wantConditions("top", "one of another organization", stopped(v1alpha1.ConditionReconciling, v1alpha1.ReasonReferenceNotFound))
	if got := w.message("top"); !strings.Contains(got, `Role "c"`) {
		t.Errorf("%q does not name it", got)
	}
	stage.Delete[v1alpha1.Role](w.Stage, "c")
	w.Apply(testkit.Role("c", giving("3")))
	w.look("top")
	w.wantConditions("top", "all are there; they need not be provisioned", known())
	w.wantPermissions("top", "all", "1", "2", "3")
}

// Who names the role is counted, once, and nobody of another organization.
func TestHR1_Members(t *testing.T) {
	naming := func(grants ...v1alpha1.RoleGrant) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) { u.Spec.Roles = grants }
	}
	w := newWorld(t, testkit.Role("lead", within),
		testkit.User("ada", naming(v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "north"}, v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "south"})),
		testkit.User("grace", naming(v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "north"})),
		testkit.User("alan", naming(v1alpha1.RoleGrant{Name: "clinician"})),
		testkit.User("foreign", naming(v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "north"}), func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name = "other" }))
	w.look("lead")
	if got := w.get("lead").Status.Members; got != 2 {
		t.Errorf("%d members, want 2", got)
	}
}

// A role that goes takes every grant of it along, and waits for nothing that is gone.
func TestHR1_Removal(t *testing.T) {
	for name, given := range map[string]func(*world){
		"as usual":            func(*world) {},
		"role gone already":   func(w *world) { must(w, w.Memory.RemoveRole(w.Context(), stage.OrganizationID(), "clinician")) },
		"tenant gone already": func(w *world) { must(w, w.Memory.RemoveOrganization(w.Context(), stage.OrganizationID())) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.Role("clinician"))
			w.look("clinician")
			org := stage.OrganizationID()
			_, err := w.Memory.ApplyMember(w.Context(), directory.Member{Organization: org, Address: "ada@example.com", State: directory.MemberInvited})
			must(w, err)
			must(w, w.Memory.ApplyAccess(w.Context(), org, "ada@example.com", directory.Access{Grants: []directory.Grant{{Role: "clinician"}}}))
			given(w)
			stage.Delete[v1alpha1.Role](w.Stage, "clinician")
			w.look("clinician")
			if w.get("clinician") != nil {
				t.Error("the role is still there")
			}
			if m, err := w.Memory.Member(w.Context(), org, "ada@example.com"); err == nil && len(m.Access.Grants) > 0 {
				t.Errorf("ada still has %v", m.Access.Grants)
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
				w := newWorld(t, testkit.Role("clinician"))
				w.Backends.Fail(failure)
				w.fails("clinician", v1alpha1.ConditionReferencesResolved, want)
				w.Backends.Fail(nil)
				w.look("clinician")
				w.wantConditions("clinician", "recovered", known())
			})
			t.Run("applying"+suffix, func(t *testing.T) {
				w := newWorld(t, testkit.Role("clinician", giving("1")))
				withdraw := w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodApplyRole, Err: failure, After: after})
				w.fails("clinician", v1alpha1.ConditionProvisioned, want)
				if got := w.get("clinician").Status.EffectivePermissions; len(got) > 0 {
					t.Errorf("permissions %v are told as given, and nobody knows that", got)
				}
				withdraw()
				w.look("clinician")
				w.wantConditions("clinician", "recovered", known())
				if n := len(w.Memory.Writes()); n != 2 {
					t.Errorf("the backend wrote %d times, want the organization and the role", n)
				}
			})
			t.Run("removing"+suffix, func(t *testing.T) {
				w := newWorld(t, testkit.Role("clinician"))
				w.look("clinician")
				stage.Delete[v1alpha1.Role](w.Stage, "clinician")
				withdraw := w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodRemoveRole, Err: failure, After: after})
				w.fails("clinician", "", want)
				withdraw()
				w.look("clinician")
				if w.get("clinician") != nil {
					t.Error("the role is still there")
				}
			})
		}
	}
}

// fails looks once, and wants what the answer says, in the condition and Ready.
func (w *world) fails(name, condition string, want phase.Answer) {
	w.Helper()
	result, err := stage.Reconcile(w.Stage, w.roles, name)
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
		w := newWorld(t, testkit.Role("clinician"))
		conflict := apierrors.NewConflict(schema.GroupResource{Resource: "roles"}, "clinician", errBroken)
		w.FailAPI(stage.APIFault{Verb: verb, Call: 1, Err: conflict})
		result, err := stage.Reconcile(w.Stage, w.roles, "clinician")
		if err != nil || result.RequeueAfter <= 0 || len(w.Events()) > 0 || len(w.get("clinician").Status.Conditions) > 0 {
			t.Errorf("%s: a conflict is told: %v, %v, %v", verb, result, err, w.get("clinician").Status.Conditions)
		}
		w.look("clinician")
		w.wantConditions("clinician", "the next look", known())
	}
}

// Names from outside pass through.
func TestPromise_HostileNames(t *testing.T) {
	w := newWorld(t, testkit.Role("clinician", func(r *v1alpha1.Role) { r.Spec.DisplayName = "<b>🧮</b> %s \u202e\"" }))
	w.look("clinician")
	w.wantConditions("clinician", "a name is a name", known())
}

func TestNew_NeedsEverything(t *testing.T) {
	s := stage.New(t)
	whole := role.Options{Client: s.Client, Backends: s.Backends, Recorder: s.Recorder, Clock: s.Clock}
	for name, take := range map[string]func(*role.Options){
		"Client":   func(o *role.Options) { o.Client = nil },
		"Backends": func(o *role.Options) { o.Backends = nil },
		"Recorder": func(o *role.Options) { o.Recorder = nil },
		"Clock":    func(o *role.Options) { o.Clock = nil },
	} {
		less := whole
		take(&less)
		if _, err := role.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
