package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// admissionRecord is an admission as it is stored. Two are == when nothing differs.
type admissionRecord struct {
	organization  directory.OrganizationID
	address       string
	state         directory.MemberState
	provisioned   bool
	joinedAt      int64
	confirmedName string
	declaredName  string
	awaiting      string
}

const (
	selectAdmissions = `
SELECT organization, address, state, provisioned, joined_at, confirmed_name, declared_name, awaiting
FROM admissions `
	admissionOfAddress = selectAdmissions + "WHERE organization = $1 AND address = $2"
	admissionsAfter    = selectAdmissions + "WHERE organization = $1 AND address > $2 ORDER BY address LIMIT $3"

	// changeAdmission names every column, so that it changes nothing but what was read.
	changeAdmission = `
UPDATE admissions SET state = $3, provisioned = $4, joined_at = $5, confirmed_name = $6, declared_name = $7, awaiting = $8
WHERE organization = $1 AND address = $2 AND state = $9 AND provisioned = $10 AND joined_at = $11
AND confirmed_name = $12 AND declared_name = $13 AND awaiting = $14`

	dismissSome = `
DELETE FROM admissions WHERE organization = $1 AND address IN (
	SELECT address FROM admissions WHERE organization = $1 ORDER BY address LIMIT $2)`
)

func newAdmissionRecord(a directory.Admission) admissionRecord {
	return admissionRecord{
		organization: a.Organization, address: a.Address, state: a.State, provisioned: a.Provisioned,
		joinedAt: database.Micros(a.JoinedAt), confirmedName: a.ConfirmedName, declaredName: a.DeclaredName, awaiting: a.Awaiting,
	}
}

// admission is the record in the domain's words.
func (r *admissionRecord) admission() directory.Admission {
	return directory.Admission{
		Organization: r.organization, Address: r.address, State: r.state, Provisioned: r.provisioned,
		JoinedAt: database.FromMicros(r.joinedAt), ConfirmedName: r.confirmedName, DeclaredName: r.declaredName, Awaiting: r.awaiting,
	}
}

// selectAdmission returns nil when there is none.
func selectAdmission(ctx context.Context, tx database.Tx, org directory.OrganizationID, address string) (*admissionRecord, error) {
	r, err := scanAdmission(tx.QueryRowContext(ctx, admissionOfAddress, org, address))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

func scanAdmission(row interface{ Scan(into ...any) error }) (admissionRecord, error) {
	var r admissionRecord
	var provisioned int64
	err := row.Scan(&r.organization, &r.address, &r.state, &provisioned, &r.joinedAt, &r.confirmedName, &r.declaredName, &r.awaiting)
	r.provisioned = provisioned != 0
	return r, err
}

// insert stores a new one; errRaced when somebody else was faster.
func (r *admissionRecord) insert(ctx context.Context, tx database.Tx) error {
	return expectOne(tx.ExecContext(ctx, `
		INSERT INTO admissions (organization, address, state, provisioned, joined_at, confirmed_name, declared_name, awaiting)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organization, address) DO NOTHING`,
		r.organization, r.address, r.state, flag(r.provisioned), r.joinedAt, r.confirmedName, r.declaredName, r.awaiting))
}

// update puts it in the place of another; errRaced when that is not there any more.
func (r *admissionRecord) update(ctx context.Context, tx database.Tx, before admissionRecord) error {
	return expectOne(tx.ExecContext(ctx, changeAdmission,
		r.organization, r.address, r.state, flag(r.provisioned), r.joinedAt, r.confirmedName, r.declaredName, r.awaiting,
		before.state, flag(before.provisioned), before.joinedAt, before.confirmedName, before.declaredName, before.awaiting))
}
