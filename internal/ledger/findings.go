package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxFindings is the longest text that is kept of one system, in bytes.
const maxFindings = 16 << 10

// findings are those of one declaration of one system.
type findings struct {
	ledger          *Ledger
	system, edition string
}

var _ directory.Findings = findings{}

// FindingsOf returns what is found out about a system, "<namespace>/<name>" of its
// IdentityBackend, as long as its declaration is the given edition of it: of
// another edition nothing is recalled, and what is kept takes its place.
func (l *Ledger) FindingsOf(system, edition string) directory.Findings {
	return findings{l, system, edition}
}

// Recall implements [directory.Findings].
func (f findings) Recall(ctx context.Context) (string, error) {
	var text string
	err := f.ledger.read(ctx, "recall what was found out about a system", func(ctx context.Context, tx database.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT findings FROM findings WHERE system = $1 AND edition = $2`, f.system, f.edition).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			text, err = "", nil
		}
		return err
	})
	return text, err
}

// Keep implements [directory.Findings]. KindInvalid means that the text can
// never be stored.
func (f findings) Keep(ctx context.Context, text string) error {
	const op = "keep what was found out about a system"
	if len(text) > maxFindings || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return directory.Errorf(directory.KindInvalid, op, "it has more than %d bytes, or is no text", maxFindings)
	}
	known, err := f.Recall(ctx)
	if err != nil || known == text {
		return inOp(op, err)
	}
	return f.ledger.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO findings (system, edition, findings) VALUES ($1, $2, $3)
			ON CONFLICT (system) DO UPDATE SET edition = excluded.edition, findings = excluded.findings`,
			f.system, f.edition, text)
		return err
	})
}
