package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// row is a member as it is stored, without access.
type row struct {
	directory.ObservedMember
	// version is 0 for a member who is not stored yet.
	version int64
}

// selectMembers is completed by a WHERE clause.
const selectMembers = `
SELECT organization, address, id, state, display_name, given_name, family_name, title, phone, locale,
       attributes, confirmed_name, joined_at, version
FROM members `

func selectRows(ctx context.Context, tx database.Tx, where string, args ...any) ([]row, error) {
	rows, err := tx.QueryContext(ctx, selectMembers+where, args...)
	return collect(rows, err, scanRow)
}

// selectRow returns nil when there is no such member.
func selectRow(ctx context.Context, tx database.Tx, org directory.OrganizationID, address string) (*row, error) {
	rows, err := selectRows(ctx, tx, "WHERE organization = $1 AND address = $2", org, address)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func scanRow(rows *sql.Rows) (row, error) {
	var r row
	var attributes string
	var joined int64
	p := &r.Profile
	err := rows.Scan(&r.Organization, &r.Address, &r.ID, &r.State, &p.DisplayName, &p.GivenName, &p.FamilyName, &p.Title,
		&p.Phone, &p.Locale, &attributes, &r.ConfirmedName, &joined, &r.version)
	if err != nil {
		return row{}, err
	}
	r.JoinedAt = database.FromMicros(joined)
	if attributes != "" {
		if err := json.Unmarshal([]byte(attributes), &p.Attributes); err != nil {
			return row{}, fmt.Errorf("read the attributes of member %q: %w", r.ID, err)
		}
	}
	return r, nil
}

// encodeAttributes keeps "not managed" and "none" apart.
func encodeAttributes(attributes map[string]string) (string, error) {
	if attributes == nil {
		return "", nil
	}
	text, err := json.Marshal(attributes)
	return string(text), err
}

// insert stores a new member; errOvertaken when there is one already.
func (r *row) insert(ctx context.Context, tx database.Tx) error {
	attributes, err := encodeAttributes(r.Profile.Attributes)
	if err != nil {
		return err
	}
	p := r.Profile
	n, err := execute(ctx, tx, `
		INSERT INTO members (organization, address, id, state, display_name, given_name, family_name, title, phone, locale,
			attributes, confirmed_name, joined_at, version, session_epoch)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 1)
		ON CONFLICT (organization, address) DO NOTHING`,
		r.Organization, r.Address, r.ID, r.State, p.DisplayName, p.GivenName, p.FamilyName, p.Title, p.Phone, p.Locale,
		attributes, r.ConfirmedName, database.Micros(r.JoinedAt))
	if err == nil && n == 0 {
		return errOvertaken
	}
	return err
}

// update stores what became of a member; errOvertaken when it is not any more
// what was read.
func (r *row) update(ctx context.Context, tx database.Tx) error {
	attributes, err := encodeAttributes(r.Profile.Attributes)
	if err != nil {
		return err
	}
	p := r.Profile
	n, err := execute(ctx, tx, `
		UPDATE members SET state = $3, display_name = $4, given_name = $5, family_name = $6, title = $7, phone = $8, locale = $9,
			attributes = $10, confirmed_name = $11, joined_at = $12, version = version + 1
		WHERE id = $1 AND version = $2`,
		r.ID, r.version, r.State, p.DisplayName, p.GivenName, p.FamilyName, p.Title, p.Phone, p.Locale,
		attributes, r.ConfirmedName, database.Micros(r.JoinedAt))
	if err == nil && n == 0 {
		return errOvertaken
	}
	return err
}

// settle is what becomes of a member, or of nobody, when a declaration is
// applied.
func settle(before *row, d directory.Member, now time.Time) row {
	after := row{}
	if before != nil {
		after = *before
	}
	after.Organization, after.Address = d.Organization, d.Address
	if d.Profile.DisplayName != "" && d.Profile.DisplayName != after.Profile.DisplayName {
		after.ConfirmedName = ""
	}
	after.Profile = merge(after.Profile, d.Profile)
	after.State = d.State
	if d.State == directory.MemberInvited && !after.JoinedAt.IsZero() {
		after.State = directory.MemberActive
	}
	if after.State == directory.MemberActive && after.JoinedAt.IsZero() {
		after.JoinedAt = now.UTC().Truncate(time.Microsecond)
	}
	return after
}

// merge leaves what is not managed.
func merge(have, want directory.Profile) directory.Profile {
	merged := directory.Profile{
		DisplayName: cmp.Or(want.DisplayName, have.DisplayName),
		GivenName:   cmp.Or(want.GivenName, have.GivenName),
		FamilyName:  cmp.Or(want.FamilyName, have.FamilyName),
		Title:       cmp.Or(want.Title, have.Title),
		Phone:       cmp.Or(want.Phone, have.Phone),
		Locale:      cmp.Or(want.Locale, have.Locale),
		Attributes:  have.Attributes,
	}
	if want.Attributes != nil {
		merged.Attributes = maps.Clone(want.Attributes)
	}
	return merged
}

// unchanged reports whether two rows of one member say the same.
func (r *row) unchanged(after *row) bool {
	return r.State == after.State && r.ConfirmedName == after.ConfirmedName && r.JoinedAt.Equal(after.JoinedAt) &&
		fields(r.Profile) == fields(after.Profile) &&
		(r.Profile.Attributes == nil) == (after.Profile.Attributes == nil) &&
		maps.Equal(r.Profile.Attributes, after.Profile.Attributes)
}

// fields are what a profile holds beside its attributes.
func fields(p directory.Profile) [6]string {
	return [6]string{p.DisplayName, p.GivenName, p.FamilyName, p.Title, p.Phone, p.Locale}
}
