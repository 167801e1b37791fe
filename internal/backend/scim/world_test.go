package scim_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
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
	clock      *testingclock.FakeClock
	options    scim.Options
}

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
	s.backend.Client, s.backend.Admissions, s.backend.Clock = client, w.admissions, w.clock
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

// restart makes a backend that has learnt nothing yet.
func (w *world) restart() {
	w.t.Helper()
	b, err := scim.New(w.options)
	must(w.t, err)
	w.Backend = b
}

// writes counts what can have changed something, here or there.
func (w *world) writes() int64 { return int64(w.server.Writes()) + w.admissions.writes.Load() }

// accept does what the portal does, and then what the controllers do.
func (w *world) accept(ctx context.Context, org directory.OrganizationID, address, name string) error {
	a, err := w.admissions.Admission(ctx, org, address)
	if err != nil {
		return err
	}
	accepted := a
	accepted.State, accepted.ConfirmedName = directory.MemberActive, name
	if accepted.JoinedAt.IsZero() {
		accepted.JoinedAt = w.clock.Now()
	}
	if err := w.admissions.Admit(ctx, accepted, a); err != nil {
		return err
	}
	_, err = w.ApplyMember(ctx, directory.Member{Organization: org, Address: address, State: directory.MemberInvited})
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", directory.KindOf(err), err)
	}
}

// admissions are kept in memory.
type admissions struct {
	writes atomic.Int64

	mu  sync.Mutex
	all map[of]directory.Admission
}

// of is whom an admission is about.
type of struct {
	org     directory.OrganizationID
	address string
}

func (m *admissions) put(a directory.Admission) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(a)
}

func (m *admissions) set(a directory.Admission) {
	if m.all == nil {
		m.all = map[of]directory.Admission{}
	}
	m.all[of{a.Organization, a.Address}] = a
}

func (m *admissions) Admission(ctx context.Context, org directory.OrganizationID, address string) (directory.Admission, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return directory.Admission{}, err
	}
	if a, is := m.all[of{org, address}]; is {
		return a, nil
	}
	return directory.Admission{}, directory.Errorf(directory.KindNotFound, "find an admission", "there is none")
}

func (m *admissions) Admissions(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Admission, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []directory.Admission
	for _, a := range m.all {
		if a.Organization == org && a.Address > after {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b directory.Admission) int { return cmp.Compare(a.Address, b.Address) })
	return found[:min(len(found), limit, 1000)], ctx.Err()
}

func (m *admissions) Admit(ctx context.Context, a, known directory.Admission) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	switch have := m.all[of{a.Organization, a.Address}]; {
	case have == a:
		return nil
	case have != known:
		return directory.Errorf(directory.KindConflict, "admit", "another one is there")
	}
	m.set(a)
	m.writes.Add(1)
	return nil
}

func (m *admissions) Readdress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	moved, is := m.all[of{org, from}]
	_, taken := m.all[of{org, to}]
	switch {
	case !is && !taken:
		return directory.Errorf(directory.KindNotFound, "readdress", "there is none")
	case !is:
		return nil
	case taken:
		return directory.Errorf(directory.KindExists, "readdress", "both are there")
	}
	delete(m.all, of{org, from})
	moved.Address = to
	m.set(moved)
	m.writes.Add(1)
	return nil
}

func (m *admissions) Dismiss(ctx context.Context, org directory.OrganizationID, address string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	before := len(m.all)
	maps.DeleteFunc(m.all, func(key of, _ directory.Admission) bool {
		return key.org == org && (address == "" || key.address == address)
	})
	if len(m.all) != before {
		m.writes.Add(1)
	}
	return nil
}
