package watch_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// queue holds what was added, and how much later it is due.
type queue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	due map[reconcile.Request]time.Duration
}

func newQueue() *queue { return &queue{due: map[reconcile.Request]time.Duration{}} }

func (q *queue) Add(r reconcile.Request) { q.due[r] = 0 }

func (q *queue) AddAfter(r reconcile.Request, d time.Duration) { q.due[r] = d }

func (q *queue) names() []string {
	var names []string
	for r := range q.due {
		names = append(names, r.String())
	}
	slices.Sort(names)
	return names
}

func unit(edits ...func(*v1alpha1.BusinessUnit)) *v1alpha1.BusinessUnit {
	applied := func(u *v1alpha1.BusinessUnit) { u.Generation = 1 }
	return testkit.BusinessUnit("north", append([]func(*v1alpha1.BusinessUnit){applied}, edits...)...)
}

func having(kind string, is metav1.ConditionStatus) func(*v1alpha1.BusinessUnit) {
	return func(u *v1alpha1.BusinessUnit) {
		u.Status.Conditions = append(u.Status.Conditions, metav1.Condition{Type: kind, Status: is})
	}
}

// backend answers, and takes our credentials, or not.
func backend(reachable, valid metav1.ConditionStatus) *v1alpha1.IdentityBackend {
	return testkit.IdentityBackend("main", func(b *v1alpha1.IdentityBackend) {
		b.Status.Conditions = []metav1.Condition{
			{Type: v1alpha1.ConditionReachable, Status: reachable}, {Type: v1alpha1.ConditionCredentialsValid, Status: valid},
		}
	})
}

// uses makes an Organization that was provisioned say how its backend is.
func uses(is metav1.ConditionStatus, reason string) func(*v1alpha1.Organization) {
	return func(o *v1alpha1.Organization) {
		o.Status.Conditions = []metav1.Condition{
			{Type: v1alpha1.ConditionBackendReady, Status: is, Reason: reason},
			{Type: v1alpha1.ConditionProvisioned, Status: metav1.ConditionTrue},
		}
	}
}

func TestDeclared(t *testing.T) {
	const (
		yes = metav1.ConditionTrue
		no  = metav1.ConditionFalse
	)
	provisioned := v1alpha1.ConditionProvisioned
	for name, test := range map[string]struct {
		reason        string
		before, after client.Object
		want          bool
	}{
		"counts":              {"nobody who names it cares", unit(having(provisioned, yes)), unit(having(provisioned, yes), func(u *v1alpha1.BusinessUnit) { u.Status.Members = 7 }), false},
		"another ready":       {"Ready sums up more than others wait for", unit(having(v1alpha1.ConditionReady, yes)), unit(having(v1alpha1.ConditionReady, no)), false},
		"spec or deletion":    {"both raise the generation", unit(), unit(func(u *v1alpha1.BusinessUnit) { u.Generation = 2 }), true},
		"provisioned":         {"who waits can go on", unit(having(provisioned, no)), unit(having(provisioned, yes)), true},
		"first seen":          {"who waits can go on", unit(), unit(having(provisioned, yes)), true},
		"lost":                {"who names it waits again", unit(having(provisioned, yes)), unit(having(provisioned, no)), true},
		"a backend answers":   {"and does not take our credentials", backend(no, no), backend(yes, no), false},
		"a backend is usable": {"who waits can go on", backend(yes, no), backend(yes, yes), true},
		"another one uses the backend": {
			"who names it waits", testkit.Organization(uses(yes, v1alpha1.ReasonSucceeded)), testkit.Organization(uses(no, v1alpha1.ReasonBackendInUse)), true,
		},
		"a backend does not answer": {
			"what is known stays known", testkit.Organization(uses(yes, v1alpha1.ReasonSucceeded)),
			testkit.Organization(uses(no, v1alpha1.ReasonDependencyNotReady)), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := watch.Declared(watch.Conditions)
			if got := p.Update(event.UpdateEvent{ObjectOld: test.before, ObjectNew: test.after}); got != test.want {
				t.Errorf("passes %t, want %t: %s", got, test.want, test.reason)
			}
			if !p.Create(event.CreateEvent{Object: test.after}) || !p.Delete(event.DeleteEvent{Object: test.after}) {
				t.Error("coming and going always matter")
			}
		})
	}
}

