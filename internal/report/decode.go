package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrIncomplete says that a part of a report is missing or is not what its
// summary says.
var ErrIncomplete = errors.New("this is not a whole report")

// Decode reads the data of a Secret that [Encode] made. Whatever is wrong with
// it is an error, never a report with somebody missing.
func Decode(data map[string][]byte) (Report, error) {
	var about summary
	if err := json.Unmarshal(data[KeySummary], &about); err != nil {
		return Report{}, fmt.Errorf("%w: read %s: %w", ErrIncomplete, KeySummary, err)
	}
	r := Report{
		RequestedAt: string(data[KeyRequestedAt]), Complete: about.Complete, AuditTruncated: about.AuditTruncated,
		RemovalsDone: about.RemovalsDone, InvitationsDone: about.InvitationsDone,
	}
	if err := unpack(data, KeyMembers, &r.Members); err != nil {
		return Report{}, err
	}
	if err := unpack(data, KeyInvitations, &r.Invitations); err != nil {
		return Report{}, err
	}
	if err := unpack(data, KeyAudit, &r.Audit); err != nil {
		return Report{}, err
	}
	if len(r.Members) != about.Members || len(r.Invitations) != about.Invitations {
		return Report{}, fmt.Errorf("%w: %d members and %d invitations where there should be %d and %d",
			ErrIncomplete, len(r.Members), len(r.Invitations), about.Members, about.Invitations)
	}
	return r, nil
}

func unpack[T any](data map[string][]byte, key string, into *[]T) error {
	zip, err := gzip.NewReader(bytes.NewReader(data[key]))
	if err != nil {
		return fmt.Errorf("%w: read %s: %w", ErrIncomplete, key, err)
	}
	plain, err := io.ReadAll(io.LimitReader(zip, maxDecoded+1))
	if err != nil {
		return fmt.Errorf("%w: read %s: %w", ErrIncomplete, key, err)
	}
	if len(plain) > maxDecoded {
		return fmt.Errorf("%w: %s unpacks to more than %d bytes", ErrIncomplete, key, maxDecoded)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		// What the decoder says repeats what it read, which is about people.
		return fmt.Errorf("%w: %s is not the JSON of a report", ErrIncomplete, key)
	}
	return nil
}
