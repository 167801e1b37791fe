package directorytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Plant puts a person into the organization, or changes the one who is there,
// as somebody does who works at the system itself: active, or not. The person is
// in a group of the system's own. It is no [Write].
func (m *Memory) Plant(_ context.Context, org directory.OrganizationID, address string, active bool) error {
	return m.console("plant", org, func(t *tenant) error {
		o, ok := t.members[address]
		if !ok {
			o = directory.ObservedMember{Member: directory.Member{Organization: org, Address: address}, ID: m.nextID()}
		}
		if o.State = directory.MemberDisabled; active {
			o.State = directory.MemberActive
		}
		t.members[address] = o
		t.foreign[address] = []string{"everybody"}
		return nil
	})
}

// Foreign describes who is in groups of the system's own.
func (m *Memory) Foreign(_ context.Context, org directory.OrganizationID) (string, error) {
	var lines []string
	err := m.console("describe", org, func(t *tenant) error {
		for _, address := range slices.Sorted(maps.Keys(t.foreign)) {
			lines = append(lines, fmt.Sprint(address, " is in ", t.foreign[address]))
		}
		return nil
	})
	return strings.Join(lines, "\n"), err
}

// Meddle disables the member, as somebody does who works at the system itself.
func (m *Memory) Meddle(_ context.Context, org directory.OrganizationID, address string) error {
	return m.console("meddle", org, func(t *tenant) error {
		o, err := t.lone("meddle", address)
		if err != nil {
			return err
		}
		o.State = directory.MemberDisabled
		t.members[address] = o
		return nil
	})
}

// Duplicate has two people have the address of this member, until
// [Memory.Undouble].
func (m *Memory) Duplicate(_ context.Context, org directory.OrganizationID, address string) error {
	return m.console("duplicate", org, func(t *tenant) error {
		_, err := t.lone("duplicate", address)
		t.twice[address] = err == nil
		return err
	})
}

// Undouble ends what [Memory.Duplicate] began: the member is left.
func (m *Memory) Undouble(_ context.Context, org directory.OrganizationID, address string) error {
	return m.console("undouble", org, func(t *tenant) error {
		delete(t.twice, address)
		return nil
	})
}

// Limit leaves room for n more members from now on.
func (m *Memory) Limit(_ context.Context, org directory.OrganizationID, n int) error {
	return m.console("limit", org, func(t *tenant) error {
		t.seats = len(t.members) + n
		return nil
	})
}

// Expire makes all cursors that were handed out so far too old.
func (m *Memory) Expire(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	return nil
}

func (m *Memory) console(op string, org directory.OrganizationID, f func(*tenant) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tenant(org)
	if !ok {
		return notFound(op, "organization %q", org)
	}
	return f(t)
}
