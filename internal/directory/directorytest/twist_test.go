package directorytest

import (
	"context"
	"sync/atomic"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// twist is a correct backend of which a test bends single methods.
type twist struct {
	directory.Backend
	memory      *Memory
	extraWrites atomic.Int64

	capabilities       func() directory.Capabilities
	check              func(context.Context) error
	applyOrganization  func(context.Context, directory.Organization) error
	removeOrganization func(context.Context, directory.OrganizationID) error
	applyUnit          func(context.Context, directory.Unit) error
	removeUnit         func(context.Context, directory.OrganizationID, string) error
	applyRole          func(context.Context, directory.Role) error
	removeRole         func(context.Context, directory.OrganizationID, string) error
	member             func(context.Context, directory.OrganizationID, string) (directory.ObservedMember, error)
	listMembers        func(context.Context, directory.OrganizationID, string) (directory.MemberPage, error)
	applyMember        func(context.Context, directory.Member) (directory.ObservedMember, error)
	applyAccess        func(context.Context, directory.OrganizationID, string, directory.Access) error
	removeMember       func(context.Context, directory.OrganizationID, string, directory.Removal) error
	changeAddress      func(ctx context.Context, org directory.OrganizationID, from, to string) error
}

func (w *twist) Capabilities(ctx context.Context) (directory.Capabilities, error) {
	if w.capabilities != nil {
		return w.capabilities(), nil
	}
	return w.Backend.Capabilities(ctx)
}

func (w *twist) Check(ctx context.Context) error {
	if w.check != nil {
		return w.check(ctx)
	}
	return w.Backend.Check(ctx)
}

func (w *twist) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	if w.applyOrganization != nil {
		return w.applyOrganization(ctx, o)
	}
	return w.Backend.ApplyOrganization(ctx, o)
}

func (w *twist) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	if w.removeOrganization != nil {
		return w.removeOrganization(ctx, id)
	}
	return w.Backend.RemoveOrganization(ctx, id)
}

func (w *twist) ApplyUnit(ctx context.Context, u directory.Unit) error {
	if w.applyUnit != nil {
		return w.applyUnit(ctx, u)
	}
	return w.Backend.ApplyUnit(ctx, u)
}

func (w *twist) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	if w.removeUnit != nil {
		return w.removeUnit(ctx, org, name)
	}
	return w.Backend.RemoveUnit(ctx, org, name)
}

func (w *twist) ApplyRole(ctx context.Context, r directory.Role) error {
	if w.applyRole != nil {
		return w.applyRole(ctx, r)
	}
	return w.Backend.ApplyRole(ctx, r)
}

func (w *twist) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	if w.removeRole != nil {
		return w.removeRole(ctx, org, name)
	}
	return w.Backend.RemoveRole(ctx, org, name)
}

func (w *twist) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	if w.member != nil {
		return w.member(ctx, org, address)
	}
	return w.Backend.Member(ctx, org, address)
}

func (w *twist) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	if w.listMembers != nil {
		return w.listMembers(ctx, org, cursor)
	}
	return w.Backend.ListMembers(ctx, org, cursor)
}

func (w *twist) ApplyMember(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
	if w.applyMember != nil {
		return w.applyMember(ctx, m)
	}
	return w.Backend.ApplyMember(ctx, m)
}

func (w *twist) ApplyAccess(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
	if w.applyAccess != nil {
		return w.applyAccess(ctx, org, address, a)
	}
	return w.Backend.ApplyAccess(ctx, org, address, a)
}

func (w *twist) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	if w.removeMember != nil {
		return w.removeMember(ctx, org, address, how)
	}
	return w.Backend.RemoveMember(ctx, org, address, how)
}

func (w *twist) ChangeAddress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	if w.changeAddress != nil {
		return w.changeAddress(ctx, org, from, to)
	}
	return w.memory.ChangeAddress(ctx, org, from, to)
}

// has observes a member, or nobody.
func (w *twist) has(org directory.OrganizationID, address string) (directory.ObservedMember, bool) {
	m, err := w.memory.Member(context.Background(), org, address)
	return m, err == nil
}
