package ledger

import (
	"errors"
	"slices"
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
	// It holds the wishes to join by a link too, which count on their own.
	historyLength = 2 * mostPerDay
)

var errTooSoon = errors.New("this address was invited too recently, or too often within a day")

// tooSoon returns how long to wait before the address may be invited again for a
// purpose, or 0; history is what there was, newest first, closed ones too.
// Without this limit whoever can edit a declaration could flood a mailbox in our
// name. What somebody asked for with a shareable link does not hold up what is
// declared: otherwise whoever has the link could keep an invitation from a person.
func tooSoon(history []record, purpose directory.InvitationPurpose, now time.Time) time.Duration {
	alike := slices.DeleteFunc(slices.Clone(history), func(r record) bool {
		return r.purpose == directory.PurposeJoinByLink && purpose != directory.PurposeJoinByLink
	})
	if len(alike) == 0 {
		return 0
	}
	wait := until(&alike[0], shortestGap, now)
	if len(alike) >= mostPerDay && alike[mostPerDay-1].revision > 1 {
		wait = max(wait, until(&alike[mostPerDay-1], day, now))
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
