package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxJoins bounds one answer of Joins.
const maxJoins = 1000

// joinRecord is a join as it is stored.
type joinRecord struct {
	directory.Join
	rotation   int64
	invitation string
}

const (
	joinByKey        = "WHERE j.organization = $1 AND j.link = $2 AND j.address = $3"
	joinByInvitation = "WHERE j.invitation = $1"
	joinByToken      = "WHERE j.invitation <> '' AND j.invitation = (SELECT i.id FROM invitations i WHERE i.token_hash = $1)"
	joinsInState     = "WHERE j.organization = $1 AND j.link = $2 AND j.state = $3 AND j.address > $4 ORDER BY j.address LIMIT $5"
)

func selectJoins(ctx context.Context, tx database.Tx, which string, args ...any) ([]joinRecord, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT j.organization, j.link, j.address, j.name, j.state, j.approval, j.requested_at, j.confirmed_at, j.rotation, j.invitation
		FROM joins j `+which, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []joinRecord
	for rows.Next() {
		r, err := scanJoin(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, errors.Join(rows.Err(), rows.Close())
}

func scanJoin(rows *sql.Rows) (joinRecord, error) {
	var r joinRecord
	var approval, requested, confirmed int64
	err := rows.Scan(&r.Organization, &r.Link, &r.Address, &r.Name, &r.State, &approval, &requested, &confirmed, &r.rotation, &r.invitation)
	r.Approval = approval != 0
	r.RequestedAt, r.ConfirmedAt = database.FromMicros(requested), database.FromMicros(confirmed)
	return r, err
}

// Joins implements [directory.JoinKeeper].
func (l *Ledger) Joins(ctx context.Context, q directory.JoinQuery) ([]directory.Join, error) {
	var joins []directory.Join
	err := l.read(ctx, "list who joins", func(ctx context.Context, tx database.Tx) error {
		found, err := selectJoins(ctx, tx, joinsInState, q.Organization, q.Link, q.State, q.After, atMost(q.Limit, maxJoins))
		joins = make([]directory.Join, 0, len(found))
		for _, r := range found {
			joins = append(joins, r.Join)
		}
		return err
	})
	return joins, err
}

// AskToConfirm implements [directory.JoinKeeper].
func (l *Ledger) AskToConfirm(ctx context.Context, j directory.Join) (bool, error) {
	const op = "ask for a confirmation"
	if err := l.needKey(op); err != nil {
		return false, err
	}
	asked := false
	err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		found, err := selectJoins(ctx, tx, joinByKey, j.Organization, j.Link, j.Address)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].State != directory.JoinRequested {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		asked, err = l.ask(ctx, tx, &found[0])
		return err
	})
	return asked, err
}

// ask issues the confirmation, or forgets the request when nobody is to be
// mailed for it. Forgetting rather than waiting means that a mailbox gets what
// its owner asked for last, and nothing later.
func (l *Ledger) ask(ctx context.Context, tx database.Tx, j *joinRecord) (bool, error) {
	link, err := selectLink(ctx, tx, linkByName, j.Organization, j.Link)
	if err != nil {
		return false, err
	}
	now := l.now()
	if link == nil || link.rotation != j.rotation || link.state(now) != directory.LinkOpen {
		return false, l.giveUp(ctx, tx, j, "people cannot join by the link any more")
	}
	history, err := selectMany(ctx, tx, newestOfAddress(), j.Organization, j.Address)
	if err != nil {
		return false, err
	}
	// Otherwise whoever has the link could take away the invitation that
	// somebody else got.
	if len(history) > 0 && history[0].pending(now) && history[0].purpose != directory.PurposeJoinByLink {
		return false, l.giveUp(ctx, tx, j, "the address has an invitation of its own")
	}
	if tooSoon(history, directory.PurposeJoinByLink, now) > 0 {
		return false, l.giveUp(ctx, tx, j, errTooSoon.Error())
	}
	return true, l.issueJoin(ctx, tx, j, link, history)
}

func (l *Ledger) issueJoin(ctx context.Context, tx database.Tx, j *joinRecord, link *linkRecord, history []record) error {
	now := l.now()
	shared, err := link.link(now)
	if err != nil {
		return err
	}
	shared.Details.DisplayName = j.Name
	details, err := json.Marshal(shared.Details)
	if err != nil {
		return fmt.Errorf("write the details: %w", err)
	}
	// Revision 0: no declaration has asked for it, so the first that does gets
	// an invitation of its own.
	issued, err := l.issue(ctx, tx, history, wish{
		InvitationRequest: directory.InvitationRequest{
			Organization: j.Organization, Address: j.Address, Purpose: directory.PurposeJoinByLink, Mail: true,
			ExpiresAfter: min(confirmWithin, shared.ExpiresAt.Sub(now)),
		},
		details: string(details), now: now,
	})
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `
		UPDATE joins SET state = 'Asked', invitation = $1
		WHERE organization = $2 AND link = $3 AND address = $4 AND state = 'Requested'`,
		issued.id, j.Organization, j.Link, j.Address)
	return expectOne(result, err)
}

// ForgetJoin implements [directory.JoinKeeper].
func (l *Ledger) ForgetJoin(ctx context.Context, j directory.Join) error {
	return l.write(ctx, "forget who wants to join", func(ctx context.Context, tx database.Tx) error {
		return l.giveUp(ctx, tx, &joinRecord{Join: j}, "it leads nowhere")
	})
}

// giveUp forgets a request. When an earlier one led to a confirmation that can
// still be given, that is what remains: whoever asks twice keeps what they got.
func (l *Ledger) giveUp(ctx context.Context, tx database.Tx, j *joinRecord, why string) error {
	const which = " WHERE organization = $1 AND link = $2 AND address = $3 AND state = 'Requested'"
	given := 0
	for _, query := range []string{
		"UPDATE joins SET state = 'Asked'" + which +
			" AND EXISTS (SELECT 1 FROM invitations i WHERE i.id = joins.invitation AND i.state = 'Pending')",
		"DELETE FROM joins" + which,
	} {
		result, err := tx.ExecContext(ctx, query, j.Organization, j.Link, j.Address)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		given += int(n)
	}
	if given == 0 {
		return nil
	}
	return l.audit(ctx, tx, AuditEntry{
		Actor: ActorManager, Action: ActionJoinForgotten, Organization: j.Organization, Address: j.Address,
		Note: fmt.Sprintf("link %q: %s", j.Link, why),
	})
}

// MoveJoin implements [directory.JoinKeeper].
func (l *Ledger) MoveJoin(ctx context.Context, j directory.Join, to directory.JoinState) error {
	const op = "move on who joined"
	if to != directory.JoinAwaitingApproval && to != directory.JoinSettled {
		return directory.Errorf(directory.KindInvalid, op, "a confirmed join does not become %q", to)
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE joins SET state = $1
			WHERE organization = $2 AND link = $3 AND address = $4 AND state IN ('Confirmed', 'AwaitingApproval') AND state <> $1`,
			to, j.Organization, j.Link, j.Address)
		return err
	})
}
