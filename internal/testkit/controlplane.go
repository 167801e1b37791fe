package testkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// ControlPlaneOptions say what a control plane is made of. The zero value is
// one for the tests of this repository, without a controller manager.
type ControlPlaneOptions struct {
	// Binaries is the directory with etcd, kube-apiserver, kubectl and, when it
	// is asked for, kube-controller-manager. Default: $KUBEBUILDER_ASSETS, else
	// bin/k8s of the repository, where "make controlplane" puts them.
	Binaries string
	// CRDs are files, or directories of files, with CRDs that are installed or
	// brought up to date. Default: config/crd/bases of the repository.
	CRDs []string
	// DataDir keeps etcd's data, the credentials and the API server's port, so
	// that the next control plane goes on from there, and an older kubeconfig
	// stays good. Empty: a temporary directory that Stop removes.
	DataDir string
	// ControllerManager runs the garbage collector and the controllers of
	// namespaces and service accounts. Without it, dependents of a deleted owner
	// stay, and a deleted namespace stays Terminating.
	ControllerManager bool
	// Output gets what the programs log, beside one file for each of them in
	// the data directory. Default: nothing.
	Output io.Writer
}

// ControlPlane is a running one. Its API server takes the administrator of
// [ControlPlane.Config], who may impersonate anybody, and service accounts.
type ControlPlane struct {
	options  ControlPlaneOptions
	dir      string
	config   *rest.Config
	programs []*Program

	stopping sync.Once
	// stopped is closed when Stop begins.
	stopped chan struct{}
	lost    chan error
}

// StartControlPlane returns when the API server is ready and serves the CRDs.
// The context bounds the start; the control plane outlives it, until Stop. An
// error leaves nothing running; it holds the end of the log of the program that
// failed.
func StartControlPlane(ctx context.Context, o ControlPlaneOptions) (*ControlPlane, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{options: o, dir: o.DataDir, stopped: make(chan struct{}), lost: make(chan error, 1)}
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "rollcall-controlplane-"); err != nil {
			return nil, fmt.Errorf("make a directory for the control plane: %w", err)
		}
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the control plane: %w", err), c.Stop(context.WithoutCancel(ctx)))
	}
	for _, p := range c.programs {
		go c.watch(p)
	}
	return c, nil
}

func (o ControlPlaneOptions) complete() (ControlPlaneOptions, error) {
	if o.Binaries == "" {
		o.Binaries = os.Getenv("KUBEBUILDER_ASSETS")
	}
	if o.Binaries == "" {
		o.Binaries = filepath.Join(Repository(), "bin", "k8s")
	}
	if len(o.CRDs) == 0 {
		o.CRDs = []string{filepath.Join(Repository(), "config", "crd", "bases")}
	}
	needed := []string{"etcd", "kube-apiserver", "kubectl"}
	if o.ControllerManager {
		needed = append(needed, "kube-controller-manager")
	}
	for _, name := range needed {
		if _, err := os.Stat(filepath.Join(o.Binaries, name)); err != nil {
			return o, fmt.Errorf("no %s in %s: run make controlplane", name, o.Binaries)
		}
	}
	return o, nil
}

func (c *ControlPlane) start(ctx context.Context) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"kube-controller-manager", "kube-apiserver", "etcd"} {
		if err := endLeftover(ctx, c.dir, c.binary(name)); err != nil {
			return err
		}
	}
	credentials, err := prepareCredentials(filepath.Join(c.dir, "credentials"))
	if err != nil {
		return fmt.Errorf("make credentials: %w", err)
	}
	store, err := c.startEtcd(ctx)
	if err != nil {
		return err
	}
	if err := c.startAPIServer(ctx, store, credentials); err != nil {
		return err
	}
	// First the CRDs: the garbage collector looks for new kinds only every 30 seconds.
	_, err = envtest.InstallCRDs(c.config, envtest.CRDInstallOptions{Paths: c.options.CRDs, ErrorIfPathMissing: true})
	if err != nil {
		return fmt.Errorf("install CRDs: %w", err)
	}
	if !c.options.ControllerManager {
		return nil
	}
	return c.startControllerManager(ctx)
}

// watch tells when a program ends that nobody stopped.
func (c *ControlPlane) watch(p *Program) {
	select {
	case <-c.stopped:
	case <-p.Done():
		select {
		case <-c.stopped:
		case c.lost <- p.Failure():
		default:
		}
	}
}

// Config is the administrator's, without a limit on requests. It is a copy.
func (c *ControlPlane) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Kubeconfig is the path of the administrator's kubeconfig. With a DataDir it
// stays the same, and good, as long as the API server's port can.
func (c *ControlPlane) Kubeconfig() string { return filepath.Join(c.dir, "kubeconfig") }

// Kubectl is the path of a kubectl of the API server's version.
func (c *ControlPlane) Kubectl() string { return c.binary("kubectl") }

// Lost receives an error when a program ends by itself.
func (c *ControlPlane) Lost() <-chan error { return c.lost }

// Stop ends the programs, the last started first, and removes what is
// temporary. A program that does not end within ten seconds, or as long as the
// context allows, is killed. Stopping twice does nothing.
func (c *ControlPlane) Stop(ctx context.Context) error {
	var errs []error
	c.stopping.Do(func() {
		close(c.stopped)
		for _, p := range slices.Backward(c.programs) {
			errs = append(errs, c.end(ctx, p))
		}
		if c.options.DataDir == "" {
			errs = append(errs, os.RemoveAll(c.dir))
		}
	})
	return errors.Join(errs...)
}

func (c *ControlPlane) end(ctx context.Context, p *Program) error {
	if c.options.DataDir == "" {
		// Nothing is kept, so nothing needs to be finished.
		return p.Kill()
	}
	return p.Stop(ctx)
}

func (c *ControlPlane) binary(name string) string { return filepath.Join(c.options.Binaries, name) }
