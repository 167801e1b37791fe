package app

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/portal"
)

// runPortal runs the portal as a process of its own.
func runPortal(ctx context.Context, log logr.Logger, o *portalOptions) error {
	s, err := openStore(ctx, log, o.store, ledger.Options{})
	if err != nil {
		return err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	web, err := newPortal(log, o.web, s, metrics)
	if err != nil {
		return closing(s.db, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return web.serve(ctx, o.bind) })
	if o.probe != "0" {
		group.Go(func() error { return serveMetrics(ctx, log, o.probe, metrics) })
	}
	return closing(s.db, group.Wait())
}

// web is the portal, assembled and not yet listening.
type web struct {
	handler http.Handler
	log     logr.Logger
}

func newPortal(log logr.Logger, o webOptions, s *store, metrics prometheus.Registerer) (*web, error) {
	proxies, err := o.proxies()
	if err != nil {
		return nil, err
	}
	log = log.WithName("portal")
	handler, err := portal.New(portal.Options{
		BaseURL: o.url, Invitations: invitations{s.ledger, s.embedded}, Joins: s.ledger, Accounts: s.embedded, Elsewhere: s.ledger,
		Health: s.db.Ping, TrustedProxies: proxies, Clock: wallClock(), Log: log, Registerer: metrics,
	})
	if err != nil {
		return nil, fmt.Errorf("build the portal from --portal-url and --trusted-proxies: %w", err)
	}
	return &web{handler: handler, log: log}, nil
}

func (w *web) serve(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	w.log.Info("serving", "address", listener.Addr().String())
	return portal.Serve(ctx, listener, portal.NewServer(w.handler, w.log))
}

func serveMetrics(ctx context.Context, log logr.Logger, address string, metrics *prometheus.Registry) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return portal.Serve(ctx, listener, portal.NewServer(mux, log))
}
