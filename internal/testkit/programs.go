package testkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// startEtcd returns the URL under which the API server finds it.
func (c *ControlPlane) startEtcd(ctx context.Context) (string, error) {
	url := ""
	err := c.startOnPort(ctx, "etcd", 0, func(port int) ([]string, string) {
		url = "http://" + at(port)
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
		c.config.Host = "https://" + at(port)
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
		}, "https://" + at(port) + "/healthz"
	})
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
