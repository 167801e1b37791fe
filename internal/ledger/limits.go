package ledger

import (
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// shortestGap lies between two invitations of one address.
	shortestGap = 5 * time.Minute
	// mostPerDay is how often an address is invited again within a day. The
	// very first invitation of an address is not one again.
	mostPerDay = 5
	day        = 24 * time.Hour
	// historyLength is how many invitations of an address decide about the next.
	historyLength = mostPerDay
)

var errTooSoon = errors.New("this address was invited too recently, or too often within a day")

// tooSoon returns how long to wait before the address may be invited again, or
// 0; history is what there was, newest first, closed ones too. Without this
// limit whoever can edit a declaration could flood a mailbox in our name.
func tooSoon(history []record, now time.Time) time.Duration {
	if len(history) == 0 {
		return 0
	}
	wait := until(&history[0], shortestGap, now)
	if history[0].purpose == directory.PurposeJoinByLink && history[0].state == directory.InvitationAccepted {
		// The person has just answered, and waits for this one.
		wait = 0
	}
	if len(history) >= mostPerDay && history[mostPerDay-1].revision > 1 {
		wait = max(wait, until(&history[mostPerDay-1], day, now))
	}
	return wait
}

// until returns how much of the time after the record's creation is left. One
// that was created in the future limits nothing: the clock was set back since,
// perhaps by days, and an address must not be locked until it has caught up.
func until(r *record, span time.Duration, now time.Time) time.Duration {
	created := database.FromMicros(r.createdAt)
	if created.After(now.Add(skew)) {
		return 0
	}
	return min(max(created.Add(span).Sub(now), 0), span)
}
