package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The keys of a report's data. They are those that the API names for a Secret
// of the type iam.rollcall.dev/report.
const (
	// KeyRequestedAt holds the request that the report answers, as text.
	KeyRequestedAt = "requestedAt"
	// KeyMembers, KeyInvitations and KeyAudit hold gzip of a JSON array each.
	KeyMembers     = "members.json.gz"
	KeyInvitations = "invitations.json.gz"
	KeyAudit       = "audit.json.gz"
	// KeySummary holds what is known about the others, as JSON.
	KeySummary = "summary.json"
)

const (
	// maxEncoded is how much data a report has at most, in bytes. A Secret holds
	// 1 MiB (k8s.io/api/core/v1 MaxSecretSize).
	maxEncoded = 1<<20 - 4096
	// maxDecoded bounds what one part unpacks to, in bytes.
	maxDecoded = 32 << 20
)

// ErrTooLarge says that members and invitations do not fit into a report.
var ErrTooLarge = errors.New("the organization is too large for a report: members and invitations take more than the 1 MiB that a Secret holds")

// summary is what a report says about itself.
type summary struct {
	Complete       bool `json:"complete"`
	Members        int  `json:"members"`
	Invitations    int  `json:"invitations"`
	AuditTruncated bool `json:"auditTruncated,omitempty"`

	RemovalsDone    int `json:"removalsDone,omitempty"`
	InvitationsDone int `json:"invitationsDone,omitempty"`
}

// Encode returns the data of the Secret that holds a report. Members and
// invitations are sorted by address, audit entries newest first; the same
// content in another order gives the same data. Audit entries that do not fit
// are left out, the oldest first, and the report says so. [ErrTooLarge] means
// that the rest does not fit either.
func Encode(r Report) (map[string][]byte, error) {
	members := slices.SortedStableFunc(slices.Values(r.Members), func(a, b Member) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.ID, b.ID))
	})
	invitations := slices.SortedStableFunc(slices.Values(r.Invitations), func(a, b Invitation) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), cmp.Compare(a.Revision, b.Revision))
	})
	audit := slices.SortedStableFunc(slices.Values(r.Audit), func(a, b AuditEntry) int { return strings.Compare(b.ID, a.ID) })

	data := map[string][]byte{KeyRequestedAt: []byte(r.RequestedAt)}
	var err error
	if data[KeyMembers], err = pack(members); err != nil {
		return nil, fmt.Errorf("encode members: %w", err)
	}
	if data[KeyInvitations], err = pack(invitations); err != nil {
		return nil, fmt.Errorf("encode invitations: %w", err)
	}
	left := maxEncoded - size(data)
	if left < 0 {
		return nil, ErrTooLarge
	}
	var dropped bool
	if data[KeyAudit], dropped, err = packNewest(audit, left); err != nil {
		return nil, fmt.Errorf("encode audit entries: %w", err)
	}
	data[KeySummary], err = json.Marshal(summary{
		Complete: r.Complete, Members: len(members), Invitations: len(invitations), AuditTruncated: r.AuditTruncated || dropped,
		RemovalsDone: r.RemovalsDone, InvitationsDone: r.InvitationsDone,
	})
	return data, err
}

// packNewest packs as many of the entries as fit, and says whether some did not.
func packNewest(entries []AuditEntry, limit int) ([]byte, bool, error) {
	for n := len(entries); ; {
		packed, err := pack(entries[:n])
		if errors.Is(err, ErrTooLarge) {
			n /= 2
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if len(packed) <= limit || n == 0 {
			return packed, n < len(entries), nil
		}
		// Packing is nearly linear; the tenth less makes up for the rest.
		n = min(n-1, n*limit/len(packed)*9/10)
	}
}

func pack[T any](items []T) ([]byte, error) {
	if items == nil {
		items = []T{}
	}
	plain, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	if len(plain) > maxDecoded {
		return nil, ErrTooLarge
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = zip.Write(plain)
	// Closing writes the rest, so it comes before anybody looks.
	err = errors.Join(err, zip.Close())
	return packed.Bytes(), err
}

func size(data map[string][]byte) int {
	n := 0
	for _, value := range data {
		n += len(value)
	}
	return n
}
