package app

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// trail reads the ledger's audit trail as exports hold it.
type trail struct{ ledger *ledger.Ledger }

// trailPortion is how many entries are read at once.
const trailPortion = 1000

// Newest implements organization.Trail.
func (t trail) Newest(ctx context.Context, org directory.OrganizationID, limit int) ([]report.AuditEntry, bool, error) {
	var newest []report.AuditEntry
	for before := ""; ; {
		// One more than asked for tells whether there are older ones.
		portion := min(limit+1-len(newest), trailPortion)
		entries, err := t.ledger.AuditBefore(ctx, org, before, portion)
		if err != nil {
			return nil, false, err
		}
		for i := range entries {
			newest = append(newest, entryOf(entries[i]))
		}
		switch {
		case len(newest) > limit:
			return newest[:limit], true, nil
		case len(entries) < portion:
			return newest, false, nil
		}
		before = entries[len(entries)-1].ID
	}
}

func entryOf(e ledger.AuditEntry) report.AuditEntry {
	return report.AuditEntry{
		ID: e.ID, At: e.At, Actor: string(e.Actor), Action: string(e.Action), Address: e.Address,
		Invitation: e.Invitation, Revision: e.Revision, Note: e.Note,
	}
}
