package stage

import (
	"context"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Deliver is a mail server: it answers every mail that is due in this way, and
// Deliver returns how many these were.
func (s *Stage) Deliver(result directory.DeliveryResult, reason string) int {
	s.t.Helper()
	due, err := s.Ledger.Claim(context.Background(), 0)
	s.must(err)
	for i := range due {
		s.must(s.Ledger.Finish(context.Background(), due[i].ID, directory.DeliveryOutcome{Result: result, Reason: reason}))
	}
	return len(due)
}

// Accept is a person who follows the link and accepts.
func (s *Stage) Accept(address, name string) {
	s.t.Helper()
	ctx := context.Background()
	token := s.token(address)
	s.must(s.db.Write(ctx, func(ctx context.Context, tx database.Tx) error {
		_, err := s.Ledger.Redeem(ctx, tx, token)
		return err
	}))
	s.must(s.Memory.Activate(ctx, OrganizationID(), address, name))
}

// Decline is a person who follows the link and says no.
func (s *Stage) Decline(address string) {
	s.t.Helper()
	s.must(s.Ledger.Decline(context.Background(), s.token(address)))
}

func (s *Stage) token(address string) string {
	s.t.Helper()
	_, token, _ := strings.Cut(s.Link(address), "/i/")
	return token
}

// Link is the link that the person holds.
func (s *Stage) Link(address string) string {
	s.t.Helper()
	link, err := s.Ledger.Link(context.Background(), OrganizationID(), address)
	s.must(err)
	return link
}
