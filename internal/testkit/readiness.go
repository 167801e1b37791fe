package testkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// attempts to start a program whose port was taken by somebody else in the
// moment between finding it free and listening.
const attempts = 3

// startOnPort starts a program on the port, or a free one, and waits until its
// health page answers.
func (c *ControlPlane) startOnPort(ctx context.Context, name string, port int, on func(port int) (args []string, health string)) error {
	var failed error
	for range attempts {
		if !isFree(ctx, port) {
			free, err := freePort(ctx)
			if err != nil {
				return err
			}
			port = free
		}
		args, health := on(port)
		p, err := StartProgram(ctx, ProgramOptions{Path: c.binary(name), Args: args, Dir: c.dir, Output: c.options.Output})
		if err != nil {
			return err
		}
		if failed = c.answers(ctx, p, health); failed == nil {
			c.programs = append(c.programs, p)
			return nil
		}
		if err := p.Kill(); err != nil {
			return errors.Join(failed, err)
		}
		if !strings.Contains(failed.Error(), "address already in use") {
			return failed
		}
		port = 0
	}
	return failed
}

// answers waits until the program's health page says that it is well.
func (c *ControlPlane) answers(ctx context.Context, p *Program, url string) error {
	roots := x509.NewCertPool()
	if c.config != nil {
		roots.AppendCertsFromPEM(c.config.CAData)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Second}
	err := wait.PollUntilContextTimeout(ctx, look, longest, true, func(ctx context.Context) (bool, error) {
		select {
		case <-p.Done():
			return false, p.Failure()
		default:
		}
		return c.healthy(ctx, client, url), nil
	})
	if wait.Interrupted(err) {
		return fmt.Errorf("%s does not get ready: %w; %s ends with:\n%s", p.name, err, p.Log(), p.Tail())
	}
	return err
}

func (c *ControlPlane) healthy(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	if c.config != nil {
		request.Header.Set("Authorization", "Bearer "+c.config.BearerToken)
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
