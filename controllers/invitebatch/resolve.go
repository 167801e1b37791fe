package invitebatch

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// resolve finds the organization and reads every form in which addresses are given.
func (r *Reconciler) resolve(ctx context.Context, s *scope) phase.Answer {
	if _, a := reference.Organization(ctx, r.Client, s.batch.Namespace, s.batch.Spec.OrganizationRef); a.Word != phase.WordDone {
		return a
	}
	text, a := r.source(ctx, s.batch)
	if a.Word != phase.WordDone {
		return a
	}
	s.entries = read(s.batch, text)
	return phase.Done(v1alpha1.ReasonSucceeded, "Everything that the spec names exists.")
}

// source reads the ConfigMap or Secret that holds addresses, if one is named.
func (r *Reconciler) source(ctx context.Context, b *v1alpha1.InviteBatch) (string, phase.Answer) {
	from := b.Spec.EmailsFrom
	switch {
	case from == nil:
		return "", phase.Done("", "")
	case from.ConfigMapKeyRef != nil:
		ref, object := from.ConfigMapKeyRef, &corev1.ConfigMap{}
		if a := r.get(ctx, b.Namespace, ref.Name, object, "ConfigMap"); a.Word != phase.WordDone {
			return "", a
		}
		text, ok := object.Data[ref.Key]
		return text, keyFound(ok, "ConfigMap", ref)
	default:
		ref, object := from.SecretKeyRef, &corev1.Secret{}
		if a := r.get(ctx, b.Namespace, ref.Name, object, "Secret"); a.Word != phase.WordDone {
			return "", a
		}
		text, ok := object.Data[ref.Key]
		return string(text), keyFound(ok, "Secret", ref)
	}
}

func (r *Reconciler) get(ctx context.Context, namespace, name string, into client.Object, kind string) phase.Answer {
	err := r.Sources.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into)
	switch {
	case apierrors.IsNotFound(err):
		return reference.Missing(kind, name)
	case apierrors.IsForbidden(err):
		return phase.Waiting(v1alpha1.ReasonSecretDenied, fmt.Sprintf(
			"The manager may not read %s %q; bind the ClusterRole rollcall-secrets to it in namespace %q.", kind, name, namespace))
	case err != nil:
		return verdict.Of(fmt.Errorf("get %s: %w", kind, err))
	}
	return phase.Done("", "")
}

func keyFound(ok bool, kind string, ref *v1alpha1.KeyReference) phase.Answer {
	if ok {
		return phase.Done("", "")
	}
	return phase.Waiting(v1alpha1.ReasonReferenceNotFound,
		fmt.Sprintf("Waits for key %q in %s %q; add it or correct the reference.", ref.Key, kind, ref.Name))
}
