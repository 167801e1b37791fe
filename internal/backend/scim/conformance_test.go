package scim_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// provider is a service provider with habits of those in the field.
type provider struct {
	name   string
	quirks func(*scimserver.Quirks)
	change func(*settings)
	// always is true for one that is tried while data races are looked for, too.
	always bool
}

func providers() []provider {
	type q = *scimserver.Quirks
	return []provider{
		{name: "by the book"},
		{name: "etags without content", quirks: func(q q) { q.ETags, q.NoContent, q.RequireIfMatch = true, true, true }},
		{name: "no patch", quirks: func(q q) { q.NoPatch = 501 }},
		{name: "no value paths", quirks: func(q q) { q.NoValuePaths, q.RemoveMembers = true, scimserver.RemoveByValue }},
		{name: "filters by eq", quirks: func(q q) { q.Filter = scimserver.FilterEq }},
		{name: "filters by userName", quirks: func(q q) {
			q.Filter, q.FilterAttributes = scimserver.FilterEq, []string{"userName"}
		}},
		{name: "filters refused", quirks: func(q q) { q.Filter = scimserver.FilterRefused }},
		{name: "filters ignored", quirks: func(q q) { q.Filter = scimserver.FilterIgnored }},
		{name: "cursors only", quirks: func(q q) { q.Cursor = scimserver.CursorOnly }},
		{name: "sloppy answers", quirks: func(q q) {
			q.ShortPages, q.ActiveAsString, q.UsersWithoutEmails, q.CreatedWithoutBody = true, true, true, true
		}},
		{name: "groups without members", quirks: func(q q) { q.GroupsWithoutMembers = true }},
		{name: "a group without members", quirks: func(q q) { q.GroupWithoutMembers = true }},
		{name: "users without groups", quirks: func(q q) { q.UsersWithoutGroups = true }},
		{name: "only a group tells", quirks: func(q q) { q.UsersWithoutGroups, q.GroupsWithoutMembers = true, true }},
		{name: "no groups", quirks: func(q q) { q.NoGroups = true }},
		{name: "no externalId", quirks: func(q q) { q.NoExternalID = true }},
		{name: "strict", quirks: func(q q) {
			q.UniqueExternalID, q.UniqueGroupNames, q.RejectUnknown = true, true, true
			q.IDs = func(n int) string { return fmt.Sprintf("a/b c?%%%d", n) }
		}},
		{name: "no delete", quirks: func(q q) { q.NoDelete = 405 }, change: func(s *settings) { s.client.Overrides.Delete = protocol.No }},
		{name: "undescribed", quirks: func(q q) {
			q.NoServiceProviderConfig, q.NoSchemas, q.NoResourceTypes = true, true, true
		}},
		{name: "names in attributes", change: func(s *settings) {
			s.backend.Mapping.Units = scim.Holding{In: scim.HeldInAttribute, Attribute: "roles"}
			s.backend.Mapping.Roles = scim.Holding{In: scim.HeldInAttribute, Attribute: "entitlements.value"}
			s.backend.Mapping.Attributes = []scim.Attribute{{Field: "attributes.license"}}
		}},
		{name: "bulk", always: true, quirks: func(q q) { q.Bulk = 5 }},
		{name: "all in bulk", always: true, quirks: func(q q) { q.Bulk, q.ETags = 50, true }, change: allInBulk},
		{name: "all in bulk without filters", quirks: func(q q) { q.Bulk, q.Filter = 50, scimserver.FilterRefused }, change: allInBulk},
		{name: "nothing held", change: func(s *settings) {
			s.backend.Mapping.Units.In, s.backend.Mapping.Roles.In = scim.HeldNowhere, scim.HeldNowhere
		}},
	}
}

func (p provider) with(provisioning scim.Provisioning) func(*settings) {
	return func(s *settings) {
		if p.quirks != nil {
			p.quirks(&s.server.Quirks)
		}
		if p.change != nil {
			p.change(s)
		}
		s.backend.Provisioning, s.client.Overrides.MaxPageSize = provisioning, 10
	}
}

// allInBulk sends what comes alone in bulk, too.
func allInBulk(s *settings) { s.client.Overrides.BulkMinOperations = 1 }

// sparing is how many habits are passed over for one that is tried while data
// races are looked for, which takes several times as long; "make test" tries all
// of them once more without.
const sparing = 5

// TestBY11_ScimPassesTheSuite takes each habit with one way of provisioning in
// turn, and the book with both: what the two have in common is most of it.
func TestBY11_ScimPassesTheSuite(t *testing.T) {
	both := []scim.Provisioning{scim.ProvisionImmediately, scim.ProvisionOnAccept}
	for i, p := range providers() {
		if (raced || testing.Short()) && i%sparing != 0 && !p.always {
			continue
		}
		ways := both[i%2 : i%2+1]
		if i == 0 {
			ways = both
		}
		for _, provisioning := range ways {
			t.Run(fmt.Sprintf("%s/%s", p.name, provisioning), func(t *testing.T) {
				t.Parallel()
				directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
					w := newWorld(t, p.with(provisioning))
					return w.fixture()
				})
			})
		}
	}
}

