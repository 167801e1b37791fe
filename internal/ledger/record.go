package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

// record is an invitation as it is stored, with its delivery and what its
// organization says.
type record struct {
	id           string
	organization directory.OrganizationID
	address      string
	revision     int64
	asked        int64
	request      string
	purpose      directory.InvitationPurpose
	// state is Pending, Accepted, Declined or Revoked; see effective.
	state     directory.InvitationState
	closed    bool
	details   string
	nonce     string
	tokenHash string
	createdAt int64
	expiresAt int64
	endedAt   int64

	delivery  deliveryRecord
	reminders directory.Reminders
	// bulk is true when its mail does not count for the limit on a surge; it is
	// known of what is being asked for only.
	bulk bool

	// tenant is false when the organization is not known any more.
	tenant    bool
	mail      directory.MailIdentity
	unknown   directory.UnknownDelivery
	signInURL string
}

// deliveryRecord is a delivery as it is stored; its state is "" when there is none.
type deliveryRecord struct {
	id string
	// ordinal is 0 for the first mail, and the number of a reminder.
	ordinal      int
	state        directory.DeliveryState
	attempts     int
	resent       bool
	departed     bool
	nextAt       int64
	claimedBy    string
	claimedUntil int64
	sentAt       int64
	lastError    string
}

const selectColumns = `
SELECT i.id, i.organization, i.address, i.revision, i.asked, i.request, i.purpose, i.state, i.closed, i.details, i.nonce, i.token_hash,
       i.created_at, i.expires_at, i.ended_at,
       COALESCE((SELECT MAX(n.ordinal) FROM deliveries n WHERE n.invitation = i.id), 0),
       COALESCE(d.id, ''), COALESCE(d.ordinal, 0), COALESCE(d.state, ''), COALESCE(d.attempts, 0), COALESCE(d.resent, 0), COALESCE(d.departed, 0), COALESCE(d.next_at, 0),
       COALESCE(d.claimed_by, ''), COALESCE(d.claimed_until, 0), COALESCE(d.sent_at, 0), COALESCE(d.last_error, ''),
       COALESCE(o.id, ''), COALESCE(o.mail_from, ''), COALESCE(o.mail_reply_to, ''), COALESCE(o.mail_server, ''),
       COALESCE(o.unknown_delivery, ''), COALESCE(o.sign_in_url, '')
FROM invitations i
LEFT JOIN ledger_organizations o ON o.id = i.organization
`

const (
	// selectRecords gives invitations with their first mail; it is completed by
	// a WHERE clause.
	selectRecords = selectColumns + "LEFT JOIN deliveries d ON d.invitation = i.id AND d.ordinal = 0\n"
	// selectDelivery gives one mail, a reminder perhaps, with its invitation.
	selectDelivery = selectColumns + "JOIN deliveries d ON d.invitation = i.id WHERE d.id = $1"
)

