package scim

import (
	"context"
	"encoding/json"
	"sync/atomic"
)

// findings are the lessons that are kept when the process ends: those that are
// learned on somebody, who is let in for a moment, or made and removed; and how
// large a listing was complete, or a process that has just begun would take one
// that is not for all there is. That somebody was kept out is none of them: it says
// nothing about the next.
type findings struct {
	NoActive  bool `json:",omitzero"`
	NoWaiting bool `json:",omitzero"`
	KeepsKeys bool `json:",omitzero"`
	// WholeUsers and WholeGroups are as in [whole].
	WholeUsers, WholeGroups int64 `json:",omitzero"`
}

func (l *lessons) findings() findings {
	return findings{
		NoActive: l.noActive.Load(), NoWaiting: l.noWaiting.Load(), KeepsKeys: l.keyed(),
		WholeUsers: l.wholeUsers.sized.Load(), WholeGroups: l.wholeGroups.sized.Load(),
	}
}

// recall adds what was found before to what is known.
func (l *lessons) recall(f findings) {
	for known, found := range map[*atomic.Bool]bool{
		&l.noActive: f.NoActive, &l.noWaiting: f.NoWaiting, &l.userKey: f.KeepsKeys,
	} {
		if found {
			known.Store(true)
		}
	}
	l.wholeUsers.raise(f.WholeUsers)
	l.wholeGroups.raise(f.WholeGroups)
}

// remember recalls what was found before, once, and keeps what has been found
// since. Every call begins with it, so that nothing that was found is lost for
// longer than until the next.
func (b *Backend) remember(ctx context.Context) error {
	if kept := b.kept.Load(); kept != nil && *kept == b.learnt.findings() {
		return nil
	}
	unlock, err := b.locks.lock(ctx, "findings")
	if err != nil {
		return err
	}
	defer unlock()
	if b.kept.Load() == nil {
		text, err := b.findings.Recall(ctx)
		if err != nil {
			return err
		}
		var before findings
		if text != "" && json.Unmarshal([]byte(text), &before) != nil {
			// It was not written by this program, and is nothing.
			before = findings{}
		}
		b.learnt.recall(before)
		b.kept.Store(&before)
	}
	now := b.learnt.findings()
	if now == *b.kept.Load() {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := b.findings.Keep(ctx, string(text)); err != nil {
		return err
	}
	b.kept.Store(&now)
	return nil
}
