package protocol

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// cursor is where a listing stands and what is needed to judge it at its end.
// It contains no identifier and no address, only hashes of them.
type cursor struct {
	// Fingerprint is of the request that the listing belongs to.
	Fingerprint uint64 `json:"f"`
	// Mode is how pages follow each other.
	Mode pagingMode `json:"m,omitempty"`
	// Page is the number of the page that is asked for, from 0.
	Page int `json:"p"`
	// Count is how many are asked for.
	Count int `json:"c"`
	// Position is how many resources the pages before had, by index.
	Position int `json:"i,omitempty"`
	// Plain says not to begin with the last resource of the page before.
	Plain bool `json:"o,omitempty"`
	// Token is the service provider's nextCursor.
	Token string `json:"t,omitempty"`
	// Seen is how many different resources the pages before had.
	Seen int `json:"s"`
	// Total is totalResults of the first page; -1 when it was not told.
	Total int `json:"n"`
	// Last is the hash of the last identifier.
	Last uint64 `json:"l,omitempty"`
	// Idle is how many pages in a row brought nothing new.
	Idle int `json:"e,omitempty"`
	// Doubt is why the listing is not complete.
	Doubt doubt `json:"d,omitempty"`
	// Session names what this client remembers of the pages before.
	Session uint64 `json:"x,omitempty"`
}

// pagingMode is how pages follow each other.
type pagingMode int8

const (
	byIndex pagingMode = iota
	byCursor
)

const (
	// maxCursor bounds a cursor, in bytes; service providers' cursors have been
	// seen with some hundreds.
	maxCursor = 16 << 10
	// maxListed bounds a listing.
	maxListed = 1 << 20
)

// startIndex begins with the last resource of the page before (it counts from 1).
func (at *cursor) startIndex() int {
	if at.overlaps() {
		return at.Position
	}
	return at.Position + 1
}

// overlaps reports whether the page shall begin with the last resource of the
// page before.
func (at *cursor) overlaps() bool {
	return at.Mode == byIndex && at.Position > 0 && at.Count > 1 && !at.Plain
}

// String writes the cursor with a checksum, in letters that are safe everywhere.
func (at *cursor) String() string {
	data, err := json.Marshal(at)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(slices.Concat(sum[:8], data))
}

// parseCursor reads a cursor that belongs to the request.
func parseCursor(text string, r ask) (cursor, error) {
	var at cursor
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(text) > 2*maxCursor || len(data) < 8 {
		return cursor{}, notOurs(r.op)
	}
	sum := sha256.Sum256(data[8:])
	if !slices.Equal(sum[:8], data[:8]) || json.Unmarshal(data[8:], &at) != nil || !at.plausible() {
		return cursor{}, notOurs(r.op)
	}
	if at.Fingerprint != fingerprint(r) {
		return cursor{}, directory.Errorf(directory.KindInvalid, r.op, "the cursor belongs to another listing")
	}
	return at, nil
}

func (at *cursor) plausible() bool {
	return at.Page > 0 && at.Page <= maxListed && at.Count > 0 && at.Count <= 1<<30 && at.Position >= 0 && at.Position <= 2*maxListed &&
		at.Seen >= 0 && at.Seen <= 2*maxListed && at.Total >= -1 && at.Idle >= 0 && len(at.Token) <= maxCursor &&
		(at.Mode == byIndex || at.Mode == byCursor && at.Token != "")
}

func notOurs(op string) error {
	return directory.Errorf(directory.KindInvalid, op, "the cursor is not one of ours")
}

// fingerprint tells requests apart.
func fingerprint(r ask) uint64 {
	h := fnv.New64a()
	for _, part := range []string{string(r.Kind), r.filter, joinPaths(r.Attributes), joinPaths(r.Excluded)} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		_, _ = h.Write(size[:])
		_, _ = h.Write([]byte(part))
	}
	return h.Sum64()
}

// hashID is of 64 bits of a cryptographic hash: a service provider must not be
// able to make one resource look like another by accident.
func hashID(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:8])
}

// doubt is why a listing is not complete; 0 for no reason.
type doubt int8

const (
	doubtTotal doubt = iota + 1
	doubtChanged
	doubtRepeated
	doubtMoved
	doubtNameless
	doubtCount
	doubtCircle
	doubtProcess
	doubtLength
	doubtSingle
)

// String returns the reason in a few words.
func (d doubt) String() string {
	switch d {
	case doubtTotal:
		return "the service provider does not tell how many there are"
	case doubtChanged:
		return "the number of resources changed during the listing"
	case doubtRepeated:
		return "resources were listed more than once"
	case doubtMoved:
		return "resources moved between pages during the listing"
	case doubtNameless:
		return "some resources have no id"
	case doubtCount:
		return "the service provider tells another number than it lists"
	case doubtCircle:
		return "the service provider repeats pages"
	case doubtProcess:
		return "the listing was continued by another process"
	case doubtLength:
		return "there are more resources than a listing may have"
	case doubtSingle:
		return "pages hold one resource only, so that moves between them cannot be seen"
	}
	return ""
}
