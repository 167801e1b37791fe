package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxFindings is the longest text that is kept of one system, in bytes.
const maxFindings = 16 << 10

// Edition is one declaration of a system: another one after each edit, and for
// one that was declared anew under the same name.
type Edition struct {
	// Since is when the system was declared, to the second: that of an
	// IdentityBackend is its creationTimestamp.
	Since time.Time
	// Of is that declaration's own, as is the UID of an IdentityBackend.
	Of string
	// Generation counts its edits.
	Generation int64
}

// text has Of last, which may hold anything.
func (e Edition) text() string {
	return fmt.Sprintf("%d/%d/%s", e.Since.Unix(), e.Generation, e.Of)
}

// parseEdition reads what text writes. What does not look like it is older than
// every edition.
func parseEdition(text string) Edition {
	parts := strings.SplitN(text, "/", 3)
	if len(parts) != 3 {
		return Edition{}
	}
	since, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return Edition{}
	}
	generation, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return Edition{}
	}
	return Edition{Since: time.Unix(since, 0), Of: parts[2], Generation: generation}
}

// before reports whether the edition is older than the other one for certain: of
// two that were declared within the same second neither is.
func (e Edition) before(other Edition) bool {
	if e.Of == other.Of {
		return e.Generation < other.Generation
	}
	return e.Since.Unix() < other.Since.Unix()
}

// findings are those of one declaration of one system.
type findings struct {
	ledger  *Ledger
	system  string
	edition Edition
}

var _ directory.Findings = findings{}

// FindingsOf returns what is found out about a system, "<namespace>/<name>" of its
// IdentityBackend, as long as its declaration is the given edition of it: of
// another edition nothing is recalled, what is kept takes the place of an older
// one's, and nothing takes that of a newer one's. What an older one keeps then is
// kept nowhere, without an error: nobody would recall it.
func (l *Ledger) FindingsOf(system string, edition Edition) directory.Findings {
	return findings{l, system, edition}
}

// Recall implements [directory.Findings].
func (f findings) Recall(ctx context.Context) (string, error) {
	var text string
	err := f.ledger.read(ctx, "recall what was found out about a system", func(ctx context.Context, tx database.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT findings FROM findings WHERE system = $1 AND edition = $2`, f.system, f.edition.text()).Scan(&text)
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
	return f.ledger.write(ctx, op, func(ctx context.Context, tx database.Tx) error { return f.replace(ctx, tx, text) })
}

// replace puts the text in the place of what an edition has kept that is not
// newer.
func (f findings) replace(ctx context.Context, tx database.Tx, text string) error {
	var known string
	err := tx.QueryRowContext(ctx, `SELECT edition FROM findings WHERE system = $1`, f.system).Scan(&known)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return expectOne(tx.ExecContext(ctx, `
			INSERT INTO findings (system, edition, findings) VALUES ($1, $2, $3) ON CONFLICT (system) DO NOTHING`,
			f.system, f.edition.text(), text))
	case err != nil:
		return err
	case f.edition.before(parseEdition(known)):
		return nil
	}
	return expectOne(tx.ExecContext(ctx, `UPDATE findings SET edition = $3, findings = $4 WHERE system = $1 AND edition = $2`,
		f.system, known, f.edition.text(), text))
}
