package reference_test

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

var clinic = v1alpha1.LocalReference{Name: testkit.Clinic}

func TestOrganization(t *testing.T) {
	holding := func(o *v1alpha1.Organization) { o.Finalizers = []string{"example.com/theirs"} }
	for name, test := range map[string]struct {
		reason string
		given  func(*stage.Stage)
		word   phase.Word
		says   string
	}{
		"none":     {"applied later", func(*stage.Stage) {}, phase.WordWaiting, v1alpha1.ReasonReferenceNotFound},
		"new":      {"nobody has looked at it", func(s *stage.Stage) { s.Apply(testkit.Organization()) }, phase.WordWaiting, v1alpha1.ReasonDependencyNotReady},
		"provided": {"the backend knows it", func(s *stage.Stage) { s.Provide(testkit.Organization()) }, phase.WordDone, v1alpha1.ReasonSucceeded},
		"edited": {"the backend knows it, if not yet all of it", func(s *stage.Stage) {
			s.Provide(testkit.Organization())
			stage.Edit(s, testkit.Clinic, func(o *v1alpha1.Organization) { o.Spec.DisplayName = "Sunset Clinic" })
		}, phase.WordDone, v1alpha1.ReasonSucceeded},
		"failing": {"the backend does not know it", func(s *stage.Stage) {
			s.Provide(testkit.Organization())
			stage.SetStatus(s, testkit.Clinic, func(o *v1alpha1.Organization) {
				meta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{
					Type: v1alpha1.ConditionProvisioned, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvalidSpec,
				})
			})
		}, phase.WordWaiting, v1alpha1.ReasonDependencyNotReady},
		"going": {"as good as gone", func(s *stage.Stage) {
			s.Provide(testkit.Organization(holding))
			stage.Delete[v1alpha1.Organization](s, testkit.Clinic)
		}, phase.WordWaiting, v1alpha1.ReasonReferenceNotFound},
		"in another namespace": {"nothing reads another namespace", func(s *stage.Stage) {
			s.Provide(testkit.Organization(func(o *v1alpha1.Organization) { o.Namespace = "elsewhere" }))
		}, phase.WordWaiting, v1alpha1.ReasonReferenceNotFound},
		"unreadable": {"the API server is away: nothing follows", func(s *stage.Stage) {
			s.Provide(testkit.Organization())
			s.FailAPI(stage.APIFault{Verb: stage.VerbGet, Err: apierrors.NewServiceUnavailable("try later")})
		}, phase.WordFailed, v1alpha1.ReasonProgressingWithRetry},
	} {
		t.Run(name, func(t *testing.T) {
			s := stage.New(t)
			test.given(s)
			org, a := reference.Organization(t.Context(), s.Client, testkit.Namespace, clinic)
			if a.Word != test.word || a.Reason != test.says {
				t.Errorf("%s: word %d reason %s, want %d %s", test.reason, a.Word, a.Reason, test.word, test.says)
			}
			if (org != nil) != (test.word == phase.WordDone) {
				t.Errorf("%s: organization %v", test.reason, org)
			}
			if a.Word == phase.WordWaiting && !strings.Contains(a.Message, `Organization "clinic"`) {
				t.Errorf("%q does not say for whom it waits", a.Message)
			}
		})
	}
}

// An object says for all of one kind at once, sorted, each name once.
func TestSeveral(t *testing.T) {
	other := func(r *v1alpha1.Role) { r.Spec.OrganizationRef.Name = "other" }
	s := stage.New(t)
	s.Provide(testkit.Organization(), testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" }))
	s.Provide(testkit.Role("known"), testkit.Role("foreign", other))
	s.Apply(testkit.Role("new"), testkit.Role("newer"))
	for name, test := range map[string]struct {
		reason string
		names  []string
		word   phase.Word
		says   string
	}{
		"nothing":      {"nothing to wait for", nil, phase.WordDone, ""},
		"known":        {"all are there", []string{"known", "known"}, phase.WordDone, ""},
		"missing":      {"sorted, each once", []string{"z", "a", "z", "known"}, phase.WordWaiting, `Waits for Role "a", "z", not found in this namespace; apply it or correct the reference.`},
		"foreign":      {"one of another organization is as good as missing", []string{"foreign"}, phase.WordWaiting, `Waits for Role "foreign", not found in this namespace; apply it or correct the reference.`},
		"not ready":    {"the backend does not know it yet", []string{"newer", "new"}, phase.WordWaiting, `Waits for Role "new", "newer" to be provisioned; its own conditions say why it is not.`},
		"both":         {"what is missing comes first", []string{"new", "gone"}, phase.WordWaiting, `Waits for Role "gone", not found in this namespace; apply it or correct the reference.`},
		"hostile name": {"quoted", []string{"a\"\n\u202eb"}, phase.WordWaiting, `Waits for Role "a\"\n\u202eb", not found in this namespace; apply it or correct the reference.`},
	} {
		t.Run(name, func(t *testing.T) {
			a := several(t, s, test.names)
			if a.Word != test.word || a.Message != test.says {
				t.Errorf("%s: word %d, message\n%s\nwant %d\n%s", test.reason, a.Word, a.Message, test.word, test.says)
			}
		})
	}
}

func several(t *testing.T, s *stage.Stage, names []string) phase.Answer {
	t.Helper()
	found := reference.Several{Kind: "Role"}
	for _, n := range names {
		role := &v1alpha1.Role{}
		if a := found.Get(t.Context(), s.Client, client.ObjectKey{Namespace: testkit.Namespace, Name: n}, role); a.Word != phase.WordDone {
			return a
		}
		found.Check(n, role.Spec.OrganizationRef, clinic, role.Status.Conditions)
	}
	return found.Answer()
}

func TestSeveral_Unreadable(t *testing.T) {
	s := stage.New(t)
	s.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Role", Err: context.DeadlineExceeded})
	if a := several(t, s, []string{"any"}); a.Word != phase.WordFailed {
		t.Errorf("word %d, want failed: nothing follows from an answer that did not come", a.Word)
	}
}

func TestOrganizationID(t *testing.T) {
	if got := reference.OrganizationID("team", clinic); got != "team/clinic" {
		t.Errorf("%q, want a function of namespace and name", got)
	}
}
