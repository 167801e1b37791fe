package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

const (
	// confirmWithin is how long an address has to confirm that it wants to join.
	confirmWithin = 24 * time.Hour
	// mostRequests is how many addresses may be entered for one link within an
	// hour: whoever has a link must not be able to mail the world in our name.
	mostRequests = 1000
	hour         = time.Hour
	// sweepRequests is how many forgotten wishes go with each new one: more than
	// one, so that they do not pile up.
	sweepRequests = 20
)

// RequestJoin records that somebody wants to join by the link that the token
// belongs to. It sends nothing: that is for a process that has the key. Whether
// the address is known, and what becomes of it, is nobody's to see here, and the
// work is the same for every address.
//
// KindNotFound when people cannot join by the link now, KindDenied when the
// address is of no domain that can, KindRateLimited when too many addresses
// were entered lately, KindInvalid when address or name cannot be stored.
func (l *Ledger) RequestJoin(ctx context.Context, token string, r directory.JoinRequest) error {
	const op = "ask to join by a link"
	parsed, err := invite.ParseToken(token)
	if err != nil {
		return &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	if !plain(r.Address, maxAddress) || r.Name != "" && !plain(r.Name, maxName) {
		return directory.Errorf(directory.KindInvalid, op, "the address or the name is too long or not plain text")
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		link, err := selectLink(ctx, tx, linkByToken, parsed.Hash())
		if err != nil {
			return err
		}
		if link == nil || link.state(l.now()) != directory.LinkOpen {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		if err := l.checkJoin(ctx, tx, op, link, r); err != nil {
			return err
		}
		return l.recordJoin(ctx, tx, link, r)
	})
}

func (l *Ledger) checkJoin(ctx context.Context, tx database.Tx, op string, link *linkRecord, r directory.JoinRequest) error {
	shared, err := link.link(l.now())
	if err != nil {
		return err
	}
	domain := r.Address[strings.LastIndex(r.Address, "@")+1:]
	if len(shared.Domains) > 0 && !slices.Contains(shared.Domains, domain) {
		return directory.Errorf(directory.KindDenied, op, "addresses of this domain cannot join by the link")
	}
	var recent int64
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM joins WHERE organization = $1 AND link = $2 AND requested_at > $3",
		link.organization, link.name, database.Micros(l.now().Add(-hour))).Scan(&recent)
	if err == nil && recent >= mostRequests {
		return &directory.Error{Kind: directory.KindRateLimited, Op: op, RetryAfter: hour, Err: fmt.Errorf("%d addresses were entered within an hour", recent)}
	}
	return err
}

