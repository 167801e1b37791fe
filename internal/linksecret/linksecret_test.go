package linksecret_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/linksecret"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const name = "ada-invitation"

// given is a stage with Ada on it, and the Secret that would be hers.
func given(t *testing.T) (*stage.Stage, linksecret.Secret) {
	t.Helper()
	s := stage.New(t)
	s.Apply(testkit.User("ada"))
	return s, linksecret.Secret{
		Owner: stage.Get[v1alpha1.User](s, "ada"), Name: name, Type: v1alpha1.SecretTypeInvitation, Label: v1alpha1.LabelUser,
	}
}

func TestHE2_ASecretIsKept(t *testing.T) {
	s, secret := given(t)
	ends := s.Clock.Now().Add(time.Hour)
	for range 2 {
		if err := secret.Write(s.Context(), s.Client, "https://join.example.com/i/one", ends); err != nil {
			t.Fatal(err)
		}
	}
	if writes := s.Writes(); len(writes) != 1 {
		t.Errorf("writing the same twice wrote %v", writes)
	}
	kept := stage.Get[corev1.Secret](s, name)
	if kept.Type != v1alpha1.SecretTypeInvitation || kept.Labels[v1alpha1.LabelUser] != "ada" || !metav1.IsControlledBy(kept, secret.Owner) {
		t.Errorf("type %q, labels %v, owners %v", kept.Type, kept.Labels, kept.OwnerReferences)
	}
	if _, err := png.Decode(bytes.NewReader(kept.Data[v1alpha1.SecretKeyQRCode])); err != nil {
		t.Errorf("the QR code: %v", err)
	}
	if err := secret.Write(s.Context(), s.Client, "https://join.example.com/i/two", ends); err != nil {
		t.Fatal(err)
	}
	if got := string(stage.Get[corev1.Secret](s, name).Data[v1alpha1.SecretKeyLink]); !strings.HasSuffix(got, "/two") {
		t.Errorf("the link is %q", got)
	}
	for range 2 {
		if err := secret.Delete(s.Context(), s.Client); err != nil {
			t.Fatal(err)
		}
	}
	if stage.Get[corev1.Secret](s, name) != nil {
		t.Error("it is still there")
	}
}

func TestHE2_SomebodyElsesSecretStays(t *testing.T) {
	s, secret := given(t)
	s.Apply(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: name}})
	err := secret.Write(s.Context(), s.Client, "https://join.example.com/i/one", s.Clock.Now())
	if !directory.IsKind(err, directory.KindExists) {
		t.Errorf("error %v", err)
	}
	if a := secret.Answer(err, "User"); a.Word != phase.WordWaiting || a.Reason != v1alpha1.ReasonSecretDenied || !strings.Contains(a.Message, name) {
		t.Errorf("answer %+v", a)
	}
	if err := secret.Delete(s.Context(), s.Client); err != nil || stage.Get[corev1.Secret](s, name) == nil {
		t.Errorf("somebody else's Secret was deleted (%v)", err)
	}
}

// The label holds as much of a name as a label can.
func TestHE2_LongNames(t *testing.T) {
	s := stage.New(t)
	long := strings.Repeat("a", 62) + "-b"
	s.Apply(testkit.User(long))
	secret := linksecret.Secret{Owner: stage.Get[v1alpha1.User](s, long), Name: name, Type: v1alpha1.SecretTypeInvitation, Label: v1alpha1.LabelUser}
	if err := secret.Write(s.Context(), s.Client, "https://join.example.com/i/one", s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	value := stage.Get[corev1.Secret](s, name).Labels[v1alpha1.LabelUser]
	if problems := validation.IsValidLabelValue(value); len(problems) > 0 || !strings.HasPrefix(value, "aaa") {
		t.Errorf("label %q: %v", value, problems)
	}
}
