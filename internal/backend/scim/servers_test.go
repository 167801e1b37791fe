package scim_test

import (
	"slices"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit/casdoor"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimmy"
)

// at is a service provider that is running already.
func at(url, token string, provisioning scim.Provisioning) func(*settings) {
	return func(s *settings) {
		s.client.URL, s.client.Authorize = url, protocol.BearerToken(token)
		s.backend.Provisioning, s.client.Overrides.MaxPageSize = provisioning, 10
	}
}

// bare is what can be done at a service provider without a console: writes are
// those that are counted on our side.
func (w *world) bare() directorytest.Fixture {
	return directorytest.Fixture{Backend: w, Activate: w.accept}
}

func TestBY11_ScimPassesTheSuiteOnScimmy(t *testing.T) {
	for _, provisioning := range []scim.Provisioning{scim.ProvisionImmediately, scim.ProvisionOnAccept} {
		if raced && provisioning == scim.ProvisionImmediately {
			continue
		}
		t.Run(string(provisioning), func(t *testing.T) {
			t.Parallel()
			directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
				s := scimmy.Start(t)
				return newWorld(t, at(s.URL(), s.Token(), provisioning)).bare()
			})
		})
	}
}

// scimmy repeats a bulkId for creations only, and tells nothing of what it made.
func TestBY11_ScimPassesTheSuiteOnScimmyInBulk(t *testing.T) {
	if raced {
		t.Skip("tried without the race detector")
	}
	t.Parallel()
	directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
		s := scimmy.Start(t)
		return newWorld(t, at(s.URL(), s.Token(), scim.ProvisionImmediately), allInBulk).bare()
	})
}

// Casdoor makes nobody without one of its organizations, has no groups, and
// lets nobody be kept out; what it can do is done, and the rest is refused.
func TestBY11_ScimOnCasdoor(t *testing.T) {
	s := casdoor.Start(t)
	w := newWorld(t, at(s.URL(), s.Token(), scim.ProvisionImmediately))
	can, err := w.Capabilities(t.Context())
	must(t, err)
	if can.Units || can.Roles || slices.Contains(can.Removals, directory.RemovalDisable) {
		t.Errorf("it can do %+v", can)
	}
	wantKind(t, "a unit", w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north"}), directory.KindUnsupported)
	m := person(directory.MemberInvited)
	m.Profile.Attributes = map[string]string{"organization": casdoor.Organization}
	if got := w.apply(m); got.State != directory.MemberInvited || got.ID != "" {
		t.Errorf("somebody who cannot be kept out is %s with the key %q before they accept", got.State, got.ID)
	}
	must(t, w.accept(t.Context(), clinic, ada, "Ada L."))
	if got := w.member(ada); got.State != directory.MemberActive || got.ConfirmedName != "Ada L." {
		t.Errorf("after acceptance: %+v", got)
	}
	wantKind(t, "disabling", w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDisable), directory.KindUnsupported)
	must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop))
	_, err = w.Member(t.Context(), clinic, ada)
	wantKind(t, "who was removed", err, directory.KindNotFound)
}
