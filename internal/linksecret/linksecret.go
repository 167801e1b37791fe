package linksecret

import (
	"context"
	"fmt"
	"strings"
	"time"

	qrcode "github.com/skip2/go-qrcode"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// The right to get, create, patch and delete Secrets is not in the manager's
// ClusterRole: it is given namespace by namespace, see config/components/secrets.

// qrPixels is the width and height of the QR code: large enough to scan from a
// screen at arm's length.
const qrPixels = 512

// maxLabelValue is how many characters the value of a label has at most.
const maxLabelValue = 63

// Secret is what is kept, and where.
type Secret struct {
	// Owner is the object that the Secret belongs to and goes with.
	Owner client.Object
	// Name of the Secret, in the owner's namespace.
	Name string
	// Type of the Secret; it cannot change once it is there.
	Type corev1.SecretType
	// Label is the key of a label whose value is the owner's name.
	Label string
}

// Write keeps the link in the Secret, with its QR code and its end. c must not
// read through a cache. KindExists when a Secret of that name is somebody else's.
func (s Secret) Write(ctx context.Context, c client.Client, link string, expires time.Time) error {
	png, err := qrcode.Encode(link, qrcode.Medium, qrPixels)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	return s.write(ctx, c, map[string][]byte{
		v1alpha1.SecretKeyLink: []byte(link), v1alpha1.SecretKeyQRCode: png,
		v1alpha1.SecretKeyExpiresAt: []byte(expires.UTC().Format(time.RFC3339)),
	})
}

func (s Secret) write(ctx context.Context, c client.Client, data map[string][]byte) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Owner.GetNamespace(), Name: s.Name}}
	err := c.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if apierrors.IsNotFound(err) {
		secret.Type, secret.Data = s.Type, data
		secret.Labels = map[string]string{s.Label: labelValue(s.Owner.GetName())}
		if err := controllerutil.SetControllerReference(s.Owner, secret, c.Scheme()); err != nil {
			return fmt.Errorf("own secret: %w", err)
		}
		return c.Create(ctx, secret)
	}
	if err != nil {
		return fmt.Errorf("get secret: %w", err)
	}
	if !metav1.IsControlledBy(secret, s.Owner) {
		return directory.Errorf(directory.KindExists, "publish link", "Secret %q belongs to something else", secret.Name)
	}
	if equality.Semantic.DeepEqual(secret.Data, data) {
		return nil
	}
	before := secret.DeepCopy()
	secret.Data = data
	return c.Patch(ctx, secret, client.MergeFrom(before))
}

// Delete deletes the Secret if it is the owner's. One that is not there, and one
// of somebody else, is no error.
func (s Secret) Delete(ctx context.Context, c client.Client) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Owner.GetNamespace(), Name: s.Name}}
	err := c.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if err == nil && metav1.IsControlledBy(secret, s.Owner) {
		err = c.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
	}
	return client.IgnoreNotFound(err)
}

// Answer turns what Write or Delete returned into a phase's answer; kind is what
// the owner is called. Done has no reason: it is for the caller to say more.
func (s Secret) Answer(err error, kind string) phase.Answer {
	switch {
	case apierrors.IsForbidden(err):
		return phase.Waiting(v1alpha1.ReasonSecretDenied, fmt.Sprintf(
			"The manager may not write Secrets in namespace %q; bind the ClusterRole rollcall-secrets to it there.", s.Owner.GetNamespace()))
	case directory.IsKind(err, directory.KindExists):
		// Nobody tells us when that Secret goes, and no edit of the owner is needed.
		return phase.Waiting(v1alpha1.ReasonSecretDenied, fmt.Sprintf(
			"Secret %q exists and is not this %s's; rename or delete it.", s.Name, kind))
	case err != nil:
		return verdict.Of(err)
	}
	return phase.Done("", "")
}

// labelValue fits a name into a label's value, which ends with a letter or digit.
func labelValue(name string) string {
	return strings.TrimRight(name[:min(len(name), maxLabelValue)], "-.")
}
