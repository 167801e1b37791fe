package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/metered"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// backends is the one table from an IdentityBackend's type to an implementation.
type backends struct {
	reader client.Reader
	ledger directory.Inviter
	// embedded is what is used where nothing is named.
	embedded directory.Backend
}

// newBackends measures every backend with the same meter.
func newBackends(reader client.Reader, s *store, metrics prometheus.Registerer) (*backends, error) {
	meter, err := metered.NewMeter(metrics, wallClock())
	if err != nil {
		return nil, err
	}
	return &backends{
		reader: reader, ledger: s.ledger,
		embedded: meter.Backend(string(v1alpha1.BackendEmbedded), s.embedded),
	}, nil
}

// For implements the Backends interfaces of the controllers.
func (b *backends) For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error) {
	if ref == nil {
		return b.embedded, nil
	}
	named := &v1alpha1.IdentityBackend{}
	err := b.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, named)
	if apierrors.IsNotFound(err) {
		return nil, directory.Errorf(directory.KindNotFound, "find backend", "no IdentityBackend %q in namespace %q", ref.Name, namespace)
	}
	if err != nil {
		return nil, fmt.Errorf("get identity backend: %w", err)
	}
	switch named.Spec.Type {
	case v1alpha1.BackendEmbedded:
		return b.embedded, nil
	default:
		return nil, directory.Errorf(directory.KindUnsupported, "find backend", "type %q is not known to this version", named.Spec.Type)
	}
}

// Inviter implements user.Backends.
func (b *backends) Inviter(backend directory.Backend) directory.Inviter {
	if native, ok := backend.(directory.Inviter); ok {
		return native
	}
	return b.ledger
}
