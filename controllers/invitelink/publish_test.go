package invitelink_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

var errBroken = errors.New("broken")

// The link is in a Secret of the InviteLink's own, the status says how it
// stands, and a second look writes nothing.
func TestHE4_ALinkIsPublished(t *testing.T) {
	w := newWorld(t, testkit.InviteLink(open, func(l *v1alpha1.InviteLink) {
		l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}}
		l.Spec.Template.BusinessUnits = []string{"north"}
	}))
	if again := w.look().RequeueAfter; again <= 0 || again > 7*24*time.Hour {
		t.Errorf("looks again after %s, and the link expires after a week", again)
	}
	w.wantConditions("published", done())
	l, s := w.get(), w.secret()
	want := v1alpha1.InviteLinkStatus{
		ObservedGeneration: 1, Rotation: 1, ExpiresAt: &metav1.Time{Time: w.Clock.Now().Add(7 * 24 * time.Hour)},
		LinkSecretRef: &v1alpha1.LocalReference{Name: open + "-link"}, Conditions: l.Status.Conditions,
	}
	l.Status.ExpiresAt = &metav1.Time{Time: l.Status.ExpiresAt.UTC()}
	if diff := cmp.Diff(want, l.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if s == nil || s.Type != v1alpha1.SecretTypeLink || !metav1.IsControlledBy(s, l) || s.Labels[v1alpha1.LabelLink] != open {
		t.Fatalf("the Secret is %v", s)
	}
	if got := string(s.Data[v1alpha1.SecretKeyLink]); got != stage.BaseURL+"/j/"+w.token() {
		t.Error("the Secret does not hold the link that works")
	}
	if len(s.Data[v1alpha1.SecretKeyQRCode]) == 0 || string(s.Data[v1alpha1.SecretKeyExpiresAt]) != l.Status.ExpiresAt.UTC().Format(time.RFC3339) {
		t.Error("the Secret lacks QR code or end")
	}
	told, err := w.Ledger.LinkStatus(t.Context(), stage.OrganizationID(), open)
	if diff := cmp.Diff(directory.InvitationDetails{OrganizationName: "Sunrise Clinic", Roles: []string{"clinician"}, Units: []string{"north"}}, told.Details); err != nil || diff != "" {
		t.Error(err, diff)
	}
	w.Writes()
	w.look()
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("nothing has changed, and it wrote %v", writes)
	}
}

// Every way in which a link opens and closes, with the Secret that follows it.
func TestHE4_OpenAndClosed(t *testing.T) {
	for name, test := range map[string]struct {
		reason  string
		closes  func(w *world)
		open    string
		opens   func(w *world)
		another bool
	}{
		"disabled": {
			"somebody closed it", func(w *world) { w.edit(func(l *v1alpha1.InviteLink) { l.Spec.Access = v1alpha1.AccessDisabled }) }, "False LinkDisabled",
			func(w *world) { w.edit(func(l *v1alpha1.InviteLink) { l.Spec.Access = v1alpha1.AccessEnabled }) }, false,
		},
		"expired and prolonged": {
			"its time ran out", func(w *world) { w.Clock.Step(7 * 24 * time.Hour) }, "False Expired",
			func(w *world) {
				w.edit(func(l *v1alpha1.InviteLink) { l.Spec.ExpiresAfter = &metav1.Duration{Duration: 30 * 24 * time.Hour} })
			}, false,
		},
		"expired and rotated": {
			"its time ran out", func(w *world) { w.Clock.Step(7 * 24 * time.Hour) }, "False Expired",
			func(w *world) { w.edit(func(l *v1alpha1.InviteLink) { l.Spec.Rotation = 2 }) }, true,
		},
		"used up": {
			"the one place is taken", func(w *world) {
				one := int32(1)
				w.edit(func(l *v1alpha1.InviteLink) { l.Spec.MaxUses = &one })
				w.wish(ada)
				w.look()
				w.confirm(ada)
			}, "False UsedUp",
			func(w *world) {
				two := int32(2)
				w.edit(func(l *v1alpha1.InviteLink) { l.Spec.MaxUses = &two })
			}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := published(t)
			token := w.token()
			test.closes(w)
			w.look()
			w.wantOpen(test.reason, test.open)
			if w.secret() != nil || w.get().Status.LinkSecretRef != nil {
				t.Errorf("%s, and the Secret is there or named", test.reason)
			}
			if got := stage.Condition(w.get().Status.Conditions, v1alpha1.ConditionReady); got != "True Succeeded" {
				t.Errorf("%s: Ready is %s, and nobody has to do anything", test.reason, got)
			}
			test.opens(w)
			w.look()
			w.wantConditions("open again", done())
			if another := w.token() != token; another != test.another || w.secret() == nil {
				t.Errorf("open again with another link: %t, want %t", another, test.another)
			}
		})
	}
}

