package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/metered"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// foreign is a stage with connections whose systems are in memory.
type foreign struct {
	*testing.T
	*stage.Stage
	connections *connections

	mu    sync.Mutex
	made  []material
	reads int
	// held is told of whoever reads, who then waits for the end of their context.
	held chan struct{}
	// former is what the last system was made in place of.
	former directory.Backend
}

// counting counts what is read without a cache.
type counting struct {
	client.Reader
	of *foreign
}

func (c counting) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	c.of.mu.Lock()
	c.of.reads++
	held := c.of.held
	c.of.mu.Unlock()
	if held != nil {
		held <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	return c.Reader.Get(ctx, key, o, opts...)
}

func newForeign(t *testing.T, objects ...client.Object) *foreign {
	t.Helper()
	s := stage.New(t)
	meter, err := metered.NewMeter(prometheus.NewRegistry(), s.Clock)
	if err != nil {
		t.Fatal(err)
	}
	f := &foreign{T: t, Stage: s}
	f.connections = newConnections(s.Client, counting{s.Client, f}, meter, s.Clock)
	s.Apply(objects...)
	return f
}

// dial remembers what systems were made of.
func (f *foreign) dial(_ *v1alpha1.IdentityBackend, m material, former directory.Backend) (directory.Backend, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.former = former
	f.made = append(f.made, m)
	return directorytest.NewMemory(directorytest.MemoryOptions{Clock: f.Clock})
}

func (f *foreign) try() (directory.Backend, error) {
	return f.connections.to(f.Context(), stage.Get[v1alpha1.IdentityBackend](f.Stage, "acme"), f.dial)
}

func (f *foreign) get() directory.Backend {
	f.Helper()
	b, err := f.try()
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// tokens are what the systems were made of that were made since the last call.
func (f *foreign) tokens() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, m := range f.made {
		all = append(all, m.bearerToken)
	}
	f.made = nil
	return all
}

func acme(edits ...func(*v1alpha1.IdentityBackend)) *v1alpha1.IdentityBackend {
	return testkit.IdentityBackend("acme", append([]func(*v1alpha1.IdentityBackend){func(b *v1alpha1.IdentityBackend) {
		b.Spec.Type, b.Spec.SCIM = v1alpha1.BackendSCIM, &v1alpha1.SCIMBackend{
			URL:         "https://acme.example/scim/v2",
			Credentials: v1alpha1.SCIMCredentials{BearerTokenRef: &v1alpha1.KeyReference{Name: "acme-token", Key: "token"}},
		}
	}}, edits...)...)
}

func with(credentials v1alpha1.SCIMCredentials) func(*v1alpha1.IdentityBackend) {
	return func(b *v1alpha1.IdentityBackend) { b.Spec.SCIM.Credentials = credentials }
}

func secret(data map[string]string) *corev1.Secret {
	held := map[string][]byte{}
	for k, v := range data {
		held[k] = []byte(v)
	}
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "acme-token"}, Data: held}
}

func token(value string) *corev1.Secret { return secret(map[string]string{"token": value}) }

func (f *foreign) rotate(value string) {
	f.Helper()
	if err := f.Raw().Update(f.Context(), token(value)); err != nil {
		f.Fatal(err)
	}
}

// One system is made, and used as long as nothing that it is made of changes.
func TestBY11_AConnectionIsKept(t *testing.T) {
	f := newForeign(t, acme(), token("first"))
	one := f.get()
	f.Clock.Step(secretsFresh - time.Millisecond)
	if f.get() != one || f.reads != 1 {
		t.Errorf("%d reads of a Secret that is fresh, and another system: %t", f.reads, f.get() != one)
	}
	f.Clock.Step(time.Hour)
	if f.get() != one || f.reads != 2 {
		t.Errorf("%d reads, want another, and the same system as nothing differs: %t", f.reads, f.get() == one)
	}
	stage.Edit(f.Stage, "acme", func(b *v1alpha1.IdentityBackend) { b.Labels = map[string]string{"a": "b"} })
	if f.get() != one {
		t.Error("a label makes another system")
	}
	stage.Edit(f.Stage, "acme", func(b *v1alpha1.IdentityBackend) { b.Spec.SCIM.URL = "https://other.example" })
	if f.get() == one {
		t.Error("the system is the one of the former spec")
	}
	stage.Delete[v1alpha1.IdentityBackend](f.Stage, "acme")
	f.Apply(acme())
	f.tokens()
	f.get()
	if diff := cmp.Diff([]string{"first"}, f.tokens()); diff != "" || f.former != nil {
		t.Errorf("one that was made anew is another, and succeeds nobody: %v (-want +got):\n%s", f.former, diff)
	}
}

