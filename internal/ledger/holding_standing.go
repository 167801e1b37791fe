package ledger

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// ActionAccessDisabled kept access from somebody.
	ActionAccessDisabled Action = "AccessDisabled"
	// ActionAccessEnded kept it from somebody whose time was over.
	ActionAccessEnded Action = "AccessEnded"
	// ActionAccessEnabled gave it back.
	ActionAccessEnabled Action = "AccessEnabled"
	// ActionSuspended stopped all work for a declaration, or for an organization
	// where the entry has no address.
	ActionSuspended Action = "Suspended"
	// ActionResumed went on with it.
	ActionResumed Action = "Resumed"
)

// accessAction is what brought somebody to a standing; "" for one that there is not.
func accessAction(s directory.HoldingStanding) Action {
	switch s {
	case directory.HoldingEnabled:
		return ActionAccessEnabled
	case directory.HoldingDisabled:
		return ActionAccessDisabled
	case directory.HoldingEnded:
		return ActionAccessEnded
	}
	return ""
}

// suspensionAction is what began or ended a suspension.
func suspensionAction(suspended bool) Action {
	if suspended {
		return ActionSuspended
	}
	return ActionResumed
}

// auditStanding tells what a holding's change says about access and suspension.
// The end of a suspension comes first: it is what lets the rest take effect. A
// new holding is compared with the zero one, so that the usual is not told.
func (l *Ledger) auditStanding(ctx context.Context, tx database.Tx, was, is directory.Holding) error {
	note := "by " + nameOf(is.Holder)
	if was.Suspended != is.Suspended {
		if err := l.audit(ctx, tx, holdingEntry(is, suspensionAction(is.Suspended), note)); err != nil {
			return err
		}
	}
	if was.Standing == is.Standing {
		return nil
	}
	return l.audit(ctx, tx, holdingEntry(is, accessAction(is.Standing), note))
}
