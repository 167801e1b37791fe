package organization_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/organization"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// The backend that an Organization names is waited for until it is there and
// answers; one that names none needs nothing.
func TestBY11_TheBackend(t *testing.T) {
	waits := func(reason string) map[string]string {
		return map[string]string{
			v1alpha1.ConditionReady: "False " + reason, v1alpha1.ConditionReconciling: "True Progressing",
			v1alpha1.ConditionBackendReady: "False " + reason, v1alpha1.ConditionProvisioned: "Unknown Progressing",
			v1alpha1.ConditionDriftDetected: "Unknown Progressing", v1alpha1.ConditionRemovalsPaused: "Unknown Progressing",
			v1alpha1.ConditionInvitationsPaused: "Unknown Progressing",
		}
	}
	w := newWorld(t, testkit.Organization(on("main")))
	if again := w.look().RequeueAfter; again == 0 {
		t.Error("it is never looked at again, should an event be missed")
	}
	w.wantConditions("no such backend", waits(v1alpha1.ReasonReferenceNotFound))
	if got := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionReady); !strings.Contains(got, `IdentityBackend "main"`) {
		t.Errorf("%q does not name it", got)
	}
	w.Apply(testkit.IdentityBackend("main"))
	w.look()
	w.wantConditions("nobody knows whether it answers", waits(v1alpha1.ReasonDependencyNotReady))
	stage.Delete[v1alpha1.IdentityBackend](w.Stage, "main")
	w.Provide(testkit.IdentityBackend("main"))
	w.look()
	w.wantConditions("it answers", known())
	stage.Delete[v1alpha1.IdentityBackend](w.Stage, "main")
	w.look()
	w.wantConditions("it is gone, and the backend still knows the organization", map[string]string{
		v1alpha1.ConditionReady: "False ReferenceNotFound", v1alpha1.ConditionReconciling: "True Progressing",
		v1alpha1.ConditionBackendReady: "False ReferenceNotFound", v1alpha1.ConditionProvisioned: "True Succeeded",
		v1alpha1.ConditionDriftDetected: "False InSync", v1alpha1.ConditionRemovalsPaused: "False NothingHeld",
		v1alpha1.ConditionInvitationsPaused: "False NothingHeld",
	})

	embedded := newWorld(t, testkit.Organization())
	embedded.look()
	embedded.wantConditions("the embedded one", known())
}

// Backend and ledger are told what is declared, addresses in canonical form, and
// nothing twice.
func TestLU1_WhatIsDeclared(t *testing.T) {
	w := newWorld(t, testkit.Organization(func(o *v1alpha1.Organization) {
		o.Spec.DisplayName = "🧮 <b>Sunrise</b> %s \u202e"
		o.Spec.Mail = v1alpha1.OrganizationMail{
			From: "Invitations@Müller.Example", ReplyTo: "OFFICE@example.com", SMTPSecretRef: &v1alpha1.LocalReference{Name: "smtp"},
		}
		o.Spec.Invitations.OnUnknownDelivery = v1alpha1.UnknownDeliveryHold
	}))
	w.look()
	w.wantConditions("hostile names are names", known())
	want := directory.Organization{
		ID: stage.OrganizationID(), DisplayName: "🧮 <b>Sunrise</b> %s \u202e", UnknownDelivery: directory.UnknownHold,
		Mail: directory.MailIdentity{From: "invitations@xn--mller-kva.example", ReplyTo: "office@example.com", Server: "team/smtp"},
	}
	if diff := cmp.Diff(want, w.records.last); diff != "" {
		t.Errorf("the ledger was told (-want +got):\n%s", diff)
	}
	wantWrites := []directorytest.Write{{Method: directorytest.MethodApplyOrganization, Organization: stage.OrganizationID()}}
	w.Writes()
	w.Events()
	w.look()
	if diff := cmp.Diff(wantWrites, w.Memory.Writes()); diff != "" {
		t.Errorf("what the backend wrote (-want +got):\n%s", diff)
	}
	if writes := w.Writes(); len(writes) > 0 || len(w.Events()) > 0 {
		t.Errorf("wrote %v, and nothing had changed", writes)
	}
}

// An address that is none stalls the Organization, names the field, and reaches
// neither backend nor ledger.
func TestHE3_BadMailAddresses(t *testing.T) {
	for field, mail := range map[string]v1alpha1.OrganizationMail{
		"spec.mail.from": {From: "office@-bad.com"}, "spec.mail.replyTo": {From: "office@example.com", ReplyTo: "a\r\nBcc: eve@example.com"},
	} {
		w := newWorld(t, testkit.Organization(func(o *v1alpha1.Organization) { o.Spec.Mail = mail }))
		if result := w.look(); !result.IsZero() {
			t.Errorf("%s: looks again, and only an edit helps", field)
		}
		w.wantConditions(field, map[string]string{
			v1alpha1.ConditionReady: "False InvalidSpec", v1alpha1.ConditionStalled: "True InvalidSpec",
			v1alpha1.ConditionBackendReady: "True Succeeded", v1alpha1.ConditionProvisioned: "False InvalidSpec",
			v1alpha1.ConditionDriftDetected: "Unknown Progressing", v1alpha1.ConditionRemovalsPaused: "Unknown Progressing",
			v1alpha1.ConditionInvitationsPaused: "Unknown Progressing",
		})
		if got := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionReady); !strings.HasPrefix(got, field+" is wrong") {
			t.Errorf("%q does not name %s", got, field)
		}
		if len(w.Memory.Writes()) > 0 || w.records.last.ID != "" {
			t.Errorf("%s: it was told to somebody", field)
		}
		stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { o.Spec.Mail = v1alpha1.OrganizationMail{} })
		w.look()
		w.wantConditions("edited", known())
	}
}

