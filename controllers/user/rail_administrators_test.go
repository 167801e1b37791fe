package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// governed is a world with roles, and these administrators, who are in.
func governed(t *testing.T, administrators ...string) *world {
	t.Helper()
	var users []*v1alpha1.User
	for _, name := range administrators {
		users = append(users, testkit.User(name, withRoles(v1alpha1.RoleGrant{Name: "owner"})))
	}
	w := newWorld(t, users...)
	w.Provide(testkit.Role("owner", func(r *v1alpha1.Role) { r.Spec.Administers = true }),
		testkit.Role("deputy", func(r *v1alpha1.Role) { r.Spec.Includes = []string{"owner"} }), testkit.Role("clerk"))
	w.joined(administrators...)
	return w
}

// The last administrator is not removed, disabled or demoted, until there is
// another one or somebody's word lets it pass.
func TestBY4_LastAdministrator(t *testing.T) {
	leave := map[string]func(*world){
		"deleted":  func(w *world) { w.remove("ada") },
		"disabled": func(w *world) { w.edit("ada", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }) },
		"demoted":  func(w *world) { w.edit("ada", withRoles(v1alpha1.RoleGrant{Name: "clerk"})) },
		"stripped": func(w *world) { w.edit("ada", withRoles()) },
		"demoted, then deleted": func(w *world) {
			w.edit("ada", withRoles())
			w.look("ada")
			w.remove("ada")
		},
	}
	free := map[string]func(*world){
		"approved": func(w *world) { w.approve("ada") },
		"another one": func(w *world) {
			w.Apply(testkit.User("grace", withRoles(v1alpha1.RoleGrant{Name: "deputy"})))
			w.joined("grace")
		},
		"turned off": func(w *world) {
			none := int32(0)
			w.safely(func(s *v1alpha1.OrganizationSafety) { s.MinAdministrators = &none })
		},
	}
	for how, leaves := range leave {
		for why, frees := range free {
			t.Run(how+" "+why, func(t *testing.T) {
				w := governed(t, "ada")
				leaves(w)
				if again := w.look("ada").RequeueAfter; again <= 0 || again > time.Minute {
					t.Errorf("looks again after %s, want within a minute: nothing tells when there is another one", again)
				}
				w.wantCondition("ada", v1alpha1.ConditionRemovalBlocked, "True LastAdministrator")
				w.wantCondition("ada", v1alpha1.ConditionStalled, "True LastAdministrator")
				w.wantOwner("the last one", true)
				if diff := cmp.Diff(map[alarm.Rail]int{alarm.LastAdministrator: 1}, w.Tripped()); diff != "" {
					t.Errorf("tripped (-want +got):\n%s", diff)
				}
				frees(w)
				w.look("ada")
				w.wantOwner("free to go", false)
				if u := w.get("ada"); u != nil {
					w.wantCondition("ada", v1alpha1.ConditionRemovalBlocked, "")
					w.wantCondition("ada", v1alpha1.ConditionReady, "True Succeeded")
				}
			})
		}
	}
}

// wantOwner says whether ada is in and administers.
func (w *world) wantOwner(reason string, want bool) {
	w.Helper()
	m, _ := w.member(ada)
	owner := false
	for _, g := range m.Access.Grants {
		owner = owner || g.Role == "owner"
	}
	if got := owner && m.State == directory.MemberActive; got != want {
		w.Errorf("%s: ada is %q with %v, want an administrator who is in: %t", reason, m.State, m.Access.Grants, want)
	}
}

// Of two who go at once both stay: neither counts for the other.
func TestBY4_TwoAdministratorsAtOnce(t *testing.T) {
	w := governed(t, "ada", "grace")
	w.remove("ada")
	w.edit("grace", withRoles(v1alpha1.RoleGrant{Name: "clerk"}))
	w.look("ada")
	w.look("grace")
	for _, name := range []string{"ada", "grace"} {
		w.wantCondition(name, v1alpha1.ConditionRemovalBlocked, "True LastAdministrator")
	}
	w.wantIn("both", true, "ada", "grace")
	w.edit("grace", withRoles(v1alpha1.RoleGrant{Name: "owner"}))
	w.look("grace")
	w.look("ada")
	w.wantIn("one may", false, "ada")
	w.wantCondition("grace", v1alpha1.ConditionReady, "True Succeeded")
}

// Only who is in, stays in and is declared to administer counts as another one.
func TestBY4_WhoCountsAsAnAdministrator(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		grace  func(*world)
		counts bool
	}{
		"in":      {"she is one", func(w *world) { w.joined("grace") }, true},
		"invited": {"nobody knows whether she will come", func(w *world) { w.sent("grace") }, false},
		"disabled": {"she is about to be shut out", func(w *world) {
			w.joined("grace")
			w.edit("grace", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
		}, false},
		"ending": {"she is still in", func(w *world) {
			w.joined("grace")
			w.edit("grace", func(u *v1alpha1.User) { u.Spec.AccessUntil = &metav1.Time{Time: w.Clock.Now().Add(time.Hour)} })
		}, true},
		"deleted": {"she is going", func(w *world) { w.joined("grace"); w.remove("grace") }, false},
		"a clerk": {"she administers nothing", func(w *world) { w.joined("grace"); w.edit("grace", withRoles(v1alpha1.RoleGrant{Name: "clerk"})) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := governed(t, "ada")
			w.Apply(testkit.User("grace", withRoles(v1alpha1.RoleGrant{Name: "owner"})))
			test.grace(w)
			w.remove("ada")
			w.look("ada")
			if gone := w.get("ada") == nil; gone != test.counts {
				t.Errorf("%s: ada is gone: %t, want %t", test.reason, gone, test.counts)
			}
		})
	}
}

// Whoever is promoted, and whoever is no administrator, is nobody's last.
func TestBY4_OthersComeAndGo(t *testing.T) {
	w := governed(t, "ada")
	w.Apply(testkit.User("grace", withRoles(v1alpha1.RoleGrant{Name: "clerk"})))
	w.joined("grace")
	w.edit("grace", withRoles())
	w.look("grace")
	w.wantCondition("grace", v1alpha1.ConditionReady, "True Succeeded")
	w.remove("grace")
	w.look("grace")
	if w.get("grace") != nil {
		t.Error("a clerk is kept")
	}
	w.edit("ada", withRoles(v1alpha1.RoleGrant{Name: "deputy"}))
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionReady, "True Succeeded")
}
