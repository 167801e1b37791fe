package embedded

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// sessionLife is how long somebody stays signed in, used or not.
	sessionLife  = 12 * time.Hour
	sessionBytes = 32
	// sweep is how many expired sessions are forgotten with each new one: more
	// than one, so that they do not pile up.
	sweep = 20
)

// newSession returns the secret of a session, which is for the person's browser
// only.
func newSession(rand io.Reader) (string, error) {
	var secret [sessionBytes]byte
	if _, err := io.ReadFull(rand, secret[:]); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret[:]), nil
}

// sessionHash is what the database may hold. A plain hash is enough for a
// secret that cannot be guessed.
func sessionHash(session string) string {
	sum := sha256.Sum256([]byte(session))
	return hex.EncodeToString(sum[:])
}

// Session returns who is signed in. KindNotFound when the session is unknown,
// expired or ended, or the member is not active any more.
func (b *Backend) Session(ctx context.Context, session string) (directory.Account, error) {
	const op = "look up a session"
	var found directory.Account
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var member string
		err := tx.QueryRowContext(ctx, `
			SELECT m.id FROM sessions s JOIN members m ON m.id = s.member
			WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.epoch = m.session_epoch AND m.state = 'Active'`,
			sessionHash(session), database.Micros(b.clock.Now())).Scan(&member)
		if errors.Is(err, sql.ErrNoRows) {
			return missing("the session")
		}
		if err != nil {
			return err
		}
		found, err = selectAccount(ctx, tx, member)
		return err
	})
	if err != nil {
		return directory.Account{}, err
	}
	return found, nil
}

// SignOut ends the session. Ending one that is not there succeeds.
func (b *Backend) SignOut(ctx context.Context, session string) error {
	const op = "sign out"
	hash := sessionHash(session)
	if there, err := b.there(ctx, op, "SELECT COUNT(*) FROM sessions WHERE token_hash = $1", hash); err != nil || !there {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE token_hash = $1", hash)
		return err
	})
}

// startSession stores a session of the member's present epoch.
func (b *Backend) startSession(ctx context.Context, tx database.Tx, session, member string, epoch int64) error {
	now := b.clock.Now()
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM sessions WHERE token_hash IN (
			SELECT token_hash FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
		database.Micros(now), sweep); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO sessions (token_hash, member, epoch, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		sessionHash(session), member, epoch, database.Micros(now), database.Micros(now.Add(sessionLife)))
	return err
}

// endSessions voids all sessions of the member. Raising the epoch also voids one
// that another transaction is storing at this moment, which deleting misses.
func endSessions(ctx context.Context, tx database.Tx, member string) error {
	return executeAll(ctx, tx, []string{
		"UPDATE members SET session_epoch = session_epoch + 1 WHERE id = $1",
		"DELETE FROM sessions WHERE member = $1",
	}, member)
}
