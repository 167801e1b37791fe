package directorytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// MemoryOptions say how a [Memory] behaves.
type MemoryOptions struct {
	// Clock tells when somebody joins. Required.
	Clock clock.PassiveClock
	// PageSize is the most members of a page; 0 means 100.
	PageSize int
	// NoUnits and NoRoles take these abilities away.
	NoUnits, NoRoles bool
}

// Memory is a [directory.Backend] that keeps everything in maps, and does what
// tests ask: see [Memory.Inject], [Memory.Omit], [Memory.Activate] and
// [Memory.Writes]. It may be used by many goroutines at once.
type Memory struct {
	clock        clock.PassiveClock
	capabilities directory.Capabilities

	mu     sync.Mutex
	orgs   map[directory.OrganizationID]*tenant
	writes []Write
	lastID int

	faults faults
}

var _ directory.Backend = (*Memory)(nil)

// Write is one change that a [Memory] has made.
type Write struct {
	Method       Method
	Organization directory.OrganizationID
	// Key is the address or the name of what was changed; empty for an organization.
	Key string
}

// tenant is one organization and all that is in it.
type tenant struct {
	organization directory.Organization
	units        map[string]directory.Unit
	roles        map[string]directory.Role
	members      map[string]directory.ObservedMember
	omitted      map[string]bool
}

// NewMemory returns an empty backend.
func NewMemory(o MemoryOptions) (*Memory, error) {
	if o.Clock == nil {
		return nil, errors.New("a memory backend needs a clock")
	}
	return &Memory{
		clock: o.Clock,
		capabilities: directory.Capabilities{
			Invitations: directory.InvitationsOurs,
			SignIn:      directory.SignInHere,
			Tenancy:     directory.TenancyMany,
			PageSize:    cmp.Or(o.PageSize, 100),
			Units:       !o.NoUnits,
			NestedUnits: !o.NoUnits,
			Roles:       !o.NoRoles,
			UnitGrants:  !o.NoUnits && !o.NoRoles,
			Permissions: !o.NoRoles,
			Fields:      directory.AllFields(),
			Removals:    []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete},
		},
		orgs: map[directory.OrganizationID]*tenant{},
	}, nil
}

// Writes returns what was changed so far, in order. A call that found nothing
// to change has left no Write.
func (m *Memory) Writes() []Write {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.writes)
}

// Activate makes an invited member active as if the person had accepted; an
// active one keeps the time of joining. A disabled member cannot accept.
func (m *Memory) Activate(_ context.Context, org directory.OrganizationID, address, confirmedName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.orgs[org]
	if !ok {
		return notFound("accept", "organization %q", org)
	}
	found, ok := t.members[address]
	if !ok || found.State == directory.MemberDisabled {
		return notFound("accept", "an invited member")
	}
	found.State, found.ConfirmedName = directory.MemberActive, confirmedName
	found.JoinedAt = cmp.Or(found.JoinedAt, m.clock.Now())
	t.members[address] = found
	m.wrote(methodActivate, org, address)
	return nil
}

// Omit leaves these members out of listings from now on, which then are not
// complete; observed one by one they are still there. Without addresses,
// listings are whole again.
func (m *Memory) Omit(org directory.OrganizationID, addresses ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.orgs[org]
	if !ok {
		return notFound("omit", "organization %q", org)
	}
	clear(t.omitted)
	for _, a := range addresses {
		t.omitted[a] = true
	}
	return nil
}

// Capabilities implements [directory.Backend].
func (m *Memory) Capabilities(ctx context.Context) (directory.Capabilities, error) {
	return m.capabilities, ctx.Err()
}

// Check implements [directory.Backend].
func (m *Memory) Check(ctx context.Context) error {
	return m.call(ctx, call{method: MethodCheck}, func() error { return nil })
}

// ApplyOrganization implements [directory.Backend].
func (m *Memory) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	return m.call(ctx, call{MethodApplyOrganization, o.ID, ""}, func() error {
		if err := storable(o.DisplayName); err != nil {
			return err
		}
		t, ok := m.orgs[o.ID]
		if ok && t.organization == o {
			return nil
		}
		if !ok {
			t = &tenant{
				units:   map[string]directory.Unit{},
				roles:   map[string]directory.Role{},
				members: map[string]directory.ObservedMember{},
				omitted: map[string]bool{},
			}
			m.orgs[o.ID] = t
		}
		t.organization = o
		m.wrote(MethodApplyOrganization, o.ID, "")
		return nil
	})
}

// RemoveOrganization implements [directory.Backend].
func (m *Memory) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	return m.call(ctx, call{MethodRemoveOrganization, id, ""}, func() error {
		if _, ok := m.orgs[id]; ok {
			delete(m.orgs, id)
			m.wrote(MethodRemoveOrganization, id, "")
		}
		return nil
	})
}