// Whatever is missing it waits for; whatever is wrong it says where.
func TestBY1_HE4_ApplyInAnyOrder(t *testing.T) {
	for name, test := range map[string]struct {
		edit  func(*v1alpha1.InviteLink)
		says  string
		named string
		then  func(w *world)
	}{
		"no Role": {
			func(l *v1alpha1.InviteLink) { l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "lead"}} }, "False ReferenceNotFound", `Role "lead"`,
			func(w *world) { w.Provide(testkit.Role("lead")) },
		},
		"no BusinessUnit": {
			func(l *v1alpha1.InviteLink) { l.Spec.Template.BusinessUnits = []string{"south"} }, "False ReferenceNotFound", `BusinessUnit "south"`,
			func(w *world) { w.Provide(testkit.BusinessUnit("south")) },
		},
		"a role without its unit": {
			func(l *v1alpha1.InviteLink) { l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "lead"}} }, "False InvalidSpec", "spec.template.roles[0]",
			func(w *world) {
				w.edit(func(l *v1alpha1.InviteLink) {
					l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "north"}}
				})
			},
		},
		"a role with a unit too many": {
			func(l *v1alpha1.InviteLink) {
				l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "clinician", BusinessUnit: "north"}}
			}, "False InvalidSpec", "leave businessUnit out",
			func(w *world) { w.edit(func(l *v1alpha1.InviteLink) { l.Spec.Template.Roles = nil }) },
		},
		"no domain": {
			func(l *v1alpha1.InviteLink) { l.Spec.AllowedDomains = []string{"example.com", "-bad.example"} }, "False InvalidSpec", "spec.allowedDomains[1]",
			func(w *world) {
				w.edit(func(l *v1alpha1.InviteLink) { l.Spec.AllowedDomains = []string{"Example.com"} })
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.InviteLink(open, test.edit))
			if name == "a role without its unit" {
				w.Provide(testkit.Role("lead", func(r *v1alpha1.Role) { r.Spec.Level = v1alpha1.RoleLevelBusinessUnit }))
			}
			w.look()
			conditions := w.get().Status.Conditions
			if got := stage.Condition(conditions, v1alpha1.ConditionReferencesResolved); got != test.says {
				t.Errorf("ReferencesResolved is %s, want %s", got, test.says)
			}
			if got := stage.Message(conditions, v1alpha1.ConditionReady); !strings.Contains(got, test.named) {
				t.Errorf("%q does not name %s", got, test.named)
			}
			if got := stage.Condition(conditions, v1alpha1.ConditionOpen); got != test.says || w.secret() != nil {
				t.Errorf("Open is %q, and there is no link", got)
			}
			test.then(w)
			w.look()
			w.wantConditions("goes on by itself", done())
		})
	}
	w := emptyWorld(t)
	w.Apply(testkit.InviteLink(open))
	w.look()
	w.wantOpen("no Organization", "False ReferenceNotFound")
	w.Provide(testkit.Organization())
	w.look()
	w.wantConditions("the Organization came", done())
}

// In an Organization that is suspended or only plans nobody joins, and the
// link is the same afterwards.
func TestHE4_HaltedOrganization(t *testing.T) {
	for reason, change := range map[string]func(*v1alpha1.Organization, bool){
		v1alpha1.ReasonSuspended: func(o *v1alpha1.Organization, on bool) { o.Spec.Suspend = on },
		v1alpha1.ReasonPlanned: func(o *v1alpha1.Organization, on bool) {
			if o.Spec.Mode = v1alpha1.ModeEnforce; on {
				o.Spec.Mode = v1alpha1.ModePlan
			}
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := published(t)
			token := w.token()
			stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { change(o, true) })
			w.look()
			w.wantOpen("nobody joins", "False "+reason)
			if link, err := w.Ledger.LinkStatus(t.Context(), stage.OrganizationID(), open); err != nil || link.State != directory.LinkClosed {
				t.Errorf("the link is %s, %v", link.State, err)
			}
			stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { change(o, false) })
			w.look()
			w.wantConditions("goes on", done())
			if w.token() != token {
				t.Error("the link is another one")
			}
		})
	}
}

// Without the right to write Secrets people can join all the same, and it says
// what is to be done; a Secret of somebody else is not touched.
func TestHE4_TheSecretIsRefused(t *testing.T) {
	t.Run("no right", func(t *testing.T) {
		w := newWorld(t, testkit.InviteLink(open))
		forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, open+"-link", errBroken)
		allow := w.FailAPI(stage.APIFault{Kind: "Secret", Err: forbidden})
		if again := w.look().RequeueAfter; again <= 0 || again > 2*time.Minute {
			t.Errorf("looks again after %s, and rights are not watched", again)
		}
		if got := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionPublished); !strings.Contains(got, "rollcall-secrets") {
			t.Errorf("%q does not say what to do", got)
		}
		w.wantOpen("people can join", "True LinkOpen")
		allow()
		w.look()
		w.wantConditions("with the right", done())
	})
	t.Run("somebody else's", func(t *testing.T) {
		w := newWorld(t, testkit.InviteLink(open))
		theirs := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: open + "-link"}, Data: map[string][]byte{"key": []byte("value")},
		}
		w.Apply(theirs)
		w.look()
		if got := stage.Condition(w.get().Status.Conditions, v1alpha1.ConditionPublished); got != "False SecretDenied" {
			t.Errorf("Published is %s", got)
		}
		w.edit(func(l *v1alpha1.InviteLink) { l.Spec.Access = v1alpha1.AccessDisabled })
		w.look()
		if s := w.secret(); s == nil || string(s.Data["key"]) != "value" {
			t.Error("somebody else's Secret was changed")
		}
	})
}

// What was written before is no input: without a status everything is as before.
func TestPromise_HE4_ALostStatusComesBack(t *testing.T) {
	w := published(t)
	w.wish(ada)
	w.look()
	w.confirm(ada)
	w.look()
	before := w.get().Status
	stage.SetStatus(w.Stage, open, func(l *v1alpha1.InviteLink) { l.Status = v1alpha1.InviteLinkStatus{} })
	w.look()
	after := w.get().Status
	if diff := cmp.Diff(stage.Conditions(before.Conditions), stage.Conditions(after.Conditions)); diff != "" || after.Uses != 1 || after.LinkSecretRef == nil {
		t.Errorf("%d uses, conditions (-before +after):\n%s", after.Uses, diff)
	}
}