// A rotated Secret is picked up in a while, and at once when the system refuses
// what is used.
func TestBY11_ARotatedSecret(t *testing.T) {
	f := newForeign(t, acme(), token("first\n"))
	f.get()
	f.rotate("second")
	f.get()
	if diff := cmp.Diff([]string{"first"}, f.tokens()); diff != "" {
		t.Errorf("nobody told yet (-want +got):\n%s", diff)
	}
	f.Clock.Step(secretsFresh)
	now := f.get()
	if diff := cmp.Diff([]string{"second"}, f.tokens()); diff != "" || f.former == nil {
		t.Errorf("after a while, in place of %v (-want +got):\n%s", f.former, diff)
	}

	f.rotate("third")
	refusing := newForeign(t, acme(), token("third"))
	system := &refusingBackend{}
	dial := func(*v1alpha1.IdentityBackend, material, directory.Backend) (directory.Backend, error) {
		return system, nil
	}
	named := stage.Get[v1alpha1.IdentityBackend](refusing.Stage, "acme")
	b, err := refusing.connections.to(t.Context(), named, dial)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Check(t.Context()); !directory.IsKind(err, directory.KindCredentials) {
		t.Fatalf("error %v", err)
	}
	refusing.Clock.Step(unreadable)
	if _, err := refusing.connections.to(t.Context(), named, dial); err != nil || refusing.reads != 2 {
		t.Errorf("%d reads after a refusal, want another: %v", refusing.reads, err)
	}
	if err := b.Check(t.Context()); !directory.IsKind(err, directory.KindCredentials) {
		t.Fatalf("error %v", err)
	}
	if _, err := refusing.connections.to(t.Context(), named, dial); err != nil || refusing.reads != 2 {
		t.Errorf("%d reads, and nothing was refused since: %v", refusing.reads, err)
	}
	if f.get() != now {
		t.Error("one system's refusal has another one replaced")
	}
}

// refusingBackend takes no credentials.
type refusingBackend struct{ directory.Backend }

// Check implements [directory.Backend].
func (*refusingBackend) Check(context.Context) error {
	return directory.Errorf(directory.KindCredentials, "check", "401")
}

// A cache that has not seen an edit yet does not bring the former system back.
func TestBY11_AnOlderGeneration(t *testing.T) {
	f := newForeign(t, acme(), token("first"))
	old := stage.Get[v1alpha1.IdentityBackend](f.Stage, "acme")
	f.get()
	stage.Edit(f.Stage, "acme", func(b *v1alpha1.IdentityBackend) { b.Spec.SCIM.URL = "https://acme.example/scim/v3" })
	now := f.get()
	f.Clock.Step(secretsFresh)
	b, err := f.connections.to(t.Context(), old, f.dial)
	if err != nil || b != now {
		t.Errorf("what is older takes the place of what is newer: %v", err)
	}
}

