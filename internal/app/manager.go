package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers"
	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/mail"
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/tally"
)

// leaseName is the Lease that leading managers hold.
const leaseName = "rollcall-manager.iam.rollcall.dev"

// Leases and events of the leader election are in a Role of the manager's own
// namespace, config/rbac/leader_election_role.yaml.

// runManager runs the controllers and the outbox, and the portal if it is to be
// in the same process.
func runManager(ctx context.Context, log logr.Logger, o *managerOptions) error {
	key, err := o.key()
	if err != nil {
		return err
	}
	server, err := o.smtp.server()
	if err != nil {
		return err
	}
	s, err := openStore(ctx, log, o.store, ledger.Options{Key: key, BaseURL: strings.TrimSuffix(o.web.url, "/"), ClaimFor: o.smtp.attempt})
	if err != nil {
		return err
	}
	mgr, err := newManager(log, o, s)
	if err != nil {
		return closing(s.db, err)
	}
	if err := assemble(ctx, mgr, o, s, server); err != nil {
		return closing(s.db, err)
	}
	return closing(s.db, mgr.Start(ctx))
}

func newManager(log logr.Logger, o *managerOptions, s *store) (ctrl.Manager, error) {
	config, err := restConfig(o.kubeconfig)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("build scheme: %w", err)
		}
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Logger: log,
		Cache:                  cache.Options{DefaultNamespaces: namespaces(o.namespaces), DefaultTransform: cache.TransformStripManagedFields()},
		Metrics:                metricsserver.Options{BindAddress: o.metrics},
		HealthProbeBindAddress: o.health,
		LeaderElection:         o.leaderElect, LeaderElectionID: leaseName, LeaderElectionNamespace: o.leaderElectNamespace,
		// The process ends when Start returns, so another manager may lead at once.
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return nil, fmt.Errorf("connect to Kubernetes: %w", err)
	}
	ready := func(r *http.Request) error { return s.db.Ping(r.Context()) }
	if err := mgr.AddReadyzCheck("database", ready); err != nil {
		return nil, fmt.Errorf("add readiness check: %w", err)
	}
	if err := mgr.AddHealthzCheck("process", func(*http.Request) error { return nil }); err != nil {
		return nil, fmt.Errorf("add health check: %w", err)
	}
	return mgr, nil
}

// assemble gives the manager its parts; they log as it does.
func assemble(ctx context.Context, mgr ctrl.Manager, o *managerOptions, s *store, server mail.Server) error {
	log := mgr.GetLogger()
	direct, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return fmt.Errorf("connect to Kubernetes: %w", err)
	}
	found, err := newBackends(mgr.GetClient(), direct, s, metrics.Registry)
	if err != nil {
		return err
	}
	rails, err := alarm.New(metrics.Registry)
	if err != nil {
		return err
	}
	err = controllers.Setup(ctx, mgr, controllers.Options{
		Direct: direct, Backends: found, Ledger: s.ledger, Trail: trail{s.ledger}, Alarm: rails,
		Clock: wallClock(), Workers: o.workers,
	})
	if err != nil {
		return err
	}
	if err := count(log, s); err != nil {
		return err
	}
	outbox, err := mail.New(mail.OutboxOptions{
		Queue: s.ledger, DefaultFrom: o.smtp.from, Clock: wallClock(), Log: log.WithName("outbox"), Registerer: metrics.Registry,
		Servers: &servers{fallback: server, secrets: direct, clock: wallClock(), known: map[string]knownServer{}},
	})
	if err != nil {
		return fmt.Errorf("build the outbox from --mail-from: %w", err)
	}
	// Claims make sure that no two outboxes send the same mail: it runs in every
	// replica, whoever leads.
	if err := mgr.Add(everywhere(outbox.Run)); err != nil {
		return fmt.Errorf("add outbox: %w", err)
	}
	if o.portal == "" {
		return nil
	}
	w, err := newPortal(log, o.web, s, metrics.Registry)
	if err != nil {
		return err
	}
	return mgr.Add(everywhere(func(ctx context.Context) error { return w.serve(ctx, o.portal) }))
}

// count exports how many invitations and mails stand where.
func count(log logr.Logger, s *store) error {
	return tally.New(tally.Options{
		Ledger: s.ledger, Clock: wallClock(), Log: log.WithName("tally"), Registerer: metrics.Registry,
	})
}

// everywhere is a part of the process that runs whoever leads.
type everywhere manager.RunnableFunc

// Start implements manager.Runnable.
func (f everywhere) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (everywhere) NeedLeaderElection() bool { return false }

func restConfig(kubeconfig string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find Kubernetes: %w", err)
	}
	// The API server's own priority and fairness is the limit.
	config.QPS = -1
	config.UserAgent = "rollcall-manager"
	return config, nil
}

func namespaces(names []string) map[string]cache.Config {
	if len(names) == 0 {
		return nil
	}
	configs := map[string]cache.Config{}
	for _, n := range names {
		configs[n] = cache.Config{}
	}
	return configs
}
