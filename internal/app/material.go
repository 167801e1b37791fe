package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Secrets are read one by one with the ClusterRole rollcall-secrets, which is
// bound where it is needed: config/rbac/secrets_role.yaml.

// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get

// tokenField and certificateField are fields of spec.scim.credentials whose
// contents have a form of their own.
const (
	tokenField       = "bearerTokenRef"
	certificateField = "clientCertificateRef"
)

// material is what the Secrets and ConfigMaps hold that an IdentityBackend
// names. What it does not name is empty.
type material struct {
	// bearerToken, clientSecret and password have no white space around them.
	bearerToken, clientSecret, password string
	// certificate and key are our client certificate, and authorities those by
	// which the system is known; all in PEM.
	certificate, key, authorities string
}

// fingerprint tells two materials apart without holding one.
type fingerprint [sha256.Size]byte

func (m material) fingerprint() fingerprint {
	parts := []string{m.bearerToken, m.clientSecret, m.password, m.certificate, m.key, m.authorities}
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return fingerprint(h.Sum(nil))
}

// readMaterial reads all that an IdentityBackend names, in its own namespace and
// nowhere else. What is wrong with it is told by name and key, never by content.
func readMaterial(ctx context.Context, r client.Reader, named *v1alpha1.IdentityBackend) (material, error) {
	scim := named.Spec.SCIM
	if scim == nil {
		return material{}, nil
	}
	m := material{}
	credentials := scim.Credentials
	sources := source{reader: r, namespace: named.Namespace}
	if credentials.OAuth != nil {
		sources.secret(ctx, &credentials.OAuth.ClientSecretRef, "oauth.clientSecretRef", &m.clientSecret)
	}
	if credentials.Basic != nil {
		sources.secret(ctx, &credentials.Basic.PasswordRef, "basic.passwordRef", &m.password)
	}
	sources.secret(ctx, credentials.BearerTokenRef, tokenField, &m.bearerToken)
	if ref := credentials.ClientCertificateRef; ref != nil {
		sources.secret(ctx, &v1alpha1.KeyReference{Name: ref.Name, Key: corev1.TLSCertKey}, certificateField, &m.certificate)
		sources.secret(ctx, &v1alpha1.KeyReference{Name: ref.Name, Key: corev1.TLSPrivateKeyKey}, certificateField, &m.key)
		sources.checkPair(ref.Name, m)
	}
	sources.authorities(ctx, scim.CABundleRef, &m.authorities)
	return m, sources.err
}

// source reads one thing after another, until one of them is wrong.
type source struct {
	reader    client.Reader
	namespace string
	err       error
}

func unusable(format string, args ...any) error {
	return directory.Errorf(directory.KindCredentials, "read credentials", format, args...)
}

// secret reads a key of a Secret that a field of spec.scim.credentials names.
func (s *source) secret(ctx context.Context, ref *v1alpha1.KeyReference, field string, into *string) {
	if s.err != nil || ref == nil {
		return
	}
	secret := &corev1.Secret{}
	err := s.reader.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: ref.Name}, secret)
	if s.err = s.explain(err, "Secret", ref.Name, "spec.scim.credentials."+field); s.err != nil {
		return
	}
	*into = strings.TrimSpace(string(secret.Data[ref.Key]))
	switch {
	case *into == "":
		s.err = unusable("Secret %q has nothing under the key %q: put it there, or correct spec.scim.credentials.%s", ref.Name, ref.Key, field)
	case field != certificateField && strings.ContainsFunc(*into, unicode.IsControl):
		s.err = unusable("Secret %q has line breaks or control characters within what is under the key %q: put one line there", ref.Name, ref.Key)
	case field == tokenField && strings.ContainsFunc(*into, func(r rune) bool { return unicode.IsSpace(r) || r > unicode.MaxASCII }):
		s.err = unusable("Secret %q has blanks or letters beyond ASCII within what is under the key %q: put the token alone there", ref.Name, ref.Key)
	}
}

func (s *source) checkPair(name string, m material) {
	if s.err != nil {
		return
	}
	if _, err := tls.X509KeyPair([]byte(m.certificate), []byte(m.key)); err != nil {
		s.err = unusable("Secret %q has no certificate in PEM under %q with its key under %q: put both there, as in a Secret of type kubernetes.io/tls",
			name, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
	}
}

func (s *source) authorities(ctx context.Context, ref *v1alpha1.KeyReference, into *string) {
	if s.err != nil || ref == nil {
		return
	}
	bundle := &corev1.ConfigMap{}
	err := s.reader.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: ref.Name}, bundle)
	if s.err = s.explain(err, "ConfigMap", ref.Name, "spec.scim.caBundleRef"); s.err != nil {
		return
	}
	*into = bundle.Data[ref.Key]
	if !x509.NewCertPool().AppendCertsFromPEM([]byte(*into)) {
		s.err = unusable("ConfigMap %q has no certificate in PEM under the key %q: put it there, or correct spec.scim.caBundleRef", ref.Name, ref.Key)
	}
}

// explain says what somebody can do about what cannot be read. What only the API
// server can be blamed for is no fault of credentials.
func (s *source) explain(err error, kind, name, field string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err):
		return unusable("%s %q is not in namespace %q: create it, or correct %s", kind, name, s.namespace, field)
	case apierrors.IsForbidden(err):
		return unusable("%s %q may not be read: bind the ClusterRole rollcall-secrets to the manager in namespace %q", kind, name, s.namespace)
	default:
		return fmt.Errorf("read %s: %w", kind, err)
	}
}
