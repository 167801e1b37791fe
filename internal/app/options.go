package app

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/mail"
)

// storeOptions say where the database is.
type storeOptions struct{ url, urlFile string }

func (o *storeOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.url, "database-url", os.Getenv("DATABASE_URL"),
		"the database: sqlite:///path/to/file.db for one replica, or postgres://user:password@host/name; the default is $DATABASE_URL")
	f.StringVar(&o.urlFile, "database-url-file", "", "a file that holds the database URL, instead of --database-url")
}

func (o *storeOptions) resolve() (string, error) {
	if o.urlFile != "" {
		return readFile("--database-url-file", o.urlFile)
	}
	if o.url == "" {
		return "", fmt.Errorf("no database: set --database-url, --database-url-file or $DATABASE_URL, for example to sqlite:///var/lib/rollcall/rollcall.db")
	}
	return o.url, nil
}

// webOptions say how people reach the portal.
type webOptions struct {
	url            string
	trustedProxies []string
}

func (o *webOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.url, "portal-url", "", "where people reach the portal, such as https://people.example.com; every link is built from it (required)")
	f.StringSliceVar(&o.trustedProxies, "trusted-proxies", nil,
		"networks, such as 10.0.0.0/8, whose X-Forwarded-For is believed when requests are limited per client; none by default")
}

func (o *webOptions) proxies() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range o.trustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxies: %q is no network; write 10.0.0.0/8 or 192.0.2.7/32", text)
		}
		prefixes = append(prefixes, p)
	}
	return prefixes, nil
}

// portalOptions are the flags of the portal process.
type portalOptions struct {
	log   logOptions
	store storeOptions
	web   webOptions
	bind  string
	probe string
}

func (o *portalOptions) addFlags(f *pflag.FlagSet) {
	o.log.addFlags(f)
	o.store.addFlags(f)
	o.web.addFlags(f)
	f.StringVar(&o.bind, "bind-address", ":8443", "address to serve the pages on, as plain HTTP behind whatever ends TLS")
	f.StringVar(&o.probe, "metrics-bind-address", ":8080", "address to serve /metrics on; 0 turns it off")
}

// managerOptions are the flags of the manager process.
type managerOptions struct {
	log    logOptions
	store  storeOptions
	web    webOptions
	smtp   smtpOptions
	keyFn  string
	portal string

	kubeconfig           string
	namespaces           []string
	metrics, health      string
	leaderElect          bool
	leaderElectNamespace string
	workers              int
}

func (o *managerOptions) addFlags(f *pflag.FlagSet) {
	o.log.addFlags(f)
	o.store.addFlags(f)
	o.web.addFlags(f)
	o.smtp.addFlags(f)
	f.StringVar(&o.keyFn, "link-key-file", "", "a file with the key from which links are made: 32 bytes or more, raw, hex or base64 (required)")
	f.StringVar(&o.portal, "portal-bind-address", "", "also serve the portal, on this address; by default it is a process of its own")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "path of a kubeconfig; by default $KUBECONFIG, the pod's service account, or ~/.kube/config")
	f.StringSliceVar(&o.namespaces, "namespaces", nil, "namespaces to work in; all by default")
	f.StringVar(&o.metrics, "metrics-bind-address", ":8080", "address to serve /metrics on; 0 turns it off")
	f.StringVar(&o.health, "health-probe-bind-address", ":8081", "address to serve /healthz and /readyz on; 0 turns it off")
	f.BoolVar(&o.leaderElect, "leader-elect", false, "let one of several managers lead; required with more than one replica")
	f.StringVar(&o.leaderElectNamespace, "leader-election-namespace", "", "namespace of the lease; the pod's own by default")
	f.IntVar(&o.workers, "user-workers", 0, "how many Users are reconciled at once (default 8)")
}

func (o *managerOptions) key() (invite.Key, error) {
	if o.keyFn == "" {
		return invite.Key{}, fmt.Errorf("--link-key-file is required; make one with: openssl rand -hex 32 > link.key")
	}
	data, err := os.ReadFile(o.keyFn)
	if err != nil {
		return invite.Key{}, fmt.Errorf("--link-key-file: %w", err)
	}
	key, err := invite.ParseKey(data)
	if err != nil {
		return invite.Key{}, fmt.Errorf("--link-key-file %s: %w", o.keyFn, err)
	}
	return key, nil
}

// smtpOptions say which mail server is used for organizations without their own.
type smtpOptions struct {
	url, passwordFile, from string
	attempt                 time.Duration
}

func (o *smtpOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.url, "smtp-url", "", "the mail server: smtp://user@host:587 (STARTTLS), smtps://user@host:465, or smtp://host:25?tls=none (required)")
	f.StringVar(&o.passwordFile, "smtp-password-file", "", "a file that holds the mail server's password")
	f.StringVar(&o.from, "mail-from", "", "address in the From header for organizations that name none, such as invitations@example.com (required)")
	f.DurationVar(&o.attempt, "mail-attempt-timeout", time.Minute,
		"how long handing over one mail may take; when the manager crashes meanwhile, the mail is looked at again after this time")
}

func (o *smtpOptions) server() (mail.Server, error) {
	password := ""
	if o.passwordFile != "" {
		read, err := readFile("--smtp-password-file", o.passwordFile)
		if err != nil {
			return mail.Server{}, err
		}
		password = read
	}
	server, err := mail.ParseServerURL(o.url, password)
	if err != nil {
		return mail.Server{}, fmt.Errorf("--smtp-url: %w", err)
	}
	return server, nil
}

func readFile(flag, path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return strings.TrimSpace(string(data)), nil
}