// recordJoin writes the wish, unless it has led somewhere already.
func (l *Ledger) recordJoin(ctx context.Context, tx database.Tx, link *linkRecord, r directory.JoinRequest) error {
	now := l.now()
	_, err := tx.ExecContext(ctx, `
		DELETE FROM joins WHERE organization = $1 AND link = $2 AND address IN (
			SELECT address FROM joins WHERE organization = $1 AND link = $2 AND requested_at < $3 AND state IN ('Requested', 'Asked')
			ORDER BY requested_at LIMIT $4)`,
		link.organization, link.name, database.Micros(now.Add(-2*confirmWithin)), sweepRequests)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO joins (organization, link, address, state, rotation, name, invitation, approval, requested_at, confirmed_at)
		VALUES ($1, $2, $3, 'Requested', $4, $5, '', 0, $6, 0)
		ON CONFLICT (organization, link, address) DO UPDATE SET
			state = 'Requested', rotation = excluded.rotation, name = excluded.name, requested_at = excluded.requested_at
		WHERE joins.state IN ('Requested', 'Asked')`,
		link.organization, link.name, r.Address, link.rotation, r.Name, database.Micros(now))
	if err != nil {
		return err
	}
	e := link.entry(ActorPortal, ActionJoinRequested, "")
	e.Address = r.Address
	l.appendChange(tx, link.organization, directory.LinkAddress(link.name))
	return l.audit(ctx, tx, e)
}

// LookupJoin returns whose confirmation the token is, and the link that it came
// by. KindNotFound when it is nobody's.
func (l *Ledger) LookupJoin(ctx context.Context, token string) (directory.Join, directory.SharedLink, error) {
	const op = "look up who joins"
	none := &directory.Error{Kind: directory.KindNotFound, Op: op}
	parsed, err := invite.ParseToken(token)
	if err != nil {
		return directory.Join{}, directory.SharedLink{}, none
	}
	var join joinRecord
	var shared directory.SharedLink
	err = l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		found, err := selectJoins(ctx, tx, joinByToken, parsed.Hash())
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return none
		}
		join = found[0]
		link, err := selectLink(ctx, tx, linkByName, join.Organization, join.Link)
		if err != nil {
			return err
		}
		if link == nil || link.rotation != join.rotation {
			return none
		}
		shared, err = link.link(l.now())
		return err
	})
	return join.Join, shared, err
}

// ConfirmJoin confirms the address of somebody who then waits for an approval:
// it takes a use of the link, and lets nobody in. The kinds are those of
// [Ledger.Redeem] for somebody who joins; KindDenied when the link asks for no
// approval (any more).
func (l *Ledger) ConfirmJoin(ctx context.Context, token string) error {
	const op = "confirm an address"
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		i, err := l.answer(ctx, tx, op, token, directory.InvitationAccepted)
		if err != nil {
			return err
		}
		if i.Purpose != directory.PurposeJoinByLink {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		return l.takeUse(ctx, tx, op, i, true)
	})
}

// takeUse takes a use of the link for somebody who has confirmed the address,
// in the transaction that lets them in: of any number at once as many succeed as
// there are uses left, because the statement that counts also checks.
//
// KindQuotaExceeded when none is left, KindDenied when the link asks for an
// approval and approval is false, or the other way round; KindNotFound when the
// link is closed, expired, rotated or gone.
func (l *Ledger) takeUse(ctx context.Context, tx database.Tx, op string, i directory.Invitation, approval bool) error {
	found, err := selectJoins(ctx, tx, joinByInvitation, i.ID)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	join := &found[0]
	result, err := tx.ExecContext(ctx, `
		UPDATE links SET uses = uses + 1
		WHERE organization = $1 AND name = $2 AND rotation = $3 AND open = 1 AND expires_at > $4 AND uses < max_uses AND approval = $5`,
		join.Organization, join.Link, join.rotation, database.Micros(l.now()), flag(approval))
	if err != nil {
		return err
	}
	taken, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if taken == 0 {
		return inOp(op, l.whyNoUse(ctx, tx, join, approval))
	}
	return l.recordUse(ctx, tx, join, i, approval)
}

// recordUse says whose use it was. Somebody who has asked for a second mail
// meanwhile may still confirm by the first.
func (l *Ledger) recordUse(ctx context.Context, tx database.Tx, join *joinRecord, i directory.Invitation, approval bool) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE joins SET state = 'Confirmed', approval = $1, confirmed_at = $2 WHERE invitation = $3 AND state IN ('Requested', 'Asked')`,
		flag(approval), database.Micros(l.now()), i.ID)
	if err := expectOne(result, err); err != nil {
		return err
	}
	// Whoever is in was asked for by the declaration that follows; whoever waits
	// is invited by it once it lets them in.
	if !approval {
		if _, err := tx.ExecContext(ctx, "UPDATE invitations SET asked = 1 WHERE id = $1", i.ID); err != nil {
			return err
		}
	}
	l.appendChange(tx, join.Organization, directory.LinkAddress(join.Link))
	return l.audit(ctx, tx, AuditEntry{
		Actor: ActorPortal, Action: ActionJoined, Organization: join.Organization, Address: join.Address,
		Invitation: i.ID, Revision: i.Revision, Note: fmt.Sprintf("link %q", join.Link),
	})
}

// whyNoUse says why the link gave no use.
func (l *Ledger) whyNoUse(ctx context.Context, tx database.Tx, join *joinRecord, approval bool) error {
	const op = "take a use of a link"
	link, err := selectLink(ctx, tx, linkByName, join.Organization, join.Link)
	if err != nil {
		return err
	}
	switch {
	case link == nil || link.rotation != join.rotation:
		return &directory.Error{Kind: directory.KindNotFound, Op: op}
	case link.state(l.now()) == directory.LinkUsedUp:
		return directory.Errorf(directory.KindQuotaExceeded, op, "as many people have joined by the link as may")
	case link.state(l.now()) == directory.LinkOpen && link.approval != approval:
		return directory.Errorf(directory.KindDenied, op, "whether the link asks for an approval has changed")
	}
	return &directory.Error{Kind: directory.KindNotFound, Op: op}
}
