package user_test

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// Whatever is missing, the User says for what it waits, does nothing outside
// Kubernetes, and goes on by itself when that is there.
func TestBY1_ApplyInAnyOrder(t *testing.T) {
	const notFound, notReady = v1alpha1.ReasonReferenceNotFound, v1alpha1.ReasonDependencyNotReady
	lead := v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "south"}
	within := func(r *v1alpha1.Role) { r.Spec.Level = v1alpha1.RoleLevelBusinessUnit }
	elsewhere := v1alpha1.LocalReference{Name: "other"}
	all := objects(testkit.Organization(), testkit.BusinessUnit("north"), testkit.BusinessUnit("south"), testkit.Role("lead", within))
	for name, test := range map[string]struct {
		provided, applied []client.Object
		says              string
		named             []string
		follows           []client.Object
	}{
		"no organization": {nil, nil, notFound, []string{`Organization "clinic"`}, all},
		"organization not ready": {
			nil, objects(testkit.Organization()), notReady, []string{`Organization "clinic"`}, nil,
		},
		"no units": {
			objects(testkit.Organization(), testkit.Role("lead", within)), nil, notFound,
			[]string{`BusinessUnit "north", "south"`},
			objects(testkit.BusinessUnit("north"), testkit.BusinessUnit("south")),
		},
		"a unit of a grant": {
			objects(testkit.Organization(), testkit.BusinessUnit("north"), testkit.Role("lead", within)), nil, notFound,
			[]string{`BusinessUnit "south"`},
			objects(testkit.BusinessUnit("south")),
		},
		"a unit not ready": {
			objects(testkit.Organization(), testkit.BusinessUnit("south"), testkit.Role("lead", within)),
			objects(testkit.BusinessUnit("north")), notReady,
			[]string{`BusinessUnit "north"`},
			nil,
		},
		"a unit of another organization": {
			objects(testkit.Organization(), testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" }),
				testkit.BusinessUnit("north", func(u *v1alpha1.BusinessUnit) { u.Spec.OrganizationRef = elsewhere }), testkit.BusinessUnit("south")),
			nil, notFound,
			[]string{`BusinessUnit "north"`},
			nil,
		},
		"no role": {
			objects(testkit.Organization(), testkit.BusinessUnit("north"), testkit.BusinessUnit("south")), nil, notFound,
			[]string{`Role "lead"`},
			objects(testkit.Role("lead", within)),
		},
		"a role not ready": {
			objects(testkit.Organization(), testkit.BusinessUnit("north"), testkit.BusinessUnit("south")),
			objects(testkit.Role("lead", within)), notReady,
			[]string{`Role "lead"`},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := emptyWorld(t)
			w.Provide(test.provided...)
			w.Apply(test.applied...)
			w.Apply(testkit.User("ada", withUnits("north"), withRoles(lead)))
			if again := w.look("ada").RequeueAfter; again == 0 {
				t.Error("it is never looked at again, should an event be missed")
			}
			w.wantConditions("ada", "waits", untouched(v1alpha1.ConditionReady, "False "+test.says,
				v1alpha1.ConditionReconciling, "True Progressing", v1alpha1.ConditionReferencesResolved, "False "+test.says))
			for _, part := range test.named {
				if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionReady); !strings.Contains(got, part) {
					t.Errorf("%q does not name %s", got, part)
				}
			}
			if _, known := w.member(ada); known || len(w.get("ada").Finalizers) > 0 {
				t.Error("something was done already")
			}
			if test.follows == nil {
				return
			}
			w.Provide(test.follows...)
			w.sent("ada")
			w.wantConditions("ada", "goes on by itself", pending())
		})
	}
}