// Systems of IdentityBackends that are gone are forgotten.
func TestBY11_ConnectionsAreForgotten(t *testing.T) {
	f := newForeign(t, acme(), token("first"))
	f.get()
	stage.Delete[v1alpha1.IdentityBackend](f.Stage, "acme")
	b := &backends{reader: f.Client, foreign: f.connections, scim: f.dial}
	other := acme(func(b *v1alpha1.IdentityBackend) { b.Name = "other" })
	f.Apply(other)
	if _, err := b.For(f.Context(), testkit.Namespace, &v1alpha1.LocalReference{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	if n := len(f.connections.known); n != 1 {
		t.Errorf("%d are known, want the other one only", n)
	}
	stage.Delete[v1alpha1.IdentityBackend](f.Stage, "other")
	_, err := b.For(f.Context(), testkit.Namespace, &v1alpha1.LocalReference{Name: "other"})
	if n := len(f.connections.known); n != 0 || !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("%d are known: %v", n, err)
	}
}

// Whoever asks at once gets one system.
func TestBY11_OneConnectionForMany(t *testing.T) {
	f := newForeign(t, acme(), token("first"))
	named := stage.Get[v1alpha1.IdentityBackend](f.Stage, "acme")
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if _, err := f.connections.to(t.Context(), named, f.dial); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(f.tokens()); n != 1 || f.reads != 1 {
		t.Errorf("%d systems were made with %d reads, want one", n, f.reads)
	}
}

// What cannot be read is named by name and key, and never shown; it is looked
// at again soon, and the system is there when it is mended.
func TestBY11_HE3_WhatCannotBeRead(t *testing.T) {
	const hidden = "s3cr3t-c0ntent"
	pair := v1alpha1.SCIMCredentials{ClientCertificateRef: &v1alpha1.LocalReference{Name: "acme-token"}}
	bundled := func(b *v1alpha1.IdentityBackend) {
		b.Spec.SCIM.CABundleRef = &v1alpha1.KeyReference{Name: "authorities", Key: "ca.crt"}
	}
	for name, test := range map[string]struct {
		named *v1alpha1.IdentityBackend
		there []client.Object
		says  string
	}{
		"no Secret": {acme(), nil, `Secret "acme-token" is not in namespace "team": create it, or correct spec.scim.credentials.bearerTokenRef`},
		"no key": {
			acme(),
			[]client.Object{secret(map[string]string{"other": hidden})},
			`Secret "acme-token" has nothing under the key "token": put it there, or correct spec.scim.credentials.bearerTokenRef`,
		},
		"blank":       {acme(), []client.Object{token(" \n")}, `Secret "acme-token" has nothing under the key "token": put it there, or correct spec.scim.credentials.bearerTokenRef`},
		"two lines":   {acme(), []client.Object{token(hidden + "\n" + hidden)}, `Secret "acme-token" has line breaks or control characters within what is under the key "token": put one line there`},
		"two words":   {acme(), []client.Object{token("Bearer " + hidden)}, `Secret "acme-token" has blanks or letters beyond ASCII within what is under the key "token": put the token alone there`},
		"no password": {acme(with(v1alpha1.SCIMCredentials{Basic: &v1alpha1.SCIMBasic{Username: "u", PasswordRef: v1alpha1.KeyReference{Name: "absent", Key: "p"}}})), nil, `Secret "absent" is not in namespace "team": create it, or correct spec.scim.credentials.basic.passwordRef`},
		"no client secret": {
			acme(with(v1alpha1.SCIMCredentials{OAuth: &v1alpha1.SCIMOAuth{ClientSecretRef: v1alpha1.KeyReference{Name: "absent", Key: "s"}}})), nil,
			`Secret "absent" is not in namespace "team": create it, or correct spec.scim.credentials.oauth.clientSecretRef`,
		},
		"no certificate": {
			acme(with(pair)),
			[]client.Object{secret(map[string]string{"tls.crt": hidden, "tls.key": hidden})},
			`Secret "acme-token" has no certificate in PEM under "tls.crt" with its key under "tls.key": put both there, as in a Secret of type kubernetes.io/tls`,
		},
		"no bundle": {acme(bundled), []client.Object{token("t")}, `ConfigMap "authorities" is not in namespace "team": create it, or correct spec.scim.caBundleRef`},
		"a bundle of something else": {
			acme(bundled),
			[]client.Object{token("t"), &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "authorities"}, Data: map[string]string{"ca.crt": hidden},
			}},
			`ConfigMap "authorities" has no certificate in PEM under the key "ca.crt": put it there, or correct spec.scim.caBundleRef`,
		},
		"elsewhere": {
			acme(),
			[]client.Object{&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "acme-token"}, Data: map[string][]byte{"token": []byte("t")}}},
			`Secret "acme-token" is not in namespace "team": create it, or correct spec.scim.credentials.bearerTokenRef`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForeign(t, append(test.there, test.named)...)
			_, err := f.try()
			if !directory.IsKind(err, directory.KindCredentials) {
				t.Fatalf("error %v, want KindCredentials", err)
			}
			if got := strings.TrimPrefix(err.Error(), "read credentials: "); got != test.says {
				t.Errorf("it says\n%s\nwant\n%s", got, test.says)
			}
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("%q shows what is in the Secret", err)
			}
			before := f.reads
			if _, again := f.try(); again == nil || again.Error() != err.Error() || f.reads != before {
				t.Errorf("%d reads more within a moment: %v", f.reads-before, again)
			}
		})
	}
	f := newForeign(t, acme())
	if _, err := f.try(); err == nil {
		t.Fatal("there is no Secret")
	}
	f.Apply(token("now"))
	f.Clock.Step(unreadable)
	f.get()
}

