package declared

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// fingerprintBytes is enough that two declarations never have the same.
const fingerprintBytes = 16

// fingerprinted is what a fingerprint is made of. It is stored with every
// person: whatever changes here makes all look edited once, and applies them.
type fingerprinted struct {
	Version int                   `json:"version"`
	Profile directory.Profile     `json:"profile"`
	Grants  []directory.Grant     `json:"grants"`
	Units   []string              `json:"units"`
	State   directory.MemberState `json:"state"`
}

// Fingerprint names what is to be applied to a backend: profile, access and
// state, and what of them is managed. It is equal for equal declarations,
// in whatever order their lists are, and does not depend on the address: a
// person who gets another one stays as they are.
func (p Person) Fingerprint() string {
	// Maps are encoded in the order of their keys; nil and empty are not the same.
	data, err := json.Marshal(fingerprinted{
		Version: 1, Profile: p.Profile, Grants: p.Access.Grants, Units: p.Access.Units, State: p.State,
	})
	if err != nil {
		// Strings, lists and maps of strings can always be encoded.
		panic("declared: fingerprint: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:fingerprintBytes])
}
