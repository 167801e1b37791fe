package user_test

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const adasSecret = "ada-invitation"

func (w *world) secret(name string) *corev1.Secret {
	w.Helper()
	return stage.Get[corev1.Secret](w.Stage, name)
}

// forbidSecrets makes the API refuse everything about Secrets until the returned
// function is called.
func (w *world) forbidSecrets() func() {
	resource := schema.GroupResource{Resource: "secrets"}
	return w.FailAPI(stage.APIFault{Kind: "Secret", Err: apierrors.NewForbidden(resource, adasSecret, errors.New("no right"))})
}

func scan(t *testing.T, image []byte) string {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds(); size.Dx() < 256 || size.Dx() != size.Dy() {
		t.Errorf("the QR code is %s, want a square that a camera reads at arm's length", size)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	// There is nothing else in the picture: with that to find out, the reader
	// takes one code of some hundreds for another.
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

// The link and its QR code lie in a Secret of the User's own, from the moment of
// inviting to the end of the invitation.
func TestHE2_SecretWithLinkAndQRCode(t *testing.T) {
	for delivery, mails := range map[v1alpha1.InvitationDelivery]int{v1alpha1.DeliveryLink: 0, v1alpha1.DeliveryEmailAndLink: 1} {
		t.Run(string(delivery), func(t *testing.T) {
			w := newWorld(t, testkit.User("ada", delivering(delivery)))
			w.look("ada")
			if n := w.Deliver(directory.ResultSent, ""); n != mails {
				t.Errorf("%d mails, want %d", n, mails)
			}
			w.look("ada")
			u, s := w.get("ada"), w.secret(adasSecret)
			if ref := u.Status.Invitation.LinkSecretRef; ref == nil || ref.Name != adasSecret {
				t.Errorf("status names %v, want %q", ref, adasSecret)
			}
			if s == nil {
				t.Fatal("there is no Secret")
			}
			if s.Type != v1alpha1.SecretTypeInvitation || !metav1.IsControlledBy(s, u) || s.Labels[v1alpha1.LabelUser] != "ada" {
				t.Errorf("type %q, owners %v, labels %v; want one of ours that goes with the User", s.Type, s.OwnerReferences, s.Labels)
			}
			link := w.Link(ada)
			if got := string(s.Data[v1alpha1.SecretKeyLink]); got != link || !strings.HasPrefix(got, stage.BaseURL+"/i/") {
				t.Errorf("the link is %q, want the one that works", got)
			}
			if got := scan(t, s.Data[v1alpha1.SecretKeyQRCode]); got != link {
				t.Errorf("the QR code says %q, want the link", got)
			}
			expires, err := time.Parse(time.RFC3339, string(s.Data[v1alpha1.SecretKeyExpiresAt]))
			if err != nil || !expires.Equal(u.Status.Invitation.ExpiresAt.Time) {
				t.Errorf("expires at %v (%v), want %v", expires, err, u.Status.Invitation.ExpiresAt)
			}
			w.Accept(ada, "Ada")
			w.look("ada")
			w.wantConditions("ada", "in", in())
			if w.secret(adasSecret) != nil || w.get("ada").Status.Invitation.LinkSecretRef != nil {
				t.Error("the Secret is still there, or named")
			}
		})
	}
}

// Whatever ends an invitation takes its Secret along.
func TestHE2_TheSecretGoesWithTheInvitation(t *testing.T) {
	for name, end := range map[string]func(*world){
		"declined":      func(w *world) { w.Decline(ada) },
		"expired":       func(w *world) { w.Clock.Step(week) },
		"unwanted":      func(w *world) { w.edit("ada", delivering(v1alpha1.DeliveryNone)) },
		"mail instead":  func(w *world) { w.edit("ada", delivering(v1alpha1.DeliveryEmail)) },
		"let in":        func(w *world) { w.activate(ada) },
		"status forgot": func(w *world) { w.Decline(ada); w.forgetStatus("ada") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada", delivering(v1alpha1.DeliveryLink)))
			w.look("ada")
			end(w)
			w.look("ada")
			if w.secret(adasSecret) != nil {
				t.Error("the Secret is still there")
			}
			if i := w.get("ada").Status.Invitation; i != nil && i.LinkSecretRef != nil {
				t.Errorf("the status names %v", i.LinkSecretRef)
			}
		})
	}
}

// forgetStatus takes a status away, as a restore from a backup does.
func (w *world) forgetStatus(name string) {
	w.Helper()
	stage.SetStatus(w.Stage, name, func(u *v1alpha1.User) { u.Status = v1alpha1.UserStatus{} })
}

// A re-send brings the Secret to the new link; a Secret that somebody edited is
// brought back.
func TestHE2_TheSecretFollowsTheLink(t *testing.T) {
	w := newWorld(t, testkit.User("ada", delivering(v1alpha1.DeliveryLink)))
	w.look("ada")
	before := w.Link(ada)
	w.Clock.Step(time.Hour)
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
	w.look("ada")
	if got := string(w.secret(adasSecret).Data[v1alpha1.SecretKeyLink]); got == before || got != w.Link(ada) {
		t.Error("the Secret holds the dead link")
	}
	want := w.secret(adasSecret).Data
	stage.Edit(w.Stage, adasSecret, func(s *corev1.Secret) { s.Data[v1alpha1.SecretKeyLink] = []byte("elsewhere") })
	w.look("ada")
	if diff := cmp.Diff(want, w.secret(adasSecret).Data); diff != "" {
		t.Errorf("brought back (-want +got):\n%s", diff)
	}
	w.Writes()
	w.look("ada")
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v, and nothing differed", writes)
	}
}

