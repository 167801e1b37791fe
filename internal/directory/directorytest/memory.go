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
	// NoNestedUnits, NoUnitGrants and NoPermissions take these away: units below
	// units, roles within units, and what roles permit.
	NoNestedUnits, NoUnitGrants, NoPermissions bool
	// Tenancy says how many organizations there are; the zero value means
	// [directory.TenancyMany].
	Tenancy directory.Tenancy
	// SignIn says where people sign in; the zero value means [directory.SignInHere].
	SignIn directory.SignInStyle
	// Fields are what is kept of a profile; nil means all of it.
	Fields []directory.ProfileField
	// Removals are the ways in which a member can go; nil means all three.
	Removals []directory.Removal
	// Notes are told with the capabilities.
	Notes []string
	// EmptyPages has each page of a listing that is followed by another followed
	// by an empty one first.
	EmptyPages bool
}

// Memory is a [directory.Backend] that keeps everything in maps, and does what
// tests ask: see [Memory.Inject], [Memory.Omit], [Memory.Activate],
// [Memory.Writes], and what happens at its own console: [Memory.Plant],
// [Memory.Meddle], [Memory.Duplicate], [Memory.Limit] and [Memory.Expire]. It may be used by many goroutines at once.
type Memory struct {
	clock        clock.PassiveClock
	capabilities directory.Capabilities
	emptyPages   bool

	mu   sync.Mutex
	orgs map[directory.OrganizationID]*tenant
	// one is the tenant of all organizations where the system is one.
	one    *tenant
	writes []Write
	lastID int
	// generation of cursors; others are too old.
	generation int

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
	// ours are the members who were created or adopted.
	ours map[string]bool
	// foreign are the groups of the system's own that somebody is in.
	foreign map[string][]string
	// twice are the addresses that two people have.
	twice map[string]bool
	// seats is how many members there can be; less than 0 is any number.
	seats int
}

func newTenant() *tenant {
	return &tenant{
		units:   map[string]directory.Unit{},
		roles:   map[string]directory.Role{},
		members: map[string]directory.ObservedMember{},
		omitted: map[string]bool{},
		ours:    map[string]bool{},
		foreign: map[string][]string{},
		twice:   map[string]bool{},
		seats:   -1,
	}
}

// NewMemory returns an empty backend.
func NewMemory(o MemoryOptions) (*Memory, error) {
	if o.Clock == nil {
		return nil, errors.New("a memory backend needs a clock")
	}
	m := &Memory{clock: o.Clock, capabilities: o.capabilities(), emptyPages: o.EmptyPages, orgs: map[directory.OrganizationID]*tenant{}}
	if m.capabilities.Tenancy == directory.TenancyOne {
		m.one = newTenant()
	}
	return m, nil
}

func (o MemoryOptions) capabilities() directory.Capabilities {
	c := directory.Capabilities{
		Invitations: directory.InvitationsOurs,
		SignIn:      cmp.Or(o.SignIn, directory.SignInHere),
		Tenancy:     cmp.Or(o.Tenancy, directory.TenancyMany),
		PageSize:    cmp.Or(o.PageSize, 100),
		Units:       !o.NoUnits,
		NestedUnits: !o.NoUnits && !o.NoNestedUnits,
		Roles:       !o.NoRoles,
		UnitGrants:  !o.NoUnits && !o.NoRoles && !o.NoUnitGrants,
		Permissions: !o.NoRoles && !o.NoPermissions,
		Fields:      directory.AllFields(),
		Removals:    []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete},
		Notes:       slices.Clone(o.Notes),
	}
	if o.Fields != nil {
		c.Fields = slices.Clone(o.Fields)
	}
	if o.Removals != nil {
		c.Removals = slices.Clone(o.Removals)
	}
	return c
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
	t, ok := m.tenant(org)
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
	t, ok := m.tenant(org)
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
		t, ok := m.tenant(o.ID)
		if m.one != nil || ok && t.organization == o {
			return nil
		}
		if !ok {
			t = newTenant()
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
		if m.one != nil {
			m.evacuate(id)
			return nil
		}
		if _, ok := m.orgs[id]; ok {
			delete(m.orgs, id)
			m.wrote(MethodRemoveOrganization, id, "")
		}
		return nil
	})
}

// evacuate leaves the tenant what is not ours.
func (m *Memory) evacuate(id directory.OrganizationID) {
	if len(m.one.ours)+len(m.one.units)+len(m.one.roles) == 0 {
		return
	}
	clear(m.one.units)
	clear(m.one.roles)
	for address := range m.one.ours {
		m.one.remove(address)
	}
	m.one.reduce(func(directory.Grant) bool { return true }, func(string) bool { return true })
	m.wrote(MethodRemoveOrganization, id, "")
}

// tenant is the organization, and whether there is one.
func (m *Memory) tenant(id directory.OrganizationID) (*tenant, bool) {
	if m.one != nil {
		return m.one, true
	}
	t, ok := m.orgs[id]
	return t, ok
}

// tenantFor returns the organization if the backend can do what is asked of it.
func (m *Memory) tenantFor(op string, id directory.OrganizationID, able bool) (*tenant, error) {
	if !able {
		return nil, unsupported(op)
	}
	t, ok := m.tenant(id)
	if !ok {
		return nil, notFound(op, "organization %q", id)
	}
	return t, nil
}

func (m *Memory) wrote(method Method, org directory.OrganizationID, key string) {
	m.writes = append(m.writes, Write{Method: method, Organization: org, Key: key})
}

func unsupported(op string) error {
	return directory.Errorf(directory.KindUnsupported, op, "this backend cannot do it")
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
