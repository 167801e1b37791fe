package app

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// invitations is the portal's view: the ledger tells, and lets in who signs in
// elsewhere; the embedded backend lets in who signs in here.
type invitations struct {
	*ledger.Ledger
	embedded *embedded.Backend
}

// Accept gives an acceptance with a password to the embedded backend, and one
// without to the ledger. Each looks, in the transaction that redeems the link, at
// where the organization's people sign in then, and refuses with KindDenied what
// is not for it: so no password is kept, and nobody becomes a member here, for an
// organization that changed it after the page was shown.
func (i invitations) Accept(ctx context.Context, token string, a directory.Acceptance) (string, directory.Account, error) {
	if a.Password == "" {
		account, err := i.Ledger.Accept(ctx, token, a)
		return "", account, err
	}
	return i.embedded.Accept(ctx, token, a)
}
