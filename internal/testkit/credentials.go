package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/utils/clock"
)

// validFor is longer than anybody keeps a directory of a control plane.
const validFor = 10 * 365 * 24 * time.Hour

// credentials are what the API server and its clients know each other by, as
// files in one directory. They are made once, so that a kubeconfig of an
// earlier run stays good.
type credentials struct{ dir string }

// certificate is of the API server, signed by itself: it is its own authority.
func (c credentials) certificate() string { return filepath.Join(c.dir, "apiserver.crt") }

func (c credentials) certificateKey() string { return filepath.Join(c.dir, "apiserver.key") }

// accountKey signs the tokens of service accounts.
func (c credentials) accountKey() string { return filepath.Join(c.dir, "service-accounts.key") }

// tokens is the API server's list of static tokens.
func (c credentials) tokens() string { return filepath.Join(c.dir, "tokens.csv") }

// token is the administrator's.
func (c credentials) token() string { return filepath.Join(c.dir, "admin.token") }

// prepareCredentials makes them where they are missing.
func prepareCredentials(dir string) (credentials, error) {
	c := credentials{dir: dir}
	// The token is written last: when it is there, everything is.
	_, err := os.Stat(c.token())
	if err == nil {
		return c, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, err
	}
	if err := c.makeCertificate(); err != nil {
		return c, err
	}
	if _, err := makeKey(c.accountKey()); err != nil {
		return c, err
	}
	token := rand.Text()
	line := fmt.Sprintf("%s,admin,admin,system:masters\n", token)
	if err := os.WriteFile(c.tokens(), []byte(line), 0o600); err != nil {
		return c, err
	}
	return c, os.WriteFile(c.token(), []byte(token), 0o600)
}

func (c credentials) makeCertificate() error {
	key, err := makeKey(c.certificateKey())
	if err != nil {
		return err
	}
	now := clock.RealClock{}.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validFor),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	return writePEM(c.certificate(), "CERTIFICATE", der)
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
