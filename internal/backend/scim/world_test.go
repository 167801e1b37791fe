package scim_test

import (
	"context"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit/faultproxy"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

const (
	clinic = directory.OrganizationID("team/clinic")
	ada    = "ada@example.com"
	grace  = "grace@example.com"
)

// world is a backend with a service provider of its own.
type world struct {
	*scim.Backend

	t          testing.TB
	server     *scimserver.Server
	proxy      *faultproxy.Proxy
	client     *protocol.Client
	admissions *admissions
	findings   *directorytest.Findings
	clock      *testingclock.FakeClock
	options    scim.Options
}

// admissions are kept in memory.
type admissions = directorytest.Admissions

// newWorld starts a service provider. Each change makes one thing different.
func newWorld(t testing.TB, changes ...func(*settings)) *world {
	t.Helper()
	s := &settings{}
	for _, change := range changes {
		change(s)
	}
	w := &world{t: t, admissions: &admissions{}, clock: testingclock.NewFakeClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))}
	if s.client.URL == "" {
		s.server.Clock = w.clock
		w.server = scimserver.Start(t, s.server)
		s.client.URL, s.client.Authorize = w.server.URL(), protocol.BearerToken(w.server.Token())
	}
	if s.broken {
		w.proxy = faultproxy.Start(t, faultproxy.Options{Target: s.client.URL})
		s.client.URL = w.proxy.URL()
	}
	s.client.Clock = w.clock
	client, err := protocol.New(s.client)
	must(t, err)
	t.Cleanup(client.Close)
	w.client = client
	w.findings = &directorytest.Findings{}
	s.backend.Client, s.backend.Admissions, s.backend.Findings, s.backend.Clock = client, w.admissions, w.findings, w.clock
	w.options = s.backend
	w.restart()
	return w
}

// settings are what a world is made with.
type settings struct {
	server  scimserver.Options
	client  protocol.Options
	backend scim.Options
	// broken puts a proxy before the service provider.
	broken bool
}

func broken(s *settings) { s.broken = true }

func quirks(change func(*scimserver.Quirks)) func(*settings) {
	return func(s *settings) { change(&s.server.Quirks) }
}

func immediately(s *settings) { s.backend.Provisioning = scim.ProvisionImmediately }

// restart makes a backend that knows what is kept, and nothing else.
func (w *world) restart() {
	w.t.Helper()
	b, err := scim.New(w.options)
	must(w.t, err)
	w.Backend = b
}

// edit does what happens when the IdentityBackend is edited.
func (w *world) edit() {
	w.t.Helper()
	w.findings = &directorytest.Findings{}
	w.options.Findings = w.findings
	w.restart()
}

// writes counts what can have changed something, here or there.
func (w *world) writes() int64 { return int64(w.server.Writes()) + w.admissions.Writes() }

// admit puts an admission in the place of whatever is there.
func (w *world) admit(a directory.Admission) {
	w.t.Helper()
	known, err := w.admissions.Admission(w.t.Context(), a.Organization, a.Address)
	if !directory.IsKind(err, directory.KindNotFound) {
		must(w.t, err)
	}
	must(w.t, w.admissions.Admit(w.t.Context(), a, known))
}

// accept does what the portal does, and then what the controllers do.
func (w *world) accept(ctx context.Context, org directory.OrganizationID, address, name string) error {
	if err := w.admissions.Accept(ctx, org, address, name, w.clock.Now()); err != nil {
		return err
	}
	_, err := w.ApplyMember(ctx, directory.Member{Organization: org, Address: address, State: directory.MemberInvited})
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", directory.KindOf(err), err)
	}
}
