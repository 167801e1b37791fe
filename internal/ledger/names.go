package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	idBytes = 20
	// maxAddress is the longest address that SMTP can carry, and then some
	// (RFC 5321, section 4.5.3.1).
	maxAddress = 320
	maxName    = 512
	// maxRequest is the longest text that a request by hand may have, in bytes.
	maxRequest = 64
)

// invitationID is a pure function of what is wanted, so that whoever repeats a
// request after a crash, a restore or a rename means the same invitation.
func invitationID(org directory.OrganizationID, address string, revision int64) string {
	h := sha256.New()
	for _, part := range []string{"rollcall invitation v1", string(org), address} {
		// Lengths come first so that no two lists of parts are the same text.
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = h.Write([]byte(part))
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(revision)))
	return hex.EncodeToString(h.Sum(nil)[:idBytes])
}

// deliveryID is the key of a mail: the invitation's own for the first, and
// another one for every reminder.
func deliveryID(invitation string, ordinal int) string {
	if ordinal == 0 {
		return invitation
	}
	return invitation + "-r" + strconv.Itoa(ordinal)
}

// claimID names one attempt at a delivery. With the attempt in it, a process
// that was paused for longer than its claim cannot finish a later attempt, not
// even one of its own.
func claimID(delivery string, attempt int) string {
	return delivery + "." + strconv.Itoa(attempt)
}

// parseClaimID is the inverse; it reports whether the text is a claim's id.
func parseClaimID(id string) (string, int, bool) {
	delivery, digits, found := strings.Cut(id, ".")
	attempt, err := strconv.Atoi(digits)
	return delivery, attempt, found && err == nil
}

// checkKey refuses what no database stores alike: SQLite takes bytes that
// PostgreSQL refuses.
func checkKey(op string, org directory.OrganizationID, address string) error {
	switch {
	case !plain(string(org), maxName):
		return directory.Errorf(directory.KindInvalid, op, "the organization's id is empty, too long or not plain text")
	case !plain(address, maxAddress):
		return directory.Errorf(directory.KindInvalid, op, "the address is empty, too long or not plain text")
	}
	return nil
}

func plain(text string, longest int) bool {
	return text != "" && len(text) <= longest && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}