// fixture plays the parts of people at the service provider's own console.
func (w *world) fixture() directorytest.Fixture {
	f := directorytest.Fixture{
		Backend: w, Activate: w.accept, Writes: w.writes,
		Plant: w.plant, Foreign: w.foreign, Meddle: w.meddle, Duplicate: w.duplicate, Quota: w.quota,
		Expire: func(context.Context) error { w.restart(); return nil },
		Wait:   func(d time.Duration) { w.clock.Step(d) },
	}
	return f
}

// TestBY11_ScimEndsAlikeWhateverBreaks puts every fault at every request of all
// scenarios, or with the race detector a share of them.
func TestBY11_ScimEndsAlikeWhateverBreaks(t *testing.T) {
	for _, provisioning := range []scim.Provisioning{scim.ProvisionImmediately, scim.ProvisionOnAccept} {
		t.Run(string(provisioning), func(t *testing.T) {
			directorytest.RunFaults(t, func(t *testing.T) directorytest.Fixture {
				w := newWorld(t, broken, func(s *settings) {
					s.backend.Provisioning, s.client.Timeout, s.client.Overrides.MaxPageSize = provisioning, 3*time.Second, 5
				})
				f := w.fixture()
				f.Wire = w.proxy
				return f
			})
		})
	}
}

// TestBY11_ScimEndsAlikeWhateverBreaksInBulk is the same with every change in
// bulk.
func TestBY11_ScimEndsAlikeWhateverBreaksInBulk(t *testing.T) {
	directorytest.RunFaults(t, func(t *testing.T) directorytest.Fixture {
		w := newWorld(t, broken, quirks(func(q *scimserver.Quirks) { q.Bulk, q.ETags = 50, true }), allInBulk, func(s *settings) {
			s.backend.Provisioning, s.client.Timeout, s.client.Overrides.MaxPageSize = scim.ProvisionImmediately, time.Second, 5
		})
		f := w.fixture()
		f.Wire = w.proxy
		return f
	})
}

// plant creates somebody who is in a group of the service provider's own, and of
// whom another client knows more.
func (w *world) plant(_ context.Context, _ directory.OrganizationID, address string, active bool) error {
	// Where listings stand in for filters, it is seen when the next one is read.
	defer w.clock.Step(time.Minute)
	id := w.server.PutUser(scimserver.User{UserName: address, Active: active, Attributes: map[string]any{
		"nickName": "the planted", "emails": []any{map[string]any{"value": address, "primary": true}},
	}})
	if w.server.Quirks().NoGroups {
		return nil
	}
	own := scimserver.Group{DisplayName: "Everybody"}
	if g, is := w.server.Group(own.DisplayName); is {
		own = g
	}
	own.Members = append(own.Members, id)
	w.server.PutGroup(own)
	return nil
}

func (w *world) foreign(context.Context, directory.OrganizationID) (string, error) {
	var told []string
	for _, u := range w.server.Users() {
		if nick, is := u.Attributes["nickName"]; is {
			told = append(told, fmt.Sprintf("user %s %s %v", u.ID, u.UserName, nick))
		}
	}
	for _, g := range w.server.Groups() {
		if g.DisplayName == "Everybody" {
			told = append(told, fmt.Sprintf("group %s %q of %v", g.ID, g.ExternalID, g.Members))
		}
	}
	slices.Sort(told)
	return fmt.Sprint(told), nil
}

func (w *world) meddle(_ context.Context, _ directory.OrganizationID, address string) error {
	u, _ := w.server.User(address)
	u.Attributes["title"] = fmt.Sprint("meddled with ", w.server.Writes())
	w.server.PutUser(u)
	return nil
}

func (w *world) duplicate(_ context.Context, _ directory.OrganizationID, address string) error {
	u, is := w.server.User(address)
	if !is {
		u = scimserver.User{UserName: address}
		w.server.PutUser(u)
	}
	u.ID = ""
	w.server.PutUser(u)
	// Where listings stand in for filters, it is seen when the next one is read.
	w.clock.Step(time.Minute)
	return nil
}

func (w *world) quota(_ context.Context, _ directory.OrganizationID, n int) error {
	q := w.server.Quirks()
	q.Seats = scimserver.Seats{Limit: len(w.server.Users()) + n, SCIMType: "noSeats", Detail: "No seats available."}
	w.server.SetQuirks(q)
	return nil
}
