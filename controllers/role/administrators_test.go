package role_test

import (
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func administering(r *v1alpha1.Role) { r.Spec.Administers = true }

// inAs is a User who is in and has these roles.
func (w *world) inAs(name string, roles ...string) {
	w.Helper()
	w.Apply(testkit.User(name, func(u *v1alpha1.User) {
		for _, role := range roles {
			u.Spec.Roles = append(u.Spec.Roles, v1alpha1.RoleGrant{Name: role})
		}
	}))
	stage.SetStatus(w.Stage, name, func(u *v1alpha1.User) {
		meta.SetStatusCondition(&u.Status.Conditions, metav1.Condition{
			Type: v1alpha1.ConditionAccepted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAcceptedByInvitee, Message: "The person accepted the invitation.",
		})
	})
}

// A role goes only when somebody is left who administers without it.
func TestBY4_TheLastAdministeringRole(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		given  func(*world)
		goes   bool
	}{
		"nobody has it":              {"nobody loses anything", func(*world) {}, true},
		"the only administrator's":   {"nobody would be left", func(w *world) { w.inAs("ada", "owner") }, false},
		"somebody has another":       {"enough are left", func(w *world) { w.inAs("ada", "owner"); w.inAs("grace", "chief") }, true},
		"the same person has both":   {"they still administer", func(w *world) { w.inAs("ada", "owner", "chief") }, true},
		"another includes only this": {"the other role goes with it", func(w *world) { w.inAs("ada", "deputy") }, false},
		"an ordinary role's":         {"nobody administers anyway", func(w *world) { w.inAs("ada", "clinician") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.Role("owner", administering), testkit.Role("chief", administering),
				testkit.Role("deputy", including("owner")), testkit.Role("clinician"))
			w.look("owner", "chief", "deputy", "clinician")
			test.given(w)
			stage.Delete[v1alpha1.Role](w.Stage, "owner")
			w.look("owner")
			if gone := w.get("owner") == nil; gone != test.goes {
				t.Errorf("%s: it is gone: %t", test.reason, gone)
			}
		})
	}
}

// The message says how to let it pass, and that lets it pass, and nothing else does.
func TestBY4_ApproveTheLastAdministeringRole(t *testing.T) {
	w := newWorld(t, testkit.Role("owner", administering))
	w.look("owner")
	w.inAs("ada", "owner")
	stage.Delete[v1alpha1.Role](w.Stage, "owner")
	w.look("owner")
	found := regexp.MustCompile(v1alpha1.AnnotationApproveRemoval + "=([a-z0-9]+)`").FindStringSubmatch(w.message("owner"))
	if found == nil || !strings.Contains(w.message("owner"), "fewer than 1") {
		t.Fatalf("the message is %q", w.message("owner"))
	}
	for _, word := range []string{"yes", found[1]} {
		stage.Edit(w.Stage, "owner", func(r *v1alpha1.Role) {
			r.Annotations = map[string]string{v1alpha1.AnnotationApproveRemoval: word}
		})
		w.look("owner")
		if gone := w.get("owner") == nil; gone != (word == found[1]) {
			t.Errorf("with the word %q it is gone: %t", word, gone)
		}
	}
}
