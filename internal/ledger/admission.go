package ledger

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// maxAdmissions bounds one answer of Admissions.
	maxAdmissions = 1000
	// maxAwaiting is the longest text that a backend can have kept, in bytes.
	maxAwaiting = 64 << 10
	// dismissChunk bounds a transaction of Dismiss.
	dismissChunk = 1000
)

var _ directory.Admissions = (*Ledger)(nil)

// errAddressAdmitted names nobody: the message reaches the status of whoever asks.
var errAddressAdmitted = errors.New("somebody else has the new address: remove them first, or choose another address")

// Admission implements [directory.Admissions].
func (l *Ledger) Admission(ctx context.Context, org directory.OrganizationID, address string) (directory.Admission, error) {
	const op = "look up an admission"
	known, err := l.admission(ctx, op, org, address)
	if err == nil && known == nil {
		err = &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	if err != nil {
		return directory.Admission{}, err
	}
	return known.admission(), nil
}

// admission returns nil when there is none.
func (l *Ledger) admission(ctx context.Context, op string, org directory.OrganizationID, address string) (*admissionRecord, error) {
	var known *admissionRecord
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		known, err = selectAdmission(ctx, tx, org, address)
		return err
	})
	return known, err
}

// Admissions implements [directory.Admissions].
func (l *Ledger) Admissions(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Admission, error) {
	var found []directory.Admission
	err := l.read(ctx, "list admissions", func(ctx context.Context, tx database.Tx) error {
		rows, err := tx.QueryContext(ctx, admissionsAfter, org, after, atMost(limit, maxAdmissions))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		found = nil
		for rows.Next() {
			r, err := scanAdmission(rows)
			if err != nil {
				return err
			}
			found = append(found, r.admission())
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return found, err
}

// Admit implements [directory.Admissions]. Repeating it after success succeeds
// too, whatever the caller knew. KindInvalid means that it can never be stored.
func (l *Ledger) Admit(ctx context.Context, a, known directory.Admission) error {
	const op = "record an admission"
	after, before := newAdmissionRecord(a), newAdmissionRecord(known)
	if err := checkAdmission(op, a); err != nil {
		return err
	}
	there, err := l.admission(ctx, op, a.Organization, a.Address)
	if err != nil || (there != nil && *there == after) {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		// Once more: somebody else may have written since, the person perhaps.
		there, err := selectAdmission(ctx, tx, a.Organization, a.Address)
		switch {
		case err != nil:
			return err
		case there != nil && *there == after:
			return nil
		case there == nil && before == (admissionRecord{}):
			return after.insert(ctx, tx)
		case there == nil || *there != before:
			return directory.Errorf(directory.KindConflict, op, "somebody else has changed it meanwhile")
		}
		return after.update(ctx, tx, before)
	})
}

// checkAdmission is KindInvalid for what can never be stored.
func checkAdmission(op string, a directory.Admission) error {
	if err := checkKey(op, a.Organization, a.Address); err != nil {
		return err
	}
	switch a.State {
	case directory.MemberInvited, directory.MemberActive, directory.MemberDisabled:
	default:
		return directory.Errorf(directory.KindInvalid, op, "the state is %q: it is %s, %s or %s",
			a.State, directory.MemberInvited, directory.MemberActive, directory.MemberDisabled)
	}
	for _, name := range []string{a.ConfirmedName, a.DeclaredName} {
		if name != "" && !plain(name, maxName) {
			return directory.Errorf(directory.KindInvalid, op, "a name is too long or not plain text")
		}
	}
	if len(a.Awaiting) > maxAwaiting || !utf8.ValidString(a.Awaiting) || strings.ContainsRune(a.Awaiting, 0) {
		return directory.Errorf(directory.KindInvalid, op, "what is to be kept for later has more than %d bytes, or is no text", maxAwaiting)
	}
	return nil
}

// Readdress implements [directory.Admissions]. KindInvalid means that the new
// address can never be stored.
func (l *Ledger) Readdress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	const op = "give an admission another address"
	if err := checkKey(op, org, to); err != nil {
		return err
	}
	var move bool
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		move, err = toReaddress(ctx, tx, org, from, to)
		return err
	})
	if err != nil || !move {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		move, err := toReaddress(ctx, tx, org, from, to)
		if err != nil || !move {
			return err
		}
		return expectOne(tx.ExecContext(ctx, `
			UPDATE admissions SET address = $3 WHERE organization = $1 AND address = $2
			AND NOT EXISTS (SELECT 1 FROM admissions a WHERE a.organization = $1 AND a.address = $3)`, org, from, to))
	})
}

// toReaddress reports whether there is something left to do.
func toReaddress(ctx context.Context, tx database.Tx, org directory.OrganizationID, from, to string) (bool, error) {
	before, err := selectAdmission(ctx, tx, org, from)
	if err != nil {
		return false, err
	}
	after, err := selectAdmission(ctx, tx, org, to)
	switch {
	case err != nil:
		return false, err
	case before == nil && after == nil:
		return false, &directory.Error{Kind: directory.KindNotFound, Err: errors.New("neither address has an admission")}
	case before != nil && after != nil && from != to:
		return false, &directory.Error{Kind: directory.KindExists, Err: errAddressAdmitted}
	}
	return after == nil, nil
}

// Dismiss implements [directory.Admissions].
func (l *Ledger) Dismiss(ctx context.Context, org directory.OrganizationID, address string) error {
	const op = "forget admissions"
	if address == "" {
		return l.dismissAll(ctx, op, org)
	}
	known, err := l.admission(ctx, op, org, address)
	if err != nil || known == nil {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM admissions WHERE organization = $1 AND address = $2", org, address)
		return err
	})
}

// dismissAll goes on until nothing is there, so that no transaction is long.
func (l *Ledger) dismissAll(ctx context.Context, op string, org directory.OrganizationID) error {
	for {
		left, err := l.Admissions(ctx, org, "", 1)
		if err != nil || len(left) == 0 {
			return inOp(op, err)
		}
		err = l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
			_, err := tx.ExecContext(ctx, dismissSome, org, dismissChunk)
			return err
		})
		if err != nil {
			return err
		}
	}
}