// ApplyUnit implements [directory.Backend].
func (m *Memory) ApplyUnit(ctx context.Context, u directory.Unit) error {
	return m.call(ctx, call{MethodApplyUnit, u.Organization, u.Name}, func() error {
		t, err := m.tenantFor("apply a unit", u.Organization, m.capabilities.Units)
		if err != nil {
			return err
		}
		if _, ok := t.units[u.Parent]; !ok && u.Parent != "" {
			return notFound("apply a unit", "parent unit %q", u.Parent)
		}
		if err := storable(u.DisplayName); err != nil {
			return err
		}
		if t.units[u.Name] == u {
			return nil
		}
		t.units[u.Name] = u
		m.wrote(MethodApplyUnit, u.Organization, u.Name)
		return nil
	})
}

// RemoveUnit implements [directory.Backend].
func (m *Memory) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	return m.call(ctx, call{MethodRemoveUnit, org, name}, func() error {
		t, ok := m.orgs[org]
		if !ok {
			return nil
		}
		if _, ok := t.units[name]; !ok {
			return nil
		}
		delete(t.units, name)
		for key, u := range t.units {
			if u.Parent == name {
				u.Parent = ""
				t.units[key] = u
			}
		}
		t.reduce(func(g directory.Grant) bool { return g.Unit == name }, func(unit string) bool { return unit == name })
		m.wrote(MethodRemoveUnit, org, name)
		return nil
	})
}

// ApplyRole implements [directory.Backend].
func (m *Memory) ApplyRole(ctx context.Context, r directory.Role) error {
	return m.call(ctx, call{MethodApplyRole, r.Organization, r.Name}, func() error {
		t, err := m.tenantFor("apply a role", r.Organization, m.capabilities.Roles)
		if err != nil {
			return err
		}
		if err := storable(append([]string{r.DisplayName}, r.Permissions...)...); err != nil {
			return err
		}
		if old, ok := t.roles[r.Name]; ok && sameRole(old, r) {
			return nil
		}
		r.Permissions = slices.Clone(r.Permissions)
		t.roles[r.Name] = r
		m.wrote(MethodApplyRole, r.Organization, r.Name)
		return nil
	})
}

// RemoveRole implements [directory.Backend].
func (m *Memory) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	return m.call(ctx, call{MethodRemoveRole, org, name}, func() error {
		t, ok := m.orgs[org]
		if !ok {
			return nil
		}
		if _, ok := t.roles[name]; !ok {
			return nil
		}
		delete(t.roles, name)
		t.reduce(func(g directory.Grant) bool { return g.Role == name }, func(string) bool { return false })
		m.wrote(MethodRemoveRole, org, name)
		return nil
	})
}

// reduce takes grants and units away from everybody.
func (t *tenant) reduce(grant func(directory.Grant) bool, unit func(string) bool) {
	for address, o := range t.members {
		o.Access = directory.Access{
			Grants: slices.DeleteFunc(slices.Clone(o.Access.Grants), grant),
			Units:  slices.DeleteFunc(slices.Clone(o.Access.Units), unit),
		}
		t.members[address] = o
	}
}

func sameRole(a, b directory.Role) bool {
	return a.DisplayName == b.DisplayName && a.Level == b.Level && slices.Equal(a.Permissions, b.Permissions)
}

// tenantFor returns the organization if the backend can do what is asked of it.
func (m *Memory) tenantFor(op string, id directory.OrganizationID, able bool) (*tenant, error) {
	if !able {
		return nil, directory.Errorf(directory.KindUnsupported, op, "this backend cannot do it")
	}
	t, ok := m.orgs[id]
	if !ok {
		return nil, notFound(op, "organization %q", id)
	}
	return t, nil
}

func (m *Memory) wrote(method Method, org directory.OrganizationID, key string) {
	m.writes = append(m.writes, Write{Method: method, Organization: org, Key: key})
}

func notFound(op, format string, args ...any) error {
	return directory.Errorf(directory.KindNotFound, op, "%s does not exist", fmt.Sprintf(format, args...))
}

// storable refuses what the strictest of the real backends cannot store.
func storable(texts ...string) error {
	for _, s := range texts {
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return directory.Errorf(directory.KindInvalid, "store a text", "it holds a NUL character or is not UTF-8")
		}
	}
	return nil
}

// own returns a copy that shares nothing.
func own(o directory.ObservedMember) directory.ObservedMember {
	o.Profile.Attributes = maps.Clone(o.Profile.Attributes)
	o.Access = directory.Access{Grants: slices.Clone(o.Access.Grants), Units: slices.Clone(o.Access.Units)}
	return o
}
