package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

// longestValid is the longest time that a link may be good for.
const longestValid = 30 * 24 * time.Hour

// Invite implements [directory.Inviter]. KindNotFound means that the
// organization is not known (yet), KindInvalid that the request can never be met.
func (l *Ledger) Invite(ctx context.Context, r directory.InvitationRequest) (directory.Invitation, error) {
	const op = "invite"
	if err := l.needKey(op); err != nil {
		return directory.Invitation{}, err
	}
	if err := checkRequest(op, r); err != nil {
		return directory.Invitation{}, err
	}
	details, err := json.Marshal(r.Details)
	if err != nil {
		return directory.Invitation{}, directory.Errorf(directory.KindInvalid, op, "write the details: %w", err)
	}
	var invited directory.Invitation
	err = l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		w := wish{InvitationRequest: r, details: string(details), now: l.now()}
		w.Purpose = cmp.Or(w.Purpose, directory.PurposeJoin)
		result, err := l.fulfil(ctx, tx, op, w)
		if err != nil {
			return err
		}
		invited, err = result.invitation(w.now)
		return err
	})
	return invited, err
}

func checkRequest(op string, r directory.InvitationRequest) error {
	if err := checkKey(op, r.Organization, r.Address); err != nil {
		return err
	}
	switch {
	case r.Request != "" && !plain(r.Request, maxRequest):
		return directory.Errorf(directory.KindInvalid, op, "the request has more than %d bytes or is not plain text", maxRequest)
	case r.Revision < 1:
		return directory.Errorf(directory.KindInvalid, op, "the revision is %d: it counts from 1", r.Revision)
	case r.ExpiresAfter <= 0 || r.ExpiresAfter > longestValid:
		return directory.Errorf(directory.KindInvalid, op, "the invitation expires after %s: that is between 0 and %s", r.ExpiresAfter, longestValid)
	}
	return nil
}

// wish is a request with what is derived from it.
type wish struct {
	directory.InvitationRequest
	details string
	now     time.Time
}

// bulk reports whether its mail does not count for the limit on a surge: whoever
// joins by a link asked for it, and the link has a limit of its own.
func (w *wish) bulk() bool {
	return w.Bulk || w.Purpose == directory.PurposeJoinByLink
}

// fulfil reads what there is, decides, and does it.
func (l *Ledger) fulfil(ctx context.Context, tx database.Tx, op string, w wish) (*record, error) {
	tenant, err := organization(ctx, tx, w.Organization)
	if err != nil {
		return nil, err
	}
	if tenant == nil {
		return nil, directory.Errorf(directory.KindNotFound, op, "organization %q is not known yet", w.Organization)
	}
	history, err := selectMany(ctx, tx, newestOfAddress(), w.Organization, w.Address)
	if err != nil {
		return nil, err
	}
	if !wantsNew(history, w) {
		return l.refresh(ctx, tx, &history[0], w)
	}
	if wait := tooSoon(history, w.Purpose, w.now); wait > 0 {
		return nil, &directory.Error{Kind: directory.KindRateLimited, Op: op, RetryAfter: wait, Err: errTooSoon}
	}
	issued, err := l.issue(ctx, tx, history, w)
	if err != nil {
		return nil, err
	}
	issued.signInURL = tenant.SignInURL
	return issued, nil
}

// newestOfAddress has its limit in the text: SQLite (since 3.47) compiles a
// statement whose LIMIT is a parameter anew at every use.
func newestOfAddress() string {
	return "WHERE i.organization = $1 AND i.address = $2 ORDER BY i.revision DESC LIMIT " + strconv.Itoa(historyLength)
}

// wantsNew decides whether a new invitation is to be issued, given those of the
// address, newest first. Closing closes all that there are, so an open one can
// only be the newest.
func wantsNew(history []record, w wish) bool {
	if len(history) == 0 || history[0].closed {
		return true
	}
	last := &history[0]
	return w.Revision > last.asked || w.Request != "" && w.Request != last.request || w.Purpose != last.purpose
}

// refresh brings a pending invitation up to date, and leaves an ended one alone.
func (l *Ledger) refresh(ctx context.Context, tx database.Tx, r *record, w wish) (*record, error) {
	if !r.pending(w.now) {
		return r, nil
	}
	if r.details != w.details {
		result, err := tx.ExecContext(ctx,
			"UPDATE invitations SET details = $1 WHERE id = $2 AND state = 'Pending' AND closed = 0", w.details, r.id)
		if err := expectOne(result, err); err != nil {
			return nil, err
		}
		r.details = w.details
		if err := l.audit(ctx, tx, r.entry(ActorManager, ActionUpdated, "")); err != nil {
			return nil, err
		}
	}
	return r, l.refreshMail(ctx, tx, r, w)
}

// refreshMail brings the first mail to what is wished: one that was not wanted
// before is queued, and one that is not wanted any more is taken back while it
// can be.
func (l *Ledger) refreshMail(ctx context.Context, tx database.Tx, r *record, w wish) error {
	r.bulk = w.bulk()
	switch state := r.delivery.state; {
	case w.Mail && state == "":
		if err := l.queue(ctx, tx, r, 0, w.now); err != nil {
			return err
		}
	case w.Mail && state == directory.DeliveryCancelled:
		if err := l.requeue(ctx, tx, r, w.now); err != nil {
			return err
		}
	case !w.Mail && (state == directory.DeliveryQueued || state == directory.DeliveryHeld):
		result, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'Cancelled' WHERE id = $1 AND state IN ('Queued', 'Held')", r.delivery.id)
		if err := expectOne(result, err); err != nil {
			return err
		}
		r.delivery.state = directory.DeliveryCancelled
		return l.audit(ctx, tx, r.entry(ActorManager, ActionCancelled, "no mail is wanted any more"))
	default:
		return nil
	}
	return l.audit(ctx, tx, r.entry(ActorManager, ActionMailRequested, ""))
}