// What can never work stalls this one User, and says what to write instead.
func TestHR2_OnlyAnEditHelps(t *testing.T) {
	grant := func(name, unit string) func(*v1alpha1.User) {
		return withRoles(v1alpha1.RoleGrant{Name: name, BusinessUnit: unit})
	}
	for name, test := range map[string]struct {
		edit func(*v1alpha1.User)
		part string
	}{
		"no address":              {func(u *v1alpha1.User) { u.Spec.Email = "ada@-bad.com" }, "spec.email is wrong"},
		"a role without its unit": {grant("lead", ""), `spec.roles[0]: Role "lead" is of level BusinessUnit; say in which`},
		"a role with a unit":      {grant("clinician", "north"), `spec.roles[0]: Role "clinician" is of level Organization; leave businessUnit out`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Provide(testkit.BusinessUnit("north"), testkit.Role("clinician"),
				testkit.Role("lead", func(r *v1alpha1.Role) { r.Spec.Level = v1alpha1.RoleLevelBusinessUnit }))
			w.Apply(testkit.User("ada", test.edit))
			if result := w.look("ada"); !result.IsZero() {
				t.Errorf("looks again: %v, and only an edit helps", result)
			}
			says := "False " + v1alpha1.ReasonInvalidSpec
			w.wantConditions("ada", "stalls", untouched(v1alpha1.ConditionReady, says,
				v1alpha1.ConditionStalled, "True "+v1alpha1.ReasonInvalidSpec, v1alpha1.ConditionReferencesResolved, says))
			if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionReady); !strings.Contains(got, test.part) {
				t.Errorf("%q, want it to say %q", got, test.part)
			}
			w.edit("ada", func(u *v1alpha1.User) { u.Spec.Email, u.Spec.Roles = ada, nil })
			w.sent("ada")
			w.wantConditions("ada", "edited", pending())
		})
	}
}

// The address is compared in canonical form; everything outside gets that form.
func TestCH1_CanonicalAddress(t *testing.T) {
	w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) { u.Spec.Email = "  ADA@Müller.Example " }))
	w.look("ada")
	const canonical = "ada@xn--mller-kva.example"
	if _, known := w.member(canonical); !known {
		t.Errorf("the backend does not know %q", canonical)
	}
	if _, invited := w.invitation(canonical); !invited {
		t.Errorf("%q is not invited", canonical)
	}
}

// The finalizer is on before anything is done that has to be undone.
func TestPromise_NothingOutsideWithoutAFinalizer(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbPatch, Err: apierrors.NewInternalError(errBroken)})
	if _, err := w.try("ada"); err == nil {
		t.Error("no error, and so no other attempt")
	}
	w.wantCondition("ada", v1alpha1.ConditionReady, "False ProgressingWithRetry")
	if n := w.Memory.Calls("ApplyMember"); n > 0 {
		t.Errorf("the backend was asked %d times before", n)
	}
	withdraw()
	w.sent("ada")
	w.wantConditions("ada", "recovered", pending())
}

// Suspended means that nothing is done: not at first, not on an edit, not on
// deletion. What was sent before stays valid.
func TestPromise_Suspend(t *testing.T) {
	suspend := func(is bool) func(*v1alpha1.User) { return func(u *v1alpha1.User) { u.Spec.Suspend = is } }
	w := newWorld(t, testkit.User("ada", suspend(true)))
	w.look("ada")
	w.wantConditions("ada", "nothing is known", untouched(
		v1alpha1.ConditionReady, "True Suspended", v1alpha1.ConditionReferencesResolved, "Unknown Progressing"))
	if _, known := w.member(ada); known {
		t.Error("the backend was told")
	}
	w.edit("ada", suspend(false))
	w.sent("ada")
	link := w.Link(ada)

	w.edit("ada", func(u *v1alpha1.User) {
		u.Spec.Suspend, u.Spec.Profile.Title, u.Spec.Invitation.Revision = true, "Countess", 2
	})
	w.look("ada")
	w.wantConditions("ada", "everything as it was", pending(v1alpha1.ConditionReady, "True Suspended"))
	if m, _ := w.member(ada); m.Profile.Title != "" || w.Link(ada) != link {
		t.Error("something was changed")
	}
	w.remove("ada")
	w.look("ada")
	w.wantConditions("ada", "the deletion waits", pending(v1alpha1.ConditionReady, "True Suspended"))
	if _, known := w.member(ada); !known || w.Link(ada) != link {
		t.Error("something was removed")
	}
	w.edit("ada", suspend(false))
	w.look("ada")
	if _, known := w.member(ada); known || w.get("ada") != nil {
		t.Error("the deletion goes on waiting")
	}
}

// A backend that cannot be found is waited for.
func TestBY11_BackendNotFound(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.Backends.Fail(directory.Errorf(directory.KindNotFound, "find backend", "there is none"))
	if _, err := w.try("ada"); err == nil {
		t.Error("no error, and so no other attempt")
	}
	w.wantCondition("ada", v1alpha1.ConditionReferencesResolved, "False DependencyNotReady")
	w.Backends.Fail(nil)
	w.sent("ada")
	w.wantConditions("ada", "recovered", pending())
}