// A Secret that may not be read, and one that could not be read just now, are
// told apart: with the latter, what was read before is used.
func TestBY11_AnAPIServerThatDoesNotAnswer(t *testing.T) {
	f := newForeign(t, acme(), token("first"))
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "acme-token", errors.New("no"))
	withdraw := f.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Secret", Err: forbidden})
	_, err := f.try()
	if want := `read credentials: Secret "acme-token" may not be read: bind the ClusterRole rollcall-secrets to the manager in namespace "team"`; err == nil || err.Error() != want {
		t.Errorf("it says %v, want %s", err, want)
	}
	withdraw()
	f.Clock.Step(unreadable)
	one := f.get()
	withdraw = f.FailAPI(stage.APIFault{Verb: stage.VerbGet, Kind: "Secret", Err: apierrors.NewTooManyRequestsError("later")})
	f.Clock.Step(time.Hour)
	if f.get() != one {
		t.Error("what was read before is not used")
	}
	stage.Edit(f.Stage, "acme", func(b *v1alpha1.IdentityBackend) { b.Spec.SCIM.URL = "https://other.example" })
	if _, err := f.try(); err == nil || directory.IsKind(err, directory.KindCredentials) {
		t.Errorf("error %v: another spec asks for what nobody has read, and nothing is wrong with it", err)
	}
	withdraw()
	f.Clock.Step(unreadable)
	stage.Get[v1alpha1.IdentityBackend](f.Stage, "acme")
	f.get()
	if err := f.Raw().Delete(f.Context(), token("")); err != nil {
		t.Fatal(err)
	}
	f.Clock.Step(time.Hour)
	if _, err := f.try(); !directory.IsKind(err, directory.KindCredentials) {
		t.Errorf("error %v: the Secret is gone, and so are the credentials", err)
	}
}

// All kinds of credentials reach whoever makes the system.
func TestBY11_Material(t *testing.T) {
	certificate, key := testCertificate(t)
	named := acme(func(b *v1alpha1.IdentityBackend) {
		b.Spec.SCIM.Credentials.ClientCertificateRef = &v1alpha1.LocalReference{Name: "pair"}
		b.Spec.SCIM.CABundleRef = &v1alpha1.KeyReference{Name: "authorities", Key: "ca.crt"}
	})
	f := newForeign(t, named, token("t"),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "pair"}, Data: map[string][]byte{"tls.crt": certificate, "tls.key": key}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "authorities"}, Data: map[string]string{"ca.crt": string(certificate)}})
	f.get()
	trim := func(b []byte) string { return string(bytes.TrimSpace(b)) }
	want := material{bearerToken: "t", certificate: trim(certificate), key: trim(key), authorities: string(certificate)}
	if diff := cmp.Diff([]material{want}, f.made, cmp.AllowUnexported(material{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, other := range map[string]material{
		"empty": {}, "moved": {clientSecret: "t"}, "split": {bearerToken: "t", clientSecret: ""}, "joined": {bearerToken: "t1:"},
	} {
		if same := other.fingerprint() == (material{bearerToken: "t"}).fingerprint(); same != (name == "split") {
			t.Errorf("%s: the same %t", name, same)
		}
	}
}

// testCertificate is a certificate with its key, in PEM.
func testCertificate(t *testing.T) ([]byte, []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// Nobody waits longer than they can for what somebody else reads, and nobody is
// told of the end of another's context.
func TestBY11_NobodyWaitsBeyondTheirContext(t *testing.T) {
	f := newForeign(t, acme(), token("first"))
	f.held = make(chan struct{})
	named := stage.Get[v1alpha1.IdentityBackend](f.Stage, "acme")
	long, giveUp := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := f.connections.to(long, named, f.dial)
		first <- err
	}()
	<-f.held
	over, end := context.WithCancel(t.Context())
	end()
	if _, err := f.connections.to(over, named, f.dial); !errors.Is(err, context.Canceled) {
		t.Errorf("who cannot wait is told %v", err)
	}
	f.mu.Lock()
	f.held = nil
	f.mu.Unlock()
	giveUp()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up is told %v", err)
	}
	if _, err := f.try(); err != nil {
		t.Errorf("who comes after them is told %v", err)
	}
}
