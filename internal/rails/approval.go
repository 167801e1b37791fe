package rails

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// wordLength is how many characters an approval's word has: short enough to
// type, long enough that no two waves that anybody sees have the same.
const wordLength = 12

// Name names a set: the same members have the same name in any order, and one
// more or less has another.
func Name(members []string) string {
	return word("wave", slices.Sorted(slices.Values(members))...)
}

// Token is the word by which a person lets one removal pass: for this object as
// it is declared now, against this reason, and nothing else.
func Token(uid, reason string, generation int64) string {
	return word("removal", uid, reason, strconv.FormatInt(generation, 10))
}

// word hashes the parts, each with its length before it so that no two lists of
// parts are the same text.
func word(purpose string, parts ...string) string {
	h := sha256.New()
	for _, part := range append([]string{"rollcall rail v1", purpose}, parts...) {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = h.Write([]byte(part))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)))[:wordLength]
}