func TestConditions_OfEveryKindThatOthersName(t *testing.T) {
	list := []metav1.Condition{{Type: "Ready"}}
	for _, o := range []client.Object{
		testkit.IdentityBackend("a", func(o *v1alpha1.IdentityBackend) { o.Status.Conditions = list }),
		testkit.Organization(func(o *v1alpha1.Organization) { o.Status.Conditions = list }),
		testkit.BusinessUnit("a", func(o *v1alpha1.BusinessUnit) { o.Status.Conditions = list }),
		testkit.Role("a", func(o *v1alpha1.Role) { o.Status.Conditions = list }),
		testkit.User("a", func(o *v1alpha1.User) { o.Status.Conditions = list }),
	} {
		if diff := cmp.Diff(list, watch.Conditions(o)); diff != "" {
			t.Errorf("%T (-want +got):\n%s", o, diff)
		}
	}
	if got := watch.Conditions(testkit.InviteBatch("a", nil)); got != nil {
		t.Errorf("%v of a kind that nothing names", got)
	}
}

func TestAbilities(t *testing.T) {
	can := func(supported ...string) *v1alpha1.IdentityBackend {
		return testkit.IdentityBackend("main", func(b *v1alpha1.IdentityBackend) {
			b.Status.Capabilities = &v1alpha1.BackendCapabilities{Supported: supported}
		})
	}
	listed := can("roles")
	listed.Status.LastCompleteListing = &metav1.Time{}
	noted := can("roles")
	noted.Status.Capabilities.Notes = []string{"The last listing had 2 users without an address; they are nobody's member."}
	edited := can("roles")
	edited.Generation = 2
	for name, test := range map[string]struct {
		reason        string
		before, after client.Object
		want          bool
	}{
		"found out":    {"who waits can go on", testkit.IdentityBackend("main"), can("roles"), true},
		"more":         {"who was refused can go on", can("roles"), can("businessUnits", "roles"), true},
		"less":         {"who declares it is told", can("businessUnits", "roles"), can("roles"), true},
		"edited":       {"what goes where may be another place", can("roles"), edited, true},
		"the same":     {"nobody who uses it cares", can("roles"), listed, false},
		"noted":        {"nobody can do more or less by it", can("roles"), noted, false},
		"another kind": {"it has no abilities", unit(), unit(func(u *v1alpha1.BusinessUnit) { u.Generation = 2 }), false},
	} {
		t.Run(name, func(t *testing.T) {
			p := watch.Abilities()
			if got := p.Update(event.UpdateEvent{ObjectOld: test.before, ObjectNew: test.after}); got != test.want {
				t.Errorf("passes %t, want %t: %s", got, test.want, test.reason)
			}
			if p.Create(event.CreateEvent{Object: test.after}) || p.Delete(event.DeleteEvent{Object: test.after}) || p.Generic(event.GenericEvent{Object: test.after}) {
				t.Error("coming and going are others' matter")
			}
		})
	}
}

func TestHosted(t *testing.T) {
	s := stage.New(t)
	on := func(name string) func(*v1alpha1.Organization) {
		return func(o *v1alpha1.Organization) {
			o.Name, o.Spec.BackendRef = name, &v1alpha1.LocalReference{Name: "main"}
		}
	}
	s.Apply(testkit.Organization(on("first")), testkit.Organization(on("second")), testkit.Organization(),
		testkit.User("ada", func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name = "first" }),
		testkit.User("grace", func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name = "second" }), testkit.User("alan"))
	hosted := func(o client.Object) []string {
		q := newQueue()
		watch.Hosted(s.Client, func() client.ObjectList { return &v1alpha1.UserList{} }).Generic(t.Context(), event.GenericEvent{Object: o}, q)
		return q.names()
	}
	if diff := cmp.Diff([]string{"team/ada", "team/grace"}, hosted(testkit.IdentityBackend("main"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := hosted(testkit.IdentityBackend("other")); got != nil {
		t.Errorf("%v of a backend that nobody uses", got)
	}
	for _, kind := range []string{"Organization", "User"} {
		withdraw := s.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: kind, Err: errors.New("broken")})
		if got := hosted(testkit.IdentityBackend("main")); got != nil {
			t.Errorf("%v, and %ss cannot be listed", got, kind)
		}
		withdraw()
	}
}