// requeue takes up a mail again that was taken back.
func (l *Ledger) requeue(ctx context.Context, tx database.Tx, r *record, now time.Time) error {
	result, err := tx.ExecContext(ctx,
		"UPDATE deliveries SET state = 'Queued', next_at = $1 WHERE id = $2 AND state = 'Cancelled'", database.Micros(now), r.delivery.id)
	if err := expectOne(result, err); err != nil {
		return err
	}
	r.delivery.state, r.delivery.nextAt = directory.DeliveryQueued, database.Micros(now)
	tx.AfterCommit(l.signal)
	return nil
}

// issue revokes the invitation before, if that is still pending, and makes a new one.
func (l *Ledger) issue(ctx context.Context, tx database.Tx, history []record, w wish) (*record, error) {
	r, err := l.compose(history, w)
	if err != nil {
		return nil, err
	}
	if len(history) > 0 && history[0].state == directory.InvitationPending {
		if err := l.supersede(ctx, tx, &history[0], r.revision); err != nil {
			return nil, err
		}
	}
	// Whoever was faster has the revision, or the one pending place.
	result, err := tx.ExecContext(ctx, `
		INSERT INTO invitations (id, organization, address, revision, asked, request, purpose, state, closed, details, nonce,
			token_hash, created_at, expires_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, $13, 0)
		ON CONFLICT DO NOTHING`,
		r.id, r.organization, r.address, r.revision, r.asked, r.request, r.purpose, r.state, r.details, r.nonce,
		r.tokenHash, r.createdAt, r.expiresAt)
	if err := expectOne(result, err); err != nil {
		return nil, err
	}
	if w.Mail {
		if err := l.queue(ctx, tx, r, 0, w.now); err != nil {
			return nil, err
		}
	}
	return r, l.audit(ctx, tx, r.entry(ActorManager, ActionIssued, fmt.Sprintf("revision %d was asked for", r.asked)))
}

// compose fills a new record, and writes nothing.
func (l *Ledger) compose(history []record, w wish) (*record, error) {
	revision := int64(1)
	if len(history) > 0 {
		revision = history[0].revision + 1
	}
	nonce, err := invite.NewNonce(rand.Reader)
	if err != nil {
		return nil, err
	}
	id := invitationID(w.Organization, w.Address, revision)
	return &record{
		id: id, organization: w.Organization, address: w.Address, revision: revision, asked: w.Revision,
		request: w.Request, purpose: w.Purpose,
		state: directory.InvitationPending, details: w.details, nonce: nonce.Encode(),
		tokenHash: l.key.Token(id, revision, nonce).Hash(),
		createdAt: database.Micros(w.now), expiresAt: database.Micros(w.now.Add(w.ExpiresAfter)), tenant: true, bulk: w.bulk(),
	}, nil
}

func (l *Ledger) supersede(ctx context.Context, tx database.Tx, former *record, by int64) error {
	_, err := l.end(ctx, tx, directory.InvitationRevoked, "id = $3", former.id)
	if directory.IsKind(err, directory.KindNotFound) {
		return errRaced
	}
	if err != nil {
		return err
	}
	return l.audit(ctx, tx, former.entry(ActorManager, ActionRevoked, fmt.Sprintf("superseded by revision %d", by)))
}

// queue records the intent to mail the invitation, or a reminder of it.
func (l *Ledger) queue(ctx context.Context, tx database.Tx, r *record, ordinal int, now time.Time) error {
	d := deliveryRecord{
		id: deliveryID(r.id, ordinal), ordinal: ordinal, state: directory.DeliveryQueued, nextAt: database.Micros(now),
	}
	surge := 0
	if ordinal == 0 && !r.bulk {
		surge = 1
	}
	result, err := tx.ExecContext(ctx, `
		INSERT INTO deliveries (id, invitation, organization, ordinal, surge, state, attempts, resent, departed, next_at,
			claimed_by, claimed_until, sent_at, last_error)
		VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7, '', 0, 0, '')
		ON CONFLICT DO NOTHING`,
		d.id, r.id, r.organization, d.ordinal, surge, d.state, d.nextAt)
	if err := expectOne(result, err); err != nil {
		return err
	}
	if ordinal == 0 {
		r.delivery = d
	}
	tx.AfterCommit(l.signal)
	return nil
}

// Invitation implements [directory.Inviter].
func (l *Ledger) Invitation(ctx context.Context, org directory.OrganizationID, address string) (directory.Invitation, error) {
	const op = "observe an invitation"
	var found directory.Invitation
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectOne(ctx, tx, op, newestOpen, org, address)
		if err != nil {
			return err
		}
		found, err = r.invitation(l.now())
		return err
	})
	return found, err
}

const newestOpen = "WHERE i.organization = $1 AND i.address = $2 AND i.closed = 0 ORDER BY i.revision DESC LIMIT 1"

// Link implements [directory.Linker].
func (l *Ledger) Link(ctx context.Context, org directory.OrganizationID, address string) (string, error) {
	const op = "make the link of an invitation"
	if err := l.needKey(op); err != nil {
		return "", err
	}
	var link string
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectOne(ctx, tx, op, newestOpen, org, address)
		if err != nil {
			return err
		}
		if !r.pending(l.now()) {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		link, err = l.link(&r)
		return err
	})
	return link, err
}
