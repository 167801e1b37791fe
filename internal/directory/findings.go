package directory

import "context"

// Findings keeps what a backend has found out about its system by trying, where
// to try again would cost somebody something: a person who is let in for a moment,
// or made and removed. It is durable, and of one declaration of one system: what
// was found is forgotten when the declaration is edited, since the system may have
// been mended. It names no person.
type Findings interface {
	// Recall returns what was kept last; empty when there is nothing.
	Recall(ctx context.Context) (string, error)
	// Keep puts a text, in a form of the backend's own, in the place of what is
	// kept, unless that is of a newer declaration: then it does nothing. It writes
	// nothing when nothing differs.
	Keep(ctx context.Context, text string) error
}
