package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
)

// All checks share one database, each in organizations of its own, so that what
// one leaves behind is there for another to trip over.
func TestBY11_EmbeddedPassesTheSuite(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		var runs atomic.Int64
		directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
			w := newWorld(t, db)
			return directorytest.Fixture{
				Backend:   w,
				Activate:  w.activate,
				Writes:    w.db.writes.Load,
				Plant:     w.plant,
				Meddle:    w.meddle,
				Namespace: fmt.Sprintf("conformance-%d", runs.Add(1)),
			}
		})
	})
}

func TestBY11_EmbeddedPassesTheSuiteFromTwoProcesses(t *testing.T) {
	db := databasetest.PostgreSQL(t)
	second := databasetest.Second(t, db)
	var runs atomic.Int64
	directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
		w := newWorld(t, db)
		w.db.second = second
		return directorytest.Fixture{
			Backend:   w,
			Activate:  w.activate,
			Writes:    w.db.writes.Load,
			Plant:     w.plant,
			Meddle:    w.meddle,
			Namespace: fmt.Sprintf("two-%d", runs.Add(1)),
		}
	})
}

// activate goes the whole way: an invitation, its link, and its acceptance.
func (w *world) activate(ctx context.Context, org directory.OrganizationID, address, confirmedName string) error {
	if err := w.ledger.ApplyOrganization(ctx, directory.Organization{ID: org, DisplayName: "Example"}); err != nil {
		return err
	}
	// An earlier membership of the same address must not be continued.
	if err := w.ledger.Close(ctx, org, address); err != nil {
		return err
	}
	w.clock.Step(time.Hour)
	request := directory.InvitationRequest{Organization: org, Address: address, Revision: 1, ExpiresAfter: time.Hour}
	if _, err := w.ledger.Invite(ctx, request); err != nil {
		return err
	}
	link, err := w.ledger.Link(ctx, org, address)
	if err != nil {
		return err
	}
	_, _, err = w.Accept(ctx, link[strings.LastIndex(link, "/")+1:], directory.Acceptance{Name: confirmedName, Password: password})
	return err
}

// plant puts somebody into the database whom no declaration is about.
func (w *world) plant(ctx context.Context, org directory.OrganizationID, address string, active bool) error {
	state, joined := directory.MemberDisabled, int64(0)
	if active {
		state, joined = directory.MemberActive, database.Micros(w.clock.Now())
	}
	return w.db.DB.Write(ctx, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO members (organization, address, id, state, display_name, given_name, family_name, title, phone, locale,
				attributes, confirmed_name, joined_at, version, session_epoch)
			VALUES ($1, $2, $3, $4, '', '', '', '', '', '', '', '', $5, 1, 1)`, org, address, string(org)+"/planted/"+address, state, joined)
		return err
	})
}

// meddle disables a member behind the backend's back.
func (w *world) meddle(ctx context.Context, org directory.OrganizationID, address string) error {
	return w.db.DB.Write(ctx, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE members SET state = 'Disabled', version = version + 1 WHERE organization = $1 AND address = $2`, org, address)
		return err
	})
}

// TestDefaultPageSize proves that the default is what the documentation says.
func TestDefaultPageSize(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), func(o *embedded.Options) { o.PageSize = 0 })
	got, err := w.Capabilities(t.Context())
	if err != nil || got.PageSize != 500 {
		t.Errorf("a page holds %d members (%v), want 500", got.PageSize, err)
	}
}
