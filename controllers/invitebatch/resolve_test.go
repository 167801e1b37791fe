package invitebatch_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// Whatever is missing, the batch says for what it waits, invites nobody, and
// goes on by itself when that is there.
func TestBY1_ApplyInAnyOrder(t *testing.T) {
	secret := func(key string) *corev1.Secret {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "people"}, Data: map[string][]byte{key: []byte("grace@example.com")},
		}
	}
	fromSecret := &v1alpha1.EmailSource{SecretKeyRef: &v1alpha1.KeyReference{Name: "people", Key: "list"}}
	notFound := v1alpha1.ReasonReferenceNotFound
	for name, test := range map[string]struct {
		source  *v1alpha1.EmailSource
		given   []client.Object
		forbid  bool
		says    string
		named   string
		follows func(*world)
	}{
		"no ConfigMap": {
			fromConfigMap("people", "list"), nil, false, notFound, `ConfigMap "people"`,
			func(w *world) { w.Apply(configMap("people", "list", "grace@example.com")) },
		},
		"no key in the ConfigMap": {
			fromConfigMap("people", "list"),
			[]client.Object{configMap("people", "other", "")},
			false, notFound, `key "list" in ConfigMap "people"`,
			func(w *world) {
				stage.Edit(w.Stage, "people", func(c *corev1.ConfigMap) { c.Data["list"] = "grace@example.com" })
			},
		},
		"no Secret": {fromSecret, nil, false, notFound, `Secret "people"`, func(w *world) { w.Apply(secret("list")) }},
		"no key in the Secret": {
			fromSecret,
			[]client.Object{secret("other")},
			false, notFound, `key "list" in Secret "people"`,
			func(w *world) {
				stage.Edit(w.Stage, "people", func(s *corev1.Secret) { s.Data["list"] = []byte("grace@example.com") })
			},
		},
		"no right": {fromSecret, []client.Object{secret("list")}, true, v1alpha1.ReasonSecretDenied, `Secret "people"`, func(*world) {}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.given...)
			w.Apply(batch([]string{"ada@example.com"}, func(b *v1alpha1.InviteBatch) { b.Spec.EmailsFrom = test.source }))
			withdraw := func() {}
			if test.forbid {
				forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "people", errBroken)
				withdraw = w.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Secret", Err: forbidden})
			}
			if again := w.look().RequeueAfter; again <= 0 || again > 2*time.Minute {
				t.Errorf("looks again after %s, and ConfigMaps and Secrets are not watched", again)
			}
			w.wantConditions("waits", map[string]string{
				v1alpha1.ConditionReady: "False " + test.says, v1alpha1.ConditionReconciling: "True Progressing",
				v1alpha1.ConditionReferencesResolved: "False " + test.says,
				v1alpha1.ConditionExpanded:           "Unknown Progressing", v1alpha1.ConditionCompleted: "Unknown Progressing",
			})
			if got := stage.Message(w.batch().Status.Conditions, v1alpha1.ConditionReady); !strings.Contains(got, test.named) {
				t.Errorf("%q does not name %s", got, test.named)
			}
			if n := len(w.users()); n > 0 {
				t.Errorf("%d Users were made of half a list", n)
			}
			withdraw()
			test.follows(w)
			w.look()
			w.wantConditions("goes on by itself", done())
			w.user("grace@example.com")
		})
	}
}

func TestBY1_NoOrganization(t *testing.T) {
	w := emptyWorld(t)
	w.Apply(batch([]string{"ada@example.com"}))
	w.look()
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionReferencesResolved} {
		if got := stage.Condition(w.batch().Status.Conditions, kind); got != "False ReferenceNotFound" {
			t.Errorf("%s is %q", kind, got)
		}
	}
	w.Provide(testkit.Organization())
	w.look()
	w.wantConditions("goes on by itself", done())
}

// A ConfigMap or Secret is read again from time to time, because nobody tells
// when it changes: who was added is invited. A source that goes away removes nobody.
func TestHR8_TheSourceChanges(t *testing.T) {
	w := newWorld(t, configMap("people", "list", "ada@example.com"), batch(nil, func(b *v1alpha1.InviteBatch) {
		b.Spec.EmailsFrom, b.Spec.RemovalPolicy = fromConfigMap("people", "list"), v1alpha1.BatchRemove
	}))
	if again := w.look().RequeueAfter; again <= 0 || again > 2*time.Minute {
		t.Errorf("looks again after %s, and ConfigMaps are not watched", again)
	}
	stage.Edit(w.Stage, "people", func(c *corev1.ConfigMap) { c.Data["list"] += "\ngrace@example.com" })
	w.look()
	w.wantCounts("both", v1alpha1.BatchCounts{Total: 2, Invited: 2})
	stage.Delete[corev1.ConfigMap](w.Stage, "people")
	w.look()
	if n := len(w.users()); n != 2 {
		t.Errorf("%d Users after the list has vanished, want 2: nothing is concluded from that", n)
	}
}

// A batch that is being deleted does nothing more: its Users go through their
// owner references, if they are to go at all.
func TestHD1_ABatchGoes(t *testing.T) {
	w := newWorld(t, batch(addresses(2), func(b *v1alpha1.InviteBatch) { b.Finalizers = []string{"example.com/theirs"} }))
	stage.Delete[v1alpha1.InviteBatch](w.Stage, autumn)
	if result := w.look(); !result.IsZero() {
		t.Errorf("looks again: %v", result)
	}
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v", writes)
	}
}