// The Organization counts its Users, and nobody else's, by where they stand; who
// has no unit is unassigned.
func TestHE1_HR5b_Counts(t *testing.T) {
	w := newWorld(t, testkit.Organization())
	w.look()
	if diff := cmp.Diff(&v1alpha1.OrganizationCounts{}, w.get().Status.Users); diff != "" {
		t.Errorf("nobody (-want +got):\n%s", diff)
	}
	in := func(units ...string) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) { u.Spec.BusinessUnits = append([]string{}, units...) }
	}
	w.Apply(testkit.User("new"), testkit.User("pending", in("north")), testkit.User("accepted", in("north", "south")),
		testkit.User("stuck", in()), testkit.User("foreign", func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name = "other" }),
		testkit.User("elsewhere", func(u *v1alpha1.User) { u.Namespace = "elsewhere" }))
	stands := func(name string, yes ...string) {
		stage.SetStatus(w.Stage, name, func(u *v1alpha1.User) {
			for _, kind := range yes {
				status.Set(&u.Status.Conditions, 1, metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded})
			}
		})
	}
	stands("pending", v1alpha1.ConditionReady, v1alpha1.ConditionPending)
	stands("accepted", v1alpha1.ConditionReady, v1alpha1.ConditionAccepted)
	stands("stuck", v1alpha1.ConditionPending)
	stands("foreign", v1alpha1.ConditionReady, v1alpha1.ConditionAccepted)
	w.look()
	want := &v1alpha1.OrganizationCounts{Total: 4, Pending: 2, Accepted: 1, Unassigned: 2, NotReady: 2}
	if diff := cmp.Diff(want, w.get().Status.Users); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// Every kind of error at every place: the right word, in the right condition,
// and recovery afterwards, also when only the reply was lost.
func TestPromise_EveryErrorEverywhere(t *testing.T) {
	for _, kind := range stage.Kinds() {
		failure := directory.Errorf(kind, "do something", "it went wrong")
		for name, test := range map[string]struct {
			condition string
			inject    func(*world) func()
		}{
			"finding the backend": {v1alpha1.ConditionBackendReady, func(w *world) func() {
				w.Backends.Fail(failure)
				return func() { w.Backends.Fail(nil) }
			}},
			"backend": {v1alpha1.ConditionProvisioned, func(w *world) func() {
				return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodApplyOrganization, Err: failure})
			}},
			"backend, lost reply": {v1alpha1.ConditionProvisioned, func(w *world) func() {
				return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodApplyOrganization, Err: failure, After: true})
			}},
			"ledger": {v1alpha1.ConditionProvisioned, func(w *world) func() {
				w.records.err = failure
				return func() { w.records.err = nil }
			}},
			"counting": {v1alpha1.ConditionProvisioned, func(w *world) func() {
				return w.FailAPI(stage.APIFault{Verb: stage.VerbList, Kind: "User", Err: failure})
			}},
		} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				w := newWorld(t, testkit.Organization())
				withdraw := test.inject(w)
				result, err := w.try()
				want := verdict.Of(failure)
				for _, c := range []string{test.condition, v1alpha1.ConditionReady} {
					if got := stage.Condition(w.get().Status.Conditions, c); got != "False "+want.Reason {
						t.Errorf("%s is %q, want False %s", c, got, want.Reason)
					}
				}
				if again := err != nil || result.RequeueAfter > 0; again != (want.Word == phase.WordFailed) {
					t.Errorf("result %v, error %v: it is tried again exactly when that can help", result, err)
				}
				withdraw()
				w.look()
				w.wantConditions("recovered", known())
				if n := len(w.Memory.Writes()); n != 1 {
					t.Errorf("the backend wrote %d times, want once", n)
				}
			})
		}
	}
}

func TestPromise_ConflictsAreNobodysNews(t *testing.T) {
	w := newWorld(t, testkit.Organization())
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "organizations"}, testkit.Clinic, errBroken)
	w.FailAPI(stage.APIFault{Verb: stage.VerbStatus, Call: 1, Err: conflict})
	if again := w.look().RequeueAfter; again <= 0 || again > time.Second || len(w.Events()) > 0 || len(w.get().Status.Conditions) > 0 {
		t.Errorf("a conflict is told: %s, %v", again, w.get().Status.Conditions)
	}
	w.look()
	w.wantConditions("the next look", known())
}

func TestNew_NeedsEverything(t *testing.T) {
	w := newWorld(t)
	for name, take := range map[string]func(*organization.Options){
		"Client":   func(o *organization.Options) { o.Client = nil },
		"Direct":   func(o *organization.Options) { o.Direct = nil },
		"Backends": func(o *organization.Options) { o.Backends = nil },
		"Ledger":   func(o *organization.Options) { o.Ledger = nil },
		"Rails":    func(o *organization.Options) { o.Rails = nil },
		"Alarm":    func(o *organization.Options) { o.Alarm = nil },
		"Trail":    func(o *organization.Options) { o.Trail = nil },
		"Drifted":  func(o *organization.Options) { o.Drifted = nil },
		"Recorder": func(o *organization.Options) { o.Recorder = nil },
		"Clock":    func(o *organization.Options) { o.Clock = nil },
	} {
		less := w.organizations.Options
		take(&less)
		if _, err := organization.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
