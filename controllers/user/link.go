package user

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
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// The right to get, create, patch and delete Secrets is not in the manager's
// ClusterRole: it is given namespace by namespace, see config/components/secrets.

// qrPixels is the width and height of the QR code: large enough to scan from a
// screen at arm's length.
const qrPixels = 512

// publish keeps the Secret with link and QR code while an invitation is pending
// and delivery asks for it, and deletes it otherwise.
func (r *Reconciler) publish(ctx context.Context, s *scope, standing invite.Standing) phase.Answer {
	wanted := linked(s.user.Spec.Invitation.Delivery) && standing == invite.StandingAwaiting
	published := s.user.Status.Invitation != nil && s.user.Status.Invitation.LinkSecretRef != nil
	var err error
	switch {
	case wanted:
		err = r.writeLink(ctx, s)
	case published || linked(s.user.Spec.Invitation.Delivery):
		err = r.deleteLink(ctx, s)
	}
	switch {
	case apierrors.IsForbidden(err):
		return phase.Waiting(v1alpha1.ReasonSecretDenied, fmt.Sprintf(
			"The manager may not write Secrets in namespace %q; bind the ClusterRole rollcall-secrets to it there.", s.user.Namespace))
	case directory.IsKind(err, directory.KindExists):
		// Nobody tells us when that Secret goes, and no edit of the User is needed.
		return phase.Waiting(v1alpha1.ReasonSecretDenied, fmt.Sprintf(
			"Secret %q exists and is not this User's; rename or delete it.", secretName(s.user)))
	case err != nil:
		return verdict.Of(err)
	}
	return phase.Done("", "")
}

func (r *Reconciler) writeLink(ctx context.Context, s *scope) error {
	linker, ok := s.inviter.(directory.Linker)
	if !ok {
		return directory.Errorf(directory.KindUnsupported, "publish link", "spec.invitation.delivery: this backend gives no links")
	}
	link, err := linker.Link(ctx, s.id, s.person.Address)
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	png, err := qrcode.Encode(link, qrcode.Medium, qrPixels)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	expires := s.user.Status.Invitation.ExpiresAt.UTC().Format(time.RFC3339)
	data := map[string][]byte{
		v1alpha1.SecretKeyLink: []byte(link), v1alpha1.SecretKeyQRCode: png, v1alpha1.SecretKeyExpiresAt: []byte(expires),
	}
	if err := r.writeSecret(ctx, s.user, data); err != nil {
		return err
	}
	s.link().LinkSecretRef = &v1alpha1.LocalReference{Name: secretName(s.user)}
	return nil
}

func (r *Reconciler) writeSecret(ctx context.Context, u *v1alpha1.User, data map[string][]byte) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: u.Namespace, Name: secretName(u)}}
	err := r.Secrets.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if apierrors.IsNotFound(err) {
		secret.Type, secret.Data = v1alpha1.SecretTypeInvitation, data
		secret.Labels = map[string]string{v1alpha1.LabelUser: labelValue(u.Name)}
		if err := controllerutil.SetControllerReference(u, secret, r.Secrets.Scheme()); err != nil {
			return fmt.Errorf("own secret: %w", err)
		}
		return r.Secrets.Create(ctx, secret)
	}
	if err != nil {
		return fmt.Errorf("get secret: %w", err)
	}
	if !metav1.IsControlledBy(secret, u) {
		return directory.Errorf(directory.KindExists, "publish link", "Secret %q is not this User's", secret.Name)
	}
	if equality.Semantic.DeepEqual(secret.Data, data) {
		return nil
	}
	before := secret.DeepCopy()
	secret.Data = data
	return r.Secrets.Patch(ctx, secret, client.MergeFrom(before))
}

func (r *Reconciler) deleteLink(ctx context.Context, s *scope) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.user.Namespace, Name: secretName(s.user)}}
	err := r.Secrets.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if err == nil && metav1.IsControlledBy(secret, s.user) {
		err = r.Secrets.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
	}
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	s.link().LinkSecretRef = nil
	if *s.link() == (v1alpha1.UserInvitationStatus{}) {
		s.user.Status.Invitation = nil
	}
	return nil
}

// link returns the part of the status that names the Secret.
func (s *scope) link() *v1alpha1.UserInvitationStatus {
	if s.user.Status.Invitation == nil {
		s.user.Status.Invitation = &v1alpha1.UserInvitationStatus{}
	}
	return s.user.Status.Invitation
}

func secretName(u *v1alpha1.User) string { return u.Name + "-invitation" }

// maxLabelValue is how many characters the value of a label has at most.
const maxLabelValue = 63

// labelValue fits a name into a label's value, which ends with a letter or digit.
func labelValue(name string) string {
	return strings.TrimRight(name[:min(len(name), maxLabelValue)], "-.")
}