// A Secret of that name that is somebody else's is not touched, ever; the User
// says so, and goes on when it is gone.
func TestHE2_ForeignSecret(t *testing.T) {
	foreign := func() *corev1.Secret {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: adasSecret},
			Data:       map[string][]byte{"password": []byte("theirs")},
		}
	}
	w := newWorld(t, testkit.User("ada", delivering(v1alpha1.DeliveryLink)))
	w.Apply(foreign())
	again := w.look("ada").RequeueAfter
	w.wantConditions("ada", "invited, and nobody can see the link", pending(v1alpha1.ConditionReady, "False SecretDenied",
		v1alpha1.ConditionReconciling, "True Progressing", v1alpha1.ConditionInvited, "False SecretDenied"))
	if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionInvited); !strings.Contains(got, `Secret "ada-invitation"`) {
		t.Errorf("%q does not name the Secret", got)
	}
	if again == 0 {
		t.Error("it is never looked at again, and nobody tells when the Secret goes")
	}
	w.Decline(ada)
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionAccepted, "False Declined")
	w.edit("ada", delivering(v1alpha1.DeliveryNone))
	w.look("ada")
	w.remove("ada")
	w.look("ada")
	if w.secret(adasSecret) == nil {
		t.Fatal("the foreign Secret was deleted")
	}
	if diff := cmp.Diff(foreign().Data, w.secret(adasSecret).Data); diff != "" || len(w.secret(adasSecret).OwnerReferences) > 0 {
		t.Errorf("the foreign Secret was touched: %s", diff)
	}

	w.Clock.Step(time.Hour)
	w.Apply(testkit.User("ada", delivering(v1alpha1.DeliveryLink)))
	w.look("ada")
	stage.Delete[corev1.Secret](w.Stage, adasSecret)
	w.look("ada")
	w.wantConditions("ada", "goes on by itself", pending(v1alpha1.ConditionInvited, "True LinkPublished"))
}

// Without the right to write Secrets the User says so and waits; a mail goes out
// all the same.
func TestHE2_Forbidden(t *testing.T) {
	w := newWorld(t, testkit.User("ada", delivering(v1alpha1.DeliveryEmailAndLink)))
	withdraw := w.forbidSecrets()
	if again := w.look("ada").RequeueAfter; again == 0 {
		t.Error("it is never looked at again, and nobody tells when the right is there")
	}
	w.wantConditions("ada", "says so", pending(v1alpha1.ConditionReady, "False SecretDenied",
		v1alpha1.ConditionReconciling, "True Progressing", v1alpha1.ConditionInvited, "False SecretDenied"))
	if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionInvited); !strings.Contains(got, `namespace "team"`) {
		t.Errorf("%q does not say where the right is missing", got)
	}
	if n := w.Deliver(directory.ResultSent, ""); n != 1 {
		t.Errorf("%d mails, want one", n)
	}
	withdraw()
	w.look("ada")
	w.wantConditions("ada", "goes on", pending())
	w.forbidSecrets()
	w.Accept(ada, "Ada")
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
	w.wantCondition("ada", v1alpha1.ConditionInvited, "False SecretDenied")
}

// A User whose name is longer than a label's value has a Secret too.
func TestHE2_LongNames(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("a", 200), strings.Repeat("a", 62) + "-" + strings.Repeat("b", 20), strings.Repeat("a", 60) + "-.-" + "b",
	} {
		w := newWorld(t, testkit.User(name, delivering(v1alpha1.DeliveryLink), func(u *v1alpha1.User) { u.Spec.Email = ada }))
		w.look(name)
		s := w.secret(name + "-invitation")
		if s == nil {
			t.Errorf("there is no Secret for %q", name)
			continue
		}
		if problems := validation.IsValidLabelValue(s.Labels[v1alpha1.LabelUser]); len(problems) > 0 {
			t.Errorf("the API server would refuse the label %q of %q: %v", s.Labels[v1alpha1.LabelUser], name, problems)
		}
	}
}

// Two reconciles at once, or a reply that was lost: one Secret, and no harm.
func TestHE2_SecretRaces(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "secrets"}, adasSecret, errBroken)
	for name, fault := range map[string]stage.APIFault{
		"lost reply":   {Verb: stage.VerbCreate, Kind: "Secret", After: true, Err: apierrors.NewTimeoutError("no answer", 1)},
		"other reader": {Verb: stage.VerbGet, Kind: "Secret", Err: apierrors.NewServiceUnavailable("later")},
		"conflict":     {Verb: stage.VerbCreate, Kind: "Secret", After: true, Err: conflict},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada", delivering(v1alpha1.DeliveryLink)))
			withdraw := w.FailAPI(fault)
			if _, err := w.try("ada"); (err == nil) != apierrors.IsConflict(fault.Err) {
				t.Errorf("error %v", err)
			}
			withdraw()
			w.look("ada")
			w.wantConditions("ada", "recovered", pending(v1alpha1.ConditionInvited, "True LinkPublished"))
			if got := string(w.secret(adasSecret).Data[v1alpha1.SecretKeyLink]); got != w.Link(ada) {
				t.Error("the Secret holds another link")
			}
		})
	}
}
