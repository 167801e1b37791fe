package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxSlug bounds the readable part of a User's name.
const maxSlug = 40

// UserName is the name of the User that is made for an address, whoever makes
// it: a function of organization and address alone, so that an address never
// leads to two. The address is in canonical form.
func UserName(organization, address string) string {
	sum := sha256.Sum256([]byte(organization + "\n" + address))
	local, _, _ := strings.Cut(address, "@")
	var slug strings.Builder
	for _, c := range local {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			slug.WriteRune(c)
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
		if slug.Len() == maxSlug {
			break
		}
	}
	readable := strings.Trim(slug.String(), "-")
	if readable == "" {
		readable = "user"
	}
	return readable + "-" + hex.EncodeToString(sum[:5])
}
