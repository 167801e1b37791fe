package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// startManager starts the manager with the portal in it, and waits until both are ready.
func (w *world) startManager(ctx context.Context) error {
	return w.out.step("starting the manager and the portal", func(func(string)) (string, error) {
		health, err := anyPort(ctx)
		if err != nil {
			return "", err
		}
		manager, err := w.runManager(ctx, health)
		if err != nil {
			return "", err
		}
		err = testkit.Eventually(ctx, "the manager and the portal", func(ctx context.Context) (bool, string, error) {
			for _, url := range []string{"http://" + health + "/readyz", "http://" + loopback(w.ports.Portal) + "/readyz"} {
				if answer := probe(ctx, url); answer != http.StatusText(http.StatusOK) {
					return false, url + ": " + answer, nil
				}
			}
			return true, "", nil
		})
		if err != nil {
			return "", fmt.Errorf("%w; %s ends with:\n%s", err, manager.Log(), manager.Tail())
		}
		return "manager and portal are ready", nil
	})
}

// runManager ends the run when the manager ends by itself.
func (w *world) runManager(ctx context.Context, health string) (*testkit.Program, error) {
	path := w.layout.bin("rollcall")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("no %s: run make build", path)
	}
	args, err := w.managerArguments(ctx, health)
	if err != nil {
		return nil, err
	}
	manager, err := testkit.StartProgram(ctx, testkit.ProgramOptions{
		Path: path, Args: args, Env: w.layout.environment(), Dir: w.layout.dev(),
	})
	if err != nil {
		return nil, err
	}
	stopping := make(chan struct{})
	w.onStop(func(now context.Context) error {
		close(stopping)
		return manager.Stop(now)
	})
	go func() {
		<-manager.Done()
		select {
		case <-stopping:
		default:
			w.fail(manager.Failure())
		}
	}()
	return manager, nil
}

func (w *world) managerArguments(ctx context.Context, health string) ([]string, error) {
	key, err := w.layout.linkKey()
	if err != nil {
		return nil, err
	}
	metrics, err := anyPort(ctx)
	if err != nil {
		return nil, err
	}
	// Cluster and database come from the environment, which others on the machine cannot read.
	return []string{
		"manager",
		"--link-key-file=" + key,
		"--smtp-url=smtp://" + loopback(w.ports.SMTP) + "?tls=none", "--mail-from=rollcall@example.org",
		"--portal-bind-address=" + loopback(w.ports.Portal), "--portal-url=" + browse(w.ports.Portal),
		"--metrics-bind-address=" + metrics, "--health-probe-bind-address=" + health,
		"--log-format=text",
	}, nil
}

// probe says how a page answers.
func probe(ctx context.Context, url string) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err.Error()
	}
	_ = response.Body.Close()
	return http.StatusText(response.StatusCode)
}
