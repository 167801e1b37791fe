package ledger

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// CloseLink implements [directory.LinkKeeper].
func (l *Ledger) CloseLink(ctx context.Context, org directory.OrganizationID, name string) error {
	return l.write(ctx, "close a link", func(ctx context.Context, tx database.Tx) error {
		before, err := selectLink(ctx, tx, linkByName, org, name)
		if err != nil || before == nil || !before.open {
			return err
		}
		after := *before
		after.open = false
		return l.storeLink(ctx, tx, before, &after)
	})
}

// joinsPending are the confirmations of a link that wait for their answer.
const joinsPending = `
	SELECT i.id FROM joins j JOIN invitations i ON i.id = j.invitation
	WHERE j.organization = $1 AND j.link = $2 AND i.state = 'Pending' LIMIT $3`

// RemoveLink implements [directory.LinkKeeper].
func (l *Ledger) RemoveLink(ctx context.Context, org directory.OrganizationID, name string) error {
	const op = "remove a link"
	if err := l.CloseLink(ctx, org, name); err != nil {
		return err
	}
	for {
		found := 0
		err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
			var err error
			if found, err = l.revoke(ctx, tx, joinsPending, "the link was removed", org, name, removalChunk); err != nil || found == removalChunk {
				return err
			}
			return l.forgetLink(ctx, tx, org, name)
		})
		if err != nil || found < removalChunk {
			return err
		}
	}
}

// forgetLink is the last step of removing a link.
func (l *Ledger) forgetLink(ctx context.Context, tx database.Tx, org directory.OrganizationID, name string) error {
	r, err := selectLink(ctx, tx, linkByName, org, name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM joins WHERE organization = $1 AND link = $2", org, name); err != nil || r == nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM links WHERE organization = $1 AND name = $2", org, name); err != nil {
		return err
	}
	return l.audit(ctx, tx, r.entry(ActorManager, ActionLinkRemoved, ""))
}

// forgetLinks forgets all links of an organization that goes, without a word
// about each.
func forgetLinks(ctx context.Context, tx database.Tx, org directory.OrganizationID) error {
	for _, query := range []string{"DELETE FROM joins WHERE organization = $1", "DELETE FROM links WHERE organization = $1"} {
		if _, err := tx.ExecContext(ctx, query, org); err != nil {
			return err
		}
	}
	return nil
}
