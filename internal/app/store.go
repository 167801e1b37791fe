package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// store is what both processes keep in the database.
type store struct {
	db       *database.DB
	ledger   *ledger.Ledger
	embedded *embedded.Backend
}

// openAgain is how soon a database that does not answer at start is tried again.
const openAgain = 2 * time.Second

// openStore opens and migrates the database. It waits for one that does not
// answer, because a restart would do no more. l says how links are made, if at
// all; the rest of it is filled in.
func openStore(ctx context.Context, log logr.Logger, o storeOptions, l ledger.Options) (*store, error) {
	url, err := o.resolve()
	if err != nil {
		return nil, err
	}
	db, err := database.Open(ctx, database.Options{URL: url})
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, log, db); err != nil {
		return nil, closing(db, err)
	}
	hostname, err := os.Hostname()
	if err != nil {
		return nil, closing(db, fmt.Errorf("name this process: %w", err))
	}
	s := &store{db: db}
	l.DB, l.Clock, l.Process = db, wallClock(), hostname+"/"+rand.Text()
	s.ledger, err = ledger.New(l)
	if err != nil {
		return nil, closing(db, err)
	}
	s.embedded, err = embedded.New(embedded.Options{DB: db, Ledger: s.ledger, Clock: wallClock(), Rand: rand.Reader})
	if err != nil {
		return nil, closing(db, err)
	}
	return s, nil
}

func migrate(ctx context.Context, log logr.Logger, db *database.DB) error {
	for {
		err := db.Migrate(ctx)
		if err == nil || !directory.IsKind(err, directory.KindUnavailable) {
			return err
		}
		log.Info("the database does not answer; it is tried again", "error", err.Error())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(openAgain):
		}
	}
}

// closing closes a database that is not used after all.
func closing(db *database.DB, err error) error {
	if closeErr := db.Close(); closeErr != nil {
		return fmt.Errorf("%w (and %w)", err, closeErr)
	}
	return err
}
