package example_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/example"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit/faultproxy"
)

// world is a backend with a service of its own.
type world struct {
	*example.Backend
	roster     *roster
	admissions *directorytest.Admissions
	clock      *testingclock.FakeClock
}

// newWorld has the backend wait for an answer no longer than the patience.
func newWorld(t *testing.T, patience time.Duration, way func(url string) string) *world {
	t.Helper()
	w := &world{
		roster: startRoster(t), admissions: &directorytest.Admissions{},
		clock: testingclock.NewFakeClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)),
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	b, err := example.New(example.Options{
		URL: way(w.roster.url), Token: token, HTTP: client, Admissions: w.admissions, Clock: w.clock, PageSize: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Backend = b
	return w
}

func (w *world) fixture() directorytest.Fixture {
	return directorytest.Fixture{
		Backend: w, Activate: w.accept, Writes: w.writes,
		Plant: w.plant, Foreign: w.foreign, Meddle: w.meddle, Duplicate: w.duplicate, Quota: w.quota,
		Wait: w.clock.Step,
	}
}

func TestBY11_TheExamplePassesTheSuite(t *testing.T) {
	directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
		return newWorld(t, time.Minute, func(url string) string { return url }).fixture()
	})
}

func TestBY11_TheExampleEndsTheSameWithFaults(t *testing.T) {
	directorytest.RunFaults(t, func(t *testing.T) directorytest.Fixture {
		var proxy *faultproxy.Proxy
		w := newWorld(t, 3*time.Second, func(url string) string {
			proxy = faultproxy.Start(t, faultproxy.Options{Target: url})
			return proxy.URL()
		})
		f := w.fixture()
		f.Wire = proxy
		return f
	})
}

// accept is what the portal does, and then what the controllers do.
func (w *world) accept(ctx context.Context, org directory.OrganizationID, address, name string) error {
	if err := w.admissions.Accept(ctx, org, address, name, w.clock.Now()); err != nil {
		return err
	}
	_, err := w.ApplyMember(ctx, directory.Member{Organization: org, Address: address, State: directory.MemberInvited})
	return err
}

func (w *world) writes() int64 {
	w.roster.mu.Lock()
	defer w.roster.mu.Unlock()
	return w.roster.writes + w.admissions.Writes()
}

func (w *world) plant(_ context.Context, _ directory.OrganizationID, address string, active bool) error {
	w.roster.mu.Lock()
	defer w.roster.mu.Unlock()
	w.roster.add(someone{Email: strings.ToUpper(address[:1]) + address[1:], Active: active, Phone: "12345", Teams: []string{"everybody"}})
	return nil
}

// foreign describes teams of the service's own, and who was planted.
func (w *world) foreign(context.Context, directory.OrganizationID) (string, error) {
	w.roster.mu.Lock()
	defer w.roster.mu.Unlock()
	text := fmt.Sprintln("everybody is", w.roster.teams["everybody"])
	for _, p := range w.roster.people {
		if p.Phone != "" {
			text += fmt.Sprintln(p.Email, p.Phone, strings.Contains(strings.Join(p.Teams, " "), "everybody"))
		}
	}
	return text, nil
}

func (w *world) meddle(_ context.Context, _ directory.OrganizationID, address string) error {
	w.roster.mu.Lock()
	defer w.roster.mu.Unlock()
	for i, p := range w.roster.people {
		if p.Email == address {
			p.Title, p.Active = "Meddled", false
			w.roster.people[i] = w.roster.touch(p)
		}
	}
	return nil
}

func (w *world) duplicate(_ context.Context, _ directory.OrganizationID, address string) error {
	w.roster.mu.Lock()
	defer w.roster.mu.Unlock()
	w.roster.add(someone{Email: address, Name: "Another"})
	return nil
}

func (w *world) quota(_ context.Context, _ directory.OrganizationID, n int) error {
	w.roster.mu.Lock()
	defer w.roster.mu.Unlock()
	w.roster.seats = len(w.roster.people) + n
	return nil
}

func TestNewNeedsEverything(t *testing.T) {
	if _, err := example.New(example.Options{URL: "http://127.0.0.1:1"}); err == nil {
		t.Error("a backend without a client is made")
	}
}
