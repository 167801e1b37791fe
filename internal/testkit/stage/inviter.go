package stage

import (
	"context"
	"slices"
	"sync"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// Step names a method of [Inviter].
type Step string

// The methods of an Inviter.
const (
	StepInvite     Step = "Invite"
	StepInvitation Step = "Invitation"
	StepClose      Step = "Close"
	StepLink       Step = "Link"
	StepRemind     Step = "Remind"
)

// InviterFault says what goes wrong with an Inviter.
type InviterFault struct {
	// Step is where it strikes; empty for everywhere.
	Step Step
	// After lets the call take effect first: its reply is lost.
	After bool
	// Meanwhile is called at that moment: for somebody else who is faster. It
	// may be nil.
	Meanwhile func()
	// Err is what the call returns; nil lets it go on.
	Err error
}

// Inviter is a ledger whose calls can be made to fail.
type Inviter struct {
	ledger *ledger.Ledger

	mu    sync.Mutex
	armed []*InviterFault
}

var (
	_ directory.Inviter  = (*Inviter)(nil)
	_ directory.Linker   = (*Inviter)(nil)
	_ directory.Reminder = (*Inviter)(nil)
)

// Inject arms a fault until the returned function is called.
func (i *Inviter) Inject(f InviterFault) func() {
	i.mu.Lock()
	defer i.mu.Unlock()
	armed := &f
	i.armed = append(i.armed, armed)
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.armed = slices.DeleteFunc(i.armed, func(a *InviterFault) bool { return a == armed })
	}
}

func (i *Inviter) strike(step Step, after bool) error {
	for _, f := range i.hit(step, after) {
		if f.Meanwhile != nil {
			f.Meanwhile()
		}
		if f.Err != nil {
			return f.Err
		}
	}
	return nil
}

func (i *Inviter) hit(step Step, after bool) []InviterFault {
	i.mu.Lock()
	defer i.mu.Unlock()
	var hit []InviterFault
	for _, f := range i.armed {
		if (f.Step == "" || f.Step == step) && f.After == after {
			hit = append(hit, *f)
		}
	}
	return hit
}

// suffer makes a call between the faults before and after it.
func suffer[R any](i *Inviter, step Step, call func() (R, error)) (R, error) {
	var none R
	if err := i.strike(step, false); err != nil {
		return none, err
	}
	result, err := call()
	if err != nil {
		return result, err
	}
	if err := i.strike(step, true); err != nil {
		return none, err
	}
	return result, nil
}

// Invite implements [directory.Inviter].
func (i *Inviter) Invite(ctx context.Context, r directory.InvitationRequest) (directory.Invitation, error) {
	return suffer(i, StepInvite, func() (directory.Invitation, error) { return i.ledger.Invite(ctx, r) })
}

// Invitation implements [directory.Inviter].
func (i *Inviter) Invitation(ctx context.Context, org directory.OrganizationID, address string) (directory.Invitation, error) {
	return suffer(i, StepInvitation, func() (directory.Invitation, error) { return i.ledger.Invitation(ctx, org, address) })
}

// Close implements [directory.Inviter].
func (i *Inviter) Close(ctx context.Context, org directory.OrganizationID, address string) error {
	_, err := suffer(i, StepClose, func() (struct{}, error) { return struct{}{}, i.ledger.Close(ctx, org, address) })
	return err
}

// Link implements [directory.Linker].
func (i *Inviter) Link(ctx context.Context, org directory.OrganizationID, address string) (string, error) {
	return suffer(i, StepLink, func() (string, error) { return i.ledger.Link(ctx, org, address) })
}

// Remind implements [directory.Reminder].
func (i *Inviter) Remind(ctx context.Context, id string, number int) (directory.Invitation, error) {
	return suffer(i, StepRemind, func() (directory.Invitation, error) { return i.ledger.Remind(ctx, id, number) })
}
