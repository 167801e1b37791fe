package testkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	loopback = "127.0.0.1"
	// attempts to start a program whose port was taken by somebody else in the
	// moment between finding it free and listening.
	attempts = 3
)

// startEtcd returns the URL under which the API server finds it.
func (c *ControlPlane) startEtcd(ctx context.Context) (string, error) {
	url := ""
	err := c.startOnPort(ctx, "etcd", 0, func(port int) ([]string, string) {
		url = fmt.Sprintf("http://%s:%d", loopback, port)
		args := []string{
			"--data-dir=" + filepath.Join(c.dir, "etcd"),
			"--listen-client-urls=" + url, "--advertise-client-urls=" + url,
			"--listen-peer-urls=http://" + loopback + ":0",
			// A hundred thousand Users and their history do not fit into the default of 2 GB.
			"--quota-backend-bytes=8589934592",
			"--log-level=warn",
		}
		if c.options.DataDir == "" {
			args = append(args, "--unsafe-no-fsync")
		}
		return args, url + "/health"
	})
	return url, err
}

func (c *ControlPlane) startAPIServer(ctx context.Context, store string, have credentials) error {
	token, err := os.ReadFile(have.token())
	if err != nil {
		return err
	}
	c.config = &rest.Config{
		BearerToken: string(token), TLSClientConfig: rest.TLSClientConfig{CAFile: have.certificate()},
		// Its own priority and fairness is the limit.
		QPS: -1,
	}
	if err := rest.LoadTLSFiles(c.config); err != nil {
		return err
	}
	c.config.CAFile = ""
	err = c.startOnPort(ctx, "kube-apiserver", c.usualPort(), func(port int) ([]string, string) {
		c.config.Host = fmt.Sprintf("https://%s:%d", loopback, port)
		return apiServerArguments(port, store, have), c.config.Host + "/readyz"
	})
	if err != nil {
		return err
	}
	if err := c.writeKubeconfig(); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return c.rememberPort()
}

func apiServerArguments(port int, store string, have credentials) []string {
	return []string{
		"--etcd-servers=" + store,
		"--bind-address=" + loopback, "--advertise-address=" + loopback, "--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + have.certificate(), "--tls-private-key-file=" + have.certificateKey(),
		"--token-auth-file=" + have.tokens(), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + have.accountKey(), "--service-account-signing-key-file=" + have.accountKey(),
		"--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none",
		// It would refuse pods until service accounts exist. Pods never run here.
		"--disable-admission-plugins=ServiceAccount",
		"--profiling=false",
	}
}

func (c *ControlPlane) startControllerManager(ctx context.Context) error {
	return c.startOnPort(ctx, "kube-controller-manager", 0, func(port int) ([]string, string) {
		return []string{
			"--kubeconfig=" + c.Kubeconfig(),
			"--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller",
			"--use-service-account-credentials=false", "--leader-elect=false", "--profiling=false",
			"--bind-address=" + loopback, "--secure-port=" + strconv.Itoa(port),
			"--tls-cert-file=" + filepath.Join(c.dir, "credentials", "apiserver.crt"),
			"--tls-private-key-file=" + filepath.Join(c.dir, "credentials", "apiserver.key"),
		}, fmt.Sprintf("https://%s:%d/healthz", loopback, port)
	})
}

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

func (c *ControlPlane) writeKubeconfig() error {
	const name = "rollcall"
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{Server: c.config.Host, CertificateAuthorityData: c.config.CAData}
	k.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: c.config.BearerToken}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	k.CurrentContext = name
	return clientcmd.WriteToFile(*k, c.Kubeconfig())
}

func (c *ControlPlane) portFile() string { return filepath.Join(c.dir, "port") }

// usualPort is the one of the run before; 0 at first.
func (c *ControlPlane) usualPort() int {
	content, err := os.ReadFile(c.portFile())
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(string(content))
	if err != nil {
		return 0
	}
	return port
}

func (c *ControlPlane) rememberPort() error {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(c.config.Host, "https://"))
	if err != nil {
		return err
	}
	return os.WriteFile(c.portFile(), []byte(port), 0o600)
}

func isFree(ctx context.Context, port int) bool {
	if port == 0 {
		return false
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", loopback+":0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return strconv.Atoi(port)
}
