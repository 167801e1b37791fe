package directory

import (
	"fmt"
	"io"
	"log/slog"
)

// Acceptance is what a person enters on accepting an invitation. Formatting or
// logging it does not reveal the password.
type Acceptance struct {
	// Name is what the person wants to be called, trimmed, on one line; empty
	// keeps the declared name.
	Name string
	// Password is normalized and follows the portal's policy. It is a secret:
	// only a hash of it may be kept.
	Password string
}

// redactedAcceptance holds neither the name, which is personal, nor the password.
const redactedAcceptance = "[acceptance]"

// Format implements [fmt.Formatter] and reveals nothing under any verb.
func (a Acceptance) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedAcceptance) }

// LogValue implements [slog.LogValuer] and reveals nothing.
func (a Acceptance) LogValue() slog.Value { return slog.StringValue(redactedAcceptance) }

// Account is what a person who is signed in sees of their own membership. All
// of it is text from outside and must be escaped wherever it is shown.
type Account struct {
	Organization OrganizationID
	// OrganizationName is the organization's display name.
	OrganizationName string
	// Address is the person's address, canonical.
	Address string
	// Name is the confirmed name, else the declared one; may be empty.
	Name string
	// Roles and Units are display names, each once, sorted. A role that holds
	// in several units is there once.
	Roles []string
	Units []string
}
