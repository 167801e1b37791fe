package ledger

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ApplyLimits implements [directory.MailRail]. KindInvalid means that a limit is
// none.
func (l *Ledger) ApplyLimits(ctx context.Context, org directory.OrganizationID, limits directory.MailLimits) error {
	const op = "record the limits on mail"
	if !plain(string(org), maxName) {
		return directory.Errorf(directory.KindInvalid, op, "the organization's id is empty, too long or not plain text")
	}
	if limits.PerHour < 0 || limits.SurgeWindow < 0 || limits.SurgeWindow > longestWindow {
		return directory.Errorf(directory.KindInvalid, op, "a number is negative, or the window is longer than %s", longestWindow)
	}
	limits.Surge = max(limits.Surge, -1)
	same := false
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		known, err := scanLimits(tx.QueryRowContext(ctx, selectLimits, org))
		same = err == nil && known.are(limits)
		return err
	})
	if err != nil || same {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		return l.applyLimits(ctx, tx, org, limits)
	})
}

// are reports whether the limits are these.
func (m *mailLimits) are(l directory.MailLimits) bool {
	return m != nil && m.perHour == l.PerHour && m.surge == l.Surge && m.window == l.SurgeWindow
}

func (l *Ledger) applyLimits(ctx context.Context, tx database.Tx, org directory.OrganizationID, to directory.MailLimits) error {
	known, err := scanLimits(tx.QueryRowContext(ctx, `
		INSERT INTO mail_limits (organization, per_hour, surge, surge_window, paused_until, tripped, holds)
		VALUES ($1, $2, $3, $4, 0, 0, 0)
		ON CONFLICT (organization) DO UPDATE SET per_hour = excluded.per_hour, surge = excluded.surge,
			surge_window = excluded.surge_window, paused_until = 0
		RETURNING per_hour, surge, surge_window, tripped, holds`,
		org, to.PerHour, to.Surge, int64(to.SurgeWindow/time.Microsecond)))
	if err != nil {
		return err
	}
	tx.AfterCommit(l.signal)
	if known.tripped == 0 {
		return nil
	}
	total, err := l.surging(ctx, tx, org, known)
	if err != nil {
		return err
	}
	// As many as there were when they were stopped: a stop does not end by waiting.
	if known.surge >= 0 && max(total, known.tripped) > known.surge {
		return nil
	}
	return l.release(ctx, tx, org, letting{upTo: anyHold, surge: 1, why: "the limit was raised"})
}
