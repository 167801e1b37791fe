package organization

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// The right to get, create, patch and delete Secrets is not in the manager's
// ClusterRole: it is given namespace by namespace, see config/components/secrets.

// errNotOurs says that somebody else's Secret has the name of an export.
var errNotOurs = errors.New("the Secret is not this Organization's")

// exportName names the Secret that holds an organization's export.
func exportName(org *v1alpha1.Organization) string { return org.Name + "-report" }

func exportSecret(org *v1alpha1.Organization) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: org.Namespace, Name: exportName(org)}}
}

// storeExport writes the Secret. It says itself until when it is to be there.
func (r *Reconciler) storeExport(ctx context.Context, org *v1alpha1.Organization, data map[string][]byte, until time.Time) error {
	data[v1alpha1.SecretKeyExpiresAt] = []byte(until.UTC().Format(time.RFC3339))
	secret := exportSecret(org)
	err := r.Direct.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if apierrors.IsNotFound(err) {
		secret.Type, secret.Data = v1alpha1.SecretTypeReport, data
		// An owner that blocks its own deletion would take a right of its own.
		err := controllerutil.SetControllerReference(org, secret, r.Direct.Scheme(), controllerutil.WithBlockOwnerDeletion(false))
		if err != nil {
			return fmt.Errorf("own secret: %w", err)
		}
		return r.Direct.Create(ctx, secret)
	}
	if err != nil {
		return fmt.Errorf("get secret: %w", err)
	}
	if !metav1.IsControlledBy(secret, org) {
		return errNotOurs
	}
	before := secret.DeepCopy()
	secret.Data = data
	return r.Direct.Patch(ctx, secret, client.MergeFrom(before))
}

// exportUntil is when the Secret that is there is to go: at once when it does
// not say, or is not there.
func (r *Reconciler) exportUntil(ctx context.Context, org *v1alpha1.Organization) (time.Time, error) {
	secret := exportSecret(org)
	err := r.Direct.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if client.IgnoreNotFound(err) != nil {
		return time.Time{}, fmt.Errorf("get secret: %w", err)
	}
	until, err := time.Parse(time.RFC3339, string(secret.Data[v1alpha1.SecretKeyExpiresAt]))
	if err != nil {
		return r.Clock.Now(), nil //nolint:nilerr // one that does not say goes
	}
	return until, nil
}

// deleteExport deletes the Secret, if it is there and this Organization's.
func (r *Reconciler) deleteExport(ctx context.Context, org *v1alpha1.Organization) error {
	secret := exportSecret(org)
	err := r.Direct.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if err == nil && metav1.IsControlledBy(secret, org) {
		err = r.Direct.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
	}
	return client.IgnoreNotFound(err)
}