func selectMany(ctx context.Context, tx database.Tx, where string, args ...any) ([]record, error) {
	records, err := query(ctx, tx, selectRecords+where, args...)
	if err != nil {
		return nil, err
	}
	for i := range records {
		if err := records[i].readReminders(ctx, tx); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func query(ctx context.Context, tx database.Tx, text string, args ...any) ([]record, error) {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var records []record
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, errors.Join(rows.Err(), rows.Close())
}

// readReminders is a second query that few invitations need.
func (r *record) readReminders(ctx context.Context, tx database.Tx) error {
	if r.reminders.Last == 0 {
		return nil
	}
	var open, sentAt int64
	err := tx.QueryRowContext(ctx, `
		SELECT COALESCE(SUM(CASE WHEN state IN ('Queued', 'Claimed') THEN 1 ELSE 0 END), 0),
		       COALESCE(SUM(CASE WHEN state = 'Sent' THEN 1 ELSE 0 END), 0), COALESCE(MAX(sent_at), 0)
		FROM deliveries WHERE invitation = $1 AND ordinal > 0`, r.id).Scan(&open, &r.reminders.Sent, &sentAt)
	r.reminders.Open, r.reminders.SentAt = open > 0, database.FromMicros(sentAt)
	return err
}

// selectMail returns the record of one delivery. KindNotFound when there is none.
func selectMail(ctx context.Context, tx database.Tx, op, id string) (record, error) {
	records, err := query(ctx, tx, selectDelivery, id)
	if err != nil {
		return record{}, err
	}
	if len(records) == 0 {
		return record{}, &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	return records[0], nil
}

// selectOne returns KindNotFound when there is no such record.
func selectOne(ctx context.Context, tx database.Tx, op, where string, args ...any) (record, error) {
	records, err := selectMany(ctx, tx, where, args...)
	if err != nil {
		return record{}, err
	}
	if len(records) == 0 {
		return record{}, &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	return records[0], nil
}

func scan(rows *sql.Rows) (record, error) {
	var r record
	var closed, resent, departed int64
	var tenant string
	d := &r.delivery
	err := rows.Scan(&r.id, &r.organization, &r.address, &r.revision, &r.asked, &r.request, &r.purpose, &r.state, &closed,
		&r.details, &r.nonce, &r.tokenHash, &r.createdAt, &r.expiresAt, &r.endedAt, &r.reminders.Last,
		&d.id, &d.ordinal, &d.state, &d.attempts, &resent, &departed, &d.nextAt, &d.claimedBy, &d.claimedUntil, &d.sentAt, &d.lastError,
		&tenant, &r.mail.From, &r.mail.ReplyTo, &r.mail.Server, &r.unknown, &r.signInURL)
	r.closed, d.resent, d.departed, r.tenant = closed != 0, resent != 0, departed != 0, tenant != ""
	return r, err
}

// effective is the state that the invitation is in now. Without an organization
// nothing is pending, whatever was stored while it was being removed.
func (r *record) effective(now time.Time) directory.InvitationState {
	switch {
	case r.state != directory.InvitationPending:
		return r.state
	case r.closed || !r.tenant:
		return directory.InvitationRevoked
	case r.expiresAt <= database.Micros(now):
		return directory.InvitationExpired
	default:
		return directory.InvitationPending
	}
}

// pending reports whether the link works now.
func (r *record) pending(now time.Time) bool {
	return r.effective(now) == directory.InvitationPending
}

// invitation is the record in the domain's words.
func (r *record) invitation(now time.Time) (directory.Invitation, error) {
	i := directory.Invitation{
		ID: r.id, Organization: r.organization, Address: r.address, Revision: r.revision, Asked: r.asked,
		Request: r.request, Purpose: r.purpose, Reminders: r.reminders, SignInURL: r.signInURL,
		State: r.effective(now), CreatedAt: database.FromMicros(r.createdAt),
		ExpiresAt: database.FromMicros(r.expiresAt), EndedAt: database.FromMicros(r.endedAt),
		Delivery: directory.DeliveryStatus{
			State: r.delivery.state, Attempts: r.delivery.attempts,
			SentAt: database.FromMicros(r.delivery.sentAt), LastError: r.delivery.lastError,
		},
	}
	if r.delivery.state == directory.DeliveryQueued {
		i.Delivery.NextAttemptAt = database.FromMicros(r.delivery.nextAt)
	}
	if err := json.Unmarshal([]byte(r.details), &i.Details); err != nil {
		return directory.Invitation{}, fmt.Errorf("read the details of invitation %q: %w", r.id, err)
	}
	return i, nil
}

// link makes the link again, and fails when the key is another than the one
// that the invitation was issued with: that link would open nothing.
func (l *Ledger) link(r *record) (string, error) {
	nonce, err := invite.ParseNonce(r.nonce)
	if err != nil {
		return "", fmt.Errorf("make the link of invitation %q again: %w", r.id, err)
	}
	token := l.key.Token(r.id, r.revision, nonce)
	if token.Hash() != r.tokenHash {
		return "", errOtherKey
	}
	return l.baseURL + "/i/" + string(token), nil
}

var errOtherKey = errors.New("the invitation was issued with another invitation key: ask for a new one by raising its revision")
