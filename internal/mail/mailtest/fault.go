package mailtest

import (
	"slices"
	"sync"
)

// Stage is a moment of the conversation.
type Stage string

const (
	// StageConnect is before the greeting.
	StageConnect Stage = "Connect"
	// StageHello is the answer to EHLO.
	StageHello Stage = "Hello"
	// StageAuth is the answer to the credentials.
	StageAuth Stage = "Auth"
	// StageMail and StageRcpt are the answers to sender and recipient.
	StageMail Stage = "Mail"
	// StageRcpt is the answer to the recipient.
	StageRcpt Stage = "Rcpt"
	// StageData is the answer to the DATA command.
	StageData Stage = "Data"
	// StageBody is when part of the message has come, and the final dot has not
	// been read.
	StageBody Stage = "Body"
	// StageDot is after the final dot; the message is not kept yet. With Drop
	// it is a server that lost the message.
	StageDot Stage = "Dot"
	// StageStored is after the final dot, when the message is kept, and before
	// the answer. With Drop it is a server whose answer was lost.
	StageStored Stage = "Stored"
)

// Fault is what goes wrong. With Hold, the sink first waits; then it answers
// with Code, or closes the connection when Drop is set, or both; with neither
// it goes on as if nothing had been.
type Fault struct {
	Stage Stage
	// Code and Text are the answer; 0 means the usual one.
	Code int
	Text string
	Drop bool
	// Hold waits for [Injected.Release].
	Hold bool
	// Times is how often it happens; 0 means until [Injected.Remove].
	Times int
	// To makes it happen to this recipient only; "" means to all. It has no
	// effect before StageRcpt.
	To string
}

// Injected is a fault in place.
type Injected struct {
	Fault
	reached  chan struct{}
	released chan struct{}
	release  sync.Once
	remove   func()

	mu   sync.Mutex
	left int
}

// Reached is closed when the fault happens for the first time.
func (i *Injected) Reached() <-chan struct{} { return i.reached }

// Release lets go what the fault holds, now and in future.
func (i *Injected) Release() { i.release.Do(func() { close(i.released) }) }

// Remove ends the fault, and releases what it holds.
func (i *Injected) Remove() {
	i.remove()
	i.Release()
}

// hit reports whether the fault happens here, and counts it.
func (i *Injected) hit(stage Stage, recipients []string) bool {
	if i.Stage != stage || i.To != "" && !slices.Contains(recipients, i.To) {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.Times > 0 && i.left == 0 {
		return false
	}
	select {
	case <-i.reached:
	default:
		close(i.reached)
	}
	i.left--
	return true
}

// faults are those in place, oldest first.
type faults struct {
	mu  sync.Mutex
	all []*Injected
}

func (f *faults) add(fault Fault) *Injected {
	i := &Injected{
		Fault:    fault,
		reached:  make(chan struct{}),
		released: make(chan struct{}),
		left:     fault.Times,
	}
	i.remove = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all = slices.DeleteFunc(f.all, func(other *Injected) bool { return other == i })
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, i)
	return i
}

// at returns the fault that happens at the stage; nil when none does.
func (f *faults) at(stage Stage, recipients []string) *Injected {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.all {
		if i.hit(stage, recipients) {
			return i
		}
	}
	return nil
}
