package directorytest

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

// Fixture is a backend to be checked, with the hooks by which the suite plays
// the parts of people and of the system. Two are required; a check whose hook is
// not there is skipped, so a first backend begins with those two and adds what
// its system makes easy.
type Fixture struct {
	// Backend is what is checked. Required.
	Backend directory.Backend
	// Activate makes the member active as if the person had accepted an
	// invitation and given or confirmed this name. Repeating it, also after it
	// failed in the middle, succeeds. Required.
	Activate func(ctx context.Context, org directory.OrganizationID, address, confirmedName string) error
	// Writes counts the writes that the backend has made so far, in whatever way it
	// writes. Without it the suite cannot tell whether a repeated call is quiet,
	// only that it changes nothing that can be observed. Optional.
	Writes func() int64
	// Hide makes listings leave the member out in the way that this backend's
	// listings can be incomplete, if they can. Optional.
	Hide func(ctx context.Context, org directory.OrganizationID, address string) error
	// Namespace is the first part of the ids of the organizations that the suite
	// creates; it keeps runs against one shared server apart. The default is
	// "conformance".
	Namespace string

	// Plant puts a person into the organization, which exists, as an administrator
	// does at the system's own console: nothing of it goes through the backend. An
	// active one can sign in. Where the system has groups or roles of its own, the
	// person is in one. Optional.
	Plant func(ctx context.Context, org directory.OrganizationID, address string, active bool) error
	// Foreign describes what the system has beside that which goes through the
	// contract: its own groups with who is in them, and what it keeps of planted
	// people that no [directory.Profile] manages. The same things have the same
	// description. Optional, and of use with Plant only.
	Foreign func(ctx context.Context, org directory.OrganizationID) (string, error)
	// Meddle changes the member at the system's own console: something that the
	// suite's declarations manage, such as the title, or whether they are active.
	// Optional.
	Meddle func(ctx context.Context, org directory.OrganizationID, address string) error
	// Duplicate makes the system have a second person under the key of this
	// member, as systems can that do not enforce it. Optional.
	Duplicate func(ctx context.Context, org directory.OrganizationID, address string) error
	// Quota leaves room for n more members. Optional.
	Quota func(ctx context.Context, org directory.OrganizationID, n int) error
	// Expire makes the cursors that were handed out so far too old. Optional.
	Expire func(ctx context.Context) error

	// Wire is the way between the backend and its system, for [RunFaults]. Optional.
	Wire wirefault.Path
	// Wait lets time pass before a call is made again, for [RunFaults]: it moves
	// the clock of a backend that counts time, such as for how long it was asked to
	// keep quiet. It does not sleep. Optional.
	Wait func(time.Duration)
}

func (f Fixture) validate() error {
	if f.Backend == nil || f.Activate == nil {
		return errors.New("a fixture needs a Backend and an Activate hook")
	}
	return nil
}
