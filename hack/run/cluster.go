package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// fieldManager is whose fields those of the samples are.
const fieldManager = "rollcall-run"

func (w *world) startControlPlane(ctx context.Context) error {
	return w.out.step("starting etcd, kube-apiserver and kube-controller-manager", func(func(string)) (string, error) {
		c, err := testkit.StartControlPlane(ctx, testkit.ControlPlaneOptions{
			Binaries: w.layout.bin("k8s"), CRDs: []string{w.layout.config("crd", "bases")},
			DataDir: w.layout.dev("controlplane"), ControllerManager: true,
		})
		if err != nil {
			return "", err
		}
		w.onStop(c.Stop)
		go func() {
			select {
			case err := <-c.Lost():
				w.fail(err)
			case <-ctx.Done():
			}
		}()
		kubeconfig, err := os.ReadFile(c.Kubeconfig())
		if err != nil {
			return "", err
		}
		return "control plane is up, with the CRDs", writeFile(w.layout.ownKubeconfig(), string(kubeconfig))
	})
}

// useCluster installs the CRDs in the cluster of somebody else.
func (w *world) useCluster(ctx context.Context) error {
	if err := w.layout.checkKubeconfig(); err != nil {
		return err
	}
	name, err := w.kubectl(ctx, "config", "current-context")
	if err != nil {
		return err
	}
	w.out.note(fmt.Sprintf("KUBECONFIG is set: using context %q of %s", strings.TrimSpace(name), w.layout.kubeconfig))
	return w.out.step("installing the CRDs", func(func(string)) (string, error) {
		bases := w.layout.config("crd", "bases")
		if _, err := w.kubectl(ctx, "apply", "--server-side", "--force-conflicts", "--field-manager="+fieldManager, "-f", bases); err != nil {
			return "", err
		}
		_, err := w.kubectl(ctx, "wait", "--for=condition=Established", "--timeout=60s", "-f", bases)
		return "CRDs are installed", err
	})
}

func (w *world) applySamples(ctx context.Context) error {
	return w.out.step("applying config/samples", func(func(string)) (string, error) {
		// The samples are the manifest: what was tried out by hand in their own fields gives way to them.
		out, err := w.kubectl(ctx, "apply", "--server-side", "--force-conflicts", "--field-manager="+fieldManager,
			"-o", "name", "-k", w.layout.config("samples"))
		return fmt.Sprintf("config/samples is applied: %d objects", strings.Count(out, "\n")), err
	})
}

// kubectl returns what kubectl prints.
func (w *world) kubectl(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, w.layout.bin("k8s", "kubectl"), args...)
	c.Env = w.layout.environment()
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("no kubectl in %s: run make controlplane", w.layout.bin("k8s"))
	}
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
