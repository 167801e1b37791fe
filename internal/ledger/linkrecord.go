package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// linkRecord is a link as it is stored. Two are == when nothing differs.
type linkRecord struct {
	organization directory.OrganizationID
	name         string
	rotation     int64
	nonce        string
	tokenHash    string
	maxUses      int64
	uses         int64
	issuedAt     int64
	expiresAt    int64
	domains      string
	approval     bool
	open         bool
	details      string

	// awaiting counts joins that wait for an approval; it is derived.
	awaiting int64
}

// linkID is the part of a link's token that says whose it is: a pure function,
// of another shape than an invitation's id.
func linkID(org directory.OrganizationID, name string) string {
	h := sha256.New()
	for _, part := range []string{"rollcall link v1", string(org), name} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = h.Write([]byte(part))
	}
	return "link-" + hex.EncodeToString(h.Sum(nil)[:idBytes])
}

const (
	linkByName  = "WHERE l.organization = $1 AND l.name = $2"
	linkByToken = "WHERE l.token_hash = $1"
)

// selectLinks is completed by a WHERE clause. Whoever is confirmed and not
// declared yet waits for an approval too.
const selectLinks = `
SELECT l.organization, l.name, l.rotation, l.nonce, l.token_hash, l.max_uses, l.uses, l.issued_at, l.expires_at,
       l.domains, l.approval, l.open, l.details,
       (SELECT COUNT(*) FROM joins j WHERE j.organization = l.organization AND j.link = l.name
        AND j.state IN ('AwaitingApproval', 'Confirmed') AND j.approval = 1)
FROM links l
`

// selectLink returns nil when there is no such link.
func selectLink(ctx context.Context, tx database.Tx, which string, args ...any) (*linkRecord, error) {
	var r linkRecord
	var approval, open int64
	err := tx.QueryRowContext(ctx, selectLinks+which, args...).Scan(
		&r.organization, &r.name, &r.rotation, &r.nonce, &r.tokenHash, &r.maxUses, &r.uses, &r.issuedAt, &r.expiresAt,
		&r.domains, &approval, &open, &r.details, &r.awaiting)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	r.approval, r.open = approval != 0, open != 0
	return &r, err
}

// store writes the record in place of the one before; errRaced when that is not
// there any more. Uses are only counted up, by whoever joins.
func (r *linkRecord) store(ctx context.Context, tx database.Tx, before *linkRecord) error {
	values := []any{
		r.organization, r.name, r.rotation, r.nonce, r.tokenHash, r.maxUses, r.issuedAt, r.expiresAt,
		r.domains, flag(r.approval), flag(r.open), r.details,
	}
	query := `
		INSERT INTO links (organization, name, rotation, nonce, token_hash, max_uses, issued_at, expires_at, domains, approval, open, details, uses)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)
		ON CONFLICT DO NOTHING`
	if before != nil {
		query = `
			UPDATE links SET rotation = $3, nonce = $4, token_hash = $5, max_uses = $6, issued_at = $7, expires_at = $8,
				domains = $9, approval = $10, open = $11, details = $12
			WHERE organization = $1 AND name = $2 AND rotation = $13`
		values = append(values, before.rotation)
	}
	result, err := tx.ExecContext(ctx, query, values...)
	return expectOne(result, err)
}

// state is the state that the link is in now.
func (r *linkRecord) state(now time.Time) directory.LinkState {
	switch {
	case !r.open:
		return directory.LinkClosed
	case r.expiresAt <= database.Micros(now):
		return directory.LinkExpired
	case r.uses >= r.maxUses:
		return directory.LinkUsedUp
	default:
		return directory.LinkOpen
	}
}

// link is the record in the domain's words.
func (r *linkRecord) link(now time.Time) (directory.SharedLink, error) {
	s := directory.SharedLink{
		Organization: r.organization, Name: r.name, Rotation: r.rotation, MaxUses: r.maxUses, Uses: r.uses, Awaiting: r.awaiting,
		Approval: r.approval, IssuedAt: database.FromMicros(r.issuedAt), ExpiresAt: database.FromMicros(r.expiresAt), State: r.state(now),
	}
	if err := json.Unmarshal([]byte(r.domains), &s.Domains); err != nil {
		return directory.SharedLink{}, fmt.Errorf("read the domains of link %q: %w", r.name, err)
	}
	if err := json.Unmarshal([]byte(r.details), &s.Details); err != nil {
		return directory.SharedLink{}, fmt.Errorf("read the details of link %q: %w", r.name, err)
	}
	return s, nil
}

// entry is an audit entry about the link.
func (r *linkRecord) entry(actor Actor, action Action, note string) AuditEntry {
	text := fmt.Sprintf("link %q", r.name)
	if note != "" {
		text += ": " + note
	}
	return AuditEntry{Actor: actor, Action: action, Organization: r.organization, Note: text}
}

func flag(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
