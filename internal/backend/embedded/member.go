package embedded

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Member implements [directory.Backend].
func (b *Backend) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	const op = "observe a member"
	var found *directory.ObservedMember
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectRow(ctx, tx, org, address)
		if err != nil || r == nil {
			found = nil
			return err
		}
		found, err = observed(ctx, tx, r)
		return err
	})
	if err == nil && found == nil {
		err = inOp(op, missing("the member"))
	}
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return *found, nil
}

// ApplyMember implements [directory.Backend].
func (b *Backend) ApplyMember(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
	const op = "apply a member"
	if err := checkMember(m); err != nil {
		return directory.ObservedMember{}, inOp(op, err)
	}
	var found *directory.ObservedMember
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		found = nil
		before, err := selectRow(ctx, tx, m.Organization, m.Address)
		if err != nil || before == nil {
			return err
		}
		if after := settle(before, m, b.clock.Now()); !before.unchanged(&after) {
			return nil
		}
		found, err = observed(ctx, tx, before)
		return err
	})
	if err == nil && found == nil {
		err = b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
			var err error
			found, err = b.applyMember(ctx, tx, m)
			return err
		})
	}
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return *found, nil
}

// applyMember compares once more, because somebody else may have written since.
func (b *Backend) applyMember(ctx context.Context, tx database.Tx, m directory.Member) (*directory.ObservedMember, error) {
	before, err := selectRow(ctx, tx, m.Organization, m.Address)
	if err != nil {
		return nil, err
	}
	after := settle(before, m, b.clock.Now())
	if before == nil {
		return b.create(ctx, tx, &after)
	}
	if !before.unchanged(&after) {
		if err := after.update(ctx, tx); err != nil {
			return nil, err
		}
		if after.State == directory.MemberDisabled && before.State != directory.MemberDisabled {
			if err := endSessions(ctx, tx, after.ID); err != nil {
				return nil, err
			}
		}
	}
	return observed(ctx, tx, &after)
}

func (b *Backend) create(ctx context.Context, tx database.Tx, r *row) (*directory.ObservedMember, error) {
	if err := needOrganization(ctx, tx, r.Organization); err != nil {
		return nil, err
	}
	var err error
	if r.ID, err = randomID(b.rand); err != nil {
		return nil, err
	}
	if err := r.insert(ctx, tx); err != nil {
		return nil, err
	}
	return &r.ObservedMember, nil
}

// RemoveMember implements [directory.Backend].
func (b *Backend) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	const op = "remove a member"
	var query string
	var remove func(context.Context, database.Tx, directory.OrganizationID, string) error
	switch how {
	case directory.RemovalDrop, directory.RemovalDelete:
		query, remove = "SELECT COUNT(*) FROM members WHERE organization = $1 AND address = $2", drop
	case directory.RemovalDisable:
		query, remove = "SELECT COUNT(*) FROM members WHERE organization = $1 AND address = $2 AND state <> 'Disabled'", disable
	default:
		return directory.Errorf(directory.KindInvalid, op, "there is no removal %q", how)
	}
	if there, err := b.there(ctx, op, query, org, address); err != nil || !there {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error { return remove(ctx, tx, org, address) })
}

// drop has foreign keys take access, password and sessions along.
func drop(ctx context.Context, tx database.Tx, org directory.OrganizationID, address string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM members WHERE organization = $1 AND address = $2", org, address)
	return err
}

func disable(ctx context.Context, tx database.Tx, org directory.OrganizationID, address string) error {
	r, err := selectRow(ctx, tx, org, address)
	if err != nil || r == nil || r.State == directory.MemberDisabled {
		return err
	}
	r.State = directory.MemberDisabled
	if err := r.update(ctx, tx); err != nil {
		return err
	}
	return endSessions(ctx, tx, r.ID)
}

// checkMember is KindInvalid for what can never be stored.
func checkMember(m directory.Member) error {
	texts := fields(m.Profile)
	all := texts[:]
	for key, value := range m.Profile.Attributes {
		all = append(all, key, value)
	}
	switch m.State {
	case directory.MemberInvited, directory.MemberActive, directory.MemberDisabled:
	default:
		return &directory.Error{Kind: directory.KindInvalid, Err: fmt.Errorf("there is no state %q of a member", m.State)}
	}
	return firstOf(storableKey("the address", m.Address), storable("the profile", all...))
}
