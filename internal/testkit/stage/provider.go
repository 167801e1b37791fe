package stage

import (
	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// Provider starts a service provider that speaks SCIM, and returns it with its
// backend, which keeps admissions in the stage's ledger. With immediately,
// invited people are created there before they accept.
func (s *Stage) Provider(immediately bool) (*scimserver.Server, directory.Backend) {
	s.t.Helper()
	server := scimserver.Start(s.t, scimserver.Options{})
	client, err := protocol.New(protocol.Options{URL: server.URL(), Authorize: protocol.BearerToken(server.Token()), Clock: s.Clock})
	s.must(err)
	when := scim.ProvisionOnAccept
	if immediately {
		when = scim.ProvisionImmediately
	}
	backend, err := scim.New(scim.Options{
		Client: client, Admissions: s.Ledger, Findings: s.Ledger.FindingsOf("stage/provider", ledger.Edition{}), Clock: s.Clock, Provisioning: when,
	})
	s.must(err)
	return server, backend
}
