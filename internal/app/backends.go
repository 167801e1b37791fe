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
	// reader reads from a cache.
	reader client.Reader
	ledger directory.Inviter
	// embedded is what is used where nothing is named.
	embedded directory.Backend
	// foreign are the systems that IdentityBackends stand for; scim makes those
	// of that type.
	foreign *connections
	scim    dialer
}

// newBackends measures every backend with the same meter. direct reads Secrets
// and ConfigMaps, without a cache.
func newBackends(reader, direct client.Reader, s *store, metrics prometheus.Registerer) (*backends, error) {
	meter, err := metered.NewMeter(metrics, wallClock())
	if err != nil {
		return nil, err
	}
	return &backends{
		reader: reader, ledger: s.ledger,
		embedded: meter.Backend(string(v1alpha1.BackendEmbedded), s.embedded),
		foreign:  newConnections(reader, direct, meter, wallClock()),
		scim:     dialSCIM(s.ledger, wallClock()),
	}, nil
}

// For implements the Backends interfaces of the controllers.
func (b *backends) For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error) {
	if ref == nil {
		return b.embedded, nil
	}
	key := client.ObjectKey{Namespace: namespace, Name: ref.Name}
	named := &v1alpha1.IdentityBackend{}
	err := b.reader.Get(ctx, key, named)
	if apierrors.IsNotFound(err) {
		b.foreign.forget(key)
		return nil, directory.Errorf(directory.KindNotFound, "find backend", "no IdentityBackend %q in namespace %q", ref.Name, namespace)
	}
	if err != nil {
		return nil, fmt.Errorf("get identity backend: %w", err)
	}
	switch named.Spec.Type {
	case v1alpha1.BackendEmbedded:
		return b.embedded, nil
	case v1alpha1.BackendSCIM:
		return b.foreign.to(ctx, named, b.scim)
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
