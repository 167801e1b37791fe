package metered

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// backend measures every method that does I/O.
type backend struct {
	directory.Backend

	meter measure
}

// Check implements [directory.Backend].
func (b backend) Check(ctx context.Context) error {
	began := b.meter.clock.Now()
	return b.meter.done("Check", began, b.Backend.Check(ctx))
}

// Capabilities implements [directory.Backend].
func (b backend) Capabilities(ctx context.Context) (directory.Capabilities, error) {
	began := b.meter.clock.Now()
	got, err := b.Backend.Capabilities(ctx)
	return got, b.meter.done("Capabilities", began, err)
}

// ApplyOrganization implements [directory.Backend].
func (b backend) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	began := b.meter.clock.Now()
	return b.meter.done("ApplyOrganization", began, b.Backend.ApplyOrganization(ctx, o))
}

// RemoveOrganization implements [directory.Backend].
func (b backend) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	began := b.meter.clock.Now()
	return b.meter.done("RemoveOrganization", began, b.Backend.RemoveOrganization(ctx, id))
}

// ApplyUnit implements [directory.Backend].
func (b backend) ApplyUnit(ctx context.Context, u directory.Unit) error {
	began := b.meter.clock.Now()
	return b.meter.done("ApplyUnit", began, b.Backend.ApplyUnit(ctx, u))
}

// RemoveUnit implements [directory.Backend].
func (b backend) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	began := b.meter.clock.Now()
	return b.meter.done("RemoveUnit", began, b.Backend.RemoveUnit(ctx, org, name))
}

// ApplyRole implements [directory.Backend].
func (b backend) ApplyRole(ctx context.Context, r directory.Role) error {
	began := b.meter.clock.Now()
	return b.meter.done("ApplyRole", began, b.Backend.ApplyRole(ctx, r))
}

// RemoveRole implements [directory.Backend].
func (b backend) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	began := b.meter.clock.Now()
	return b.meter.done("RemoveRole", began, b.Backend.RemoveRole(ctx, org, name))
}

// Member implements [directory.Backend].
func (b backend) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	began := b.meter.clock.Now()
	got, err := b.Backend.Member(ctx, org, address)
	return got, b.meter.done("Member", began, err)
}

// ListMembers implements [directory.Backend].
func (b backend) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	began := b.meter.clock.Now()
	got, err := b.Backend.ListMembers(ctx, org, cursor)
	return got, b.meter.done("ListMembers", began, err)
}

// ApplyMember implements [directory.Backend].
func (b backend) ApplyMember(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
	began := b.meter.clock.Now()
	got, err := b.Backend.ApplyMember(ctx, m)
	return got, b.meter.done("ApplyMember", began, err)
}

// ApplyAccess implements [directory.Backend].
func (b backend) ApplyAccess(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
	began := b.meter.clock.Now()
	return b.meter.done("ApplyAccess", began, b.Backend.ApplyAccess(ctx, org, address, a))
}

// RemoveMember implements [directory.Backend].
func (b backend) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	began := b.meter.clock.Now()
	return b.meter.done("RemoveMember", began, b.Backend.RemoveMember(ctx, org, address, how))
}