func TestThose(t *testing.T) {
	users := func() client.ObjectList { return &v1alpha1.UserList{} }
	naming := func(role string) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{{Name: role}} }
	}
	s := stage.New(t)
	s.Apply(testkit.User("ada", naming("lead")), testkit.User("grace", naming("lead")), testkit.User("alan", naming("clinician")),
		testkit.User("elsewhere", naming("lead"), func(u *v1alpha1.User) { u.Namespace = "elsewhere" }))

	q := newQueue()
	watch.Those(s.Client, users, index.Role, watch.Name).Create(s.Context(), event.CreateEvent{Object: testkit.Role("lead")}, q)
	if diff := cmp.Diff([]string{"team/ada", "team/grace"}, q.names()); diff != "" {
		t.Errorf("those that name the role, in its namespace (-want +got):\n%s", diff)
	}

	q = newQueue()
	both := func(client.Object) []string { return []string{"lead", "clinician", "nobody"} }
	watch.Those(s.Client, users, index.Role, both).Delete(s.Context(), event.DeleteEvent{Object: testkit.Role("lead")}, q)
	if diff := cmp.Diff([]string{"team/ada", "team/alan", "team/grace"}, q.names()); diff != "" {
		t.Errorf("those of every key (-want +got):\n%s", diff)
	}

	q = newQueue()
	s.FailAPI(stage.APIFault{Verb: stage.VerbList, Err: errors.New("no cache")})
	watch.Those(s.Client, users, index.Role, watch.Name).Create(s.Context(), event.CreateEvent{Object: testkit.Role("lead")}, q)
	if got := q.names(); len(got) > 0 {
		t.Errorf("%v without a listing", got)
	}
	if len(s.Logs()) != 1 {
		t.Errorf("logs %q, want one line about the event that came to nothing", s.Logs())
	}
}

// Who counts is told later, so that many changes are counted once; also whom an
// object has left.
func TestCounted(t *testing.T) {
	in := func(units ...string) *v1alpha1.User {
		return testkit.User("ada", func(u *v1alpha1.User) { u.Spec.BusinessUnits = units })
	}
	names := func(o client.Object) []string {
		u, ok := o.(*v1alpha1.User)
		if !ok {
			return nil
		}
		return u.Spec.BusinessUnits
	}
	h := watch.Counted(names)
	for name, test := range map[string]struct {
		happens func(context.Context, *queue)
		want    []string
	}{
		"comes": {func(ctx context.Context, q *queue) { h.Create(ctx, event.CreateEvent{Object: in("north")}, q) }, []string{"team/north"}},
		"goes":  {func(ctx context.Context, q *queue) { h.Delete(ctx, event.DeleteEvent{Object: in("north")}, q) }, []string{"team/north"}},
		"moves": {func(ctx context.Context, q *queue) {
			h.Update(ctx, event.UpdateEvent{ObjectOld: in("north"), ObjectNew: in("south", "west")}, q)
		}, []string{"team/north", "team/south", "team/west"}},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue()
			test.happens(t.Context(), q)
			if diff := cmp.Diff(test.want, q.names()); diff != "" {
				t.Errorf("who counts (-want +got):\n%s", diff)
			}
			for d := range maps.Values(q.due) {
				if d <= 0 || d > time.Second {
					t.Errorf("told after %s, want soon and not at once", d)
				}
			}
		})
	}
}
