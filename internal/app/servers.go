package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/internal/mail"
)

// serversFresh is how long the contents of a Secret are used before it is read
// again: a rotated password is picked up within this time, without a watch.
const serversFresh = 15 * time.Second

// servers finds mail servers by the name of the Secret that describes them.
type servers struct {
	fallback mail.Server
	// secrets reads without a cache.
	secrets client.Reader
	clock   clock.PassiveClock

	mu    sync.Mutex
	known map[string]knownServer
}

type knownServer struct {
	server mail.Server
	read   time.Time
}

// Server implements mail.Servers.
func (s *servers) Server(ctx context.Context, name string) (mail.Server, error) {
	if name == "" {
		return s.fallback, nil
	}
	if server, ok := s.fresh(name); ok {
		return server, nil
	}
	namespace, secretName, _ := strings.Cut(name, "/")
	secret := &corev1.Secret{}
	if err := s.secrets.Get(ctx, client.ObjectKey{Namespace: namespace, Name: secretName}, secret); err != nil {
		return mail.Server{}, fmt.Errorf("read mail server from secret: %w", err)
	}
	server, err := mail.ParseServer(secret.Data)
	if err != nil {
		return mail.Server{}, fmt.Errorf("secret %q: %w", secretName, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[name] = knownServer{server: server, read: s.clock.Now()}
	return server, nil
}

func (s *servers) fresh(name string) (mail.Server, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[name]
	return k.server, ok && s.clock.Since(k.read) < serversFresh
}
