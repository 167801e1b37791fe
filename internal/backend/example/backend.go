package example

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Options are what a Backend works with.
type Options struct {
	// URL is the base of the service, without a slash at its end. Required.
	URL string
	// Token is what the service knows us by; it is a secret.
	Token string
	// HTTP makes the requests, and bounds how long one takes. Required.
	HTTP *http.Client
	// Admissions keep what the service cannot hold. Required.
	Admissions directory.Admissions
	// Clock tells when somebody was first seen. Required.
	Clock clock.PassiveClock
	// PageSize is how many people are listed at once; 0 means 100.
	PageSize int
}

// Backend keeps members in Roster. It remembers nothing, so it may be used by
// many goroutines at once, and by many processes.
type Backend struct {
	url, token string
	http       *http.Client
	admissions directory.Admissions
	clock      clock.PassiveClock
	pageSize   int
}

var _ directory.Backend = (*Backend)(nil)

// New returns a Backend. It does no I/O.
func New(o Options) (*Backend, error) {
	if o.URL == "" || o.HTTP == nil || o.Admissions == nil || o.Clock == nil {
		return nil, errors.New("the example backend needs a URL, an HTTP client, admissions and a clock")
	}
	return &Backend{
		url: o.URL, token: o.Token, http: o.HTTP, admissions: o.Admissions, clock: o.Clock, pageSize: cmp.Or(o.PageSize, 100),
	}, nil
}

// Capabilities implements [directory.Backend]. Every Roster is alike, so there is
// nothing to ask.
func (b *Backend) Capabilities(context.Context) (directory.Capabilities, error) {
	return directory.Capabilities{
		Invitations: directory.InvitationsOurs,
		SignIn:      directory.SignInElsewhere,
		Tenancy:     directory.TenancyOne,
		PageSize:    b.pageSize,
		Units:       true,
		Fields:      []directory.ProfileField{directory.FieldDisplayName, directory.FieldTitle},
		Removals:    []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete},
	}, nil
}

// Check implements [directory.Backend].
func (b *Backend) Check(ctx context.Context) error {
	return b.call(ctx, exchange{op: "check the service", method: http.MethodGet, path: "/people?limit=1", answer: &page{}})
}

// ApplyOrganization implements [directory.Backend]: the service is the tenant.
func (b *Backend) ApplyOrganization(ctx context.Context, _ directory.Organization) error {
	return ctx.Err()
}

// RemoveOrganization implements [directory.Backend]. An admission tells who was
// created or adopted, and a prefix which teams are ours.
func (b *Backend) RemoveOrganization(ctx context.Context, org directory.OrganizationID) error {
	const op = "remove what the organization has"
	for {
		admitted, err := b.admissions.Admissions(ctx, org, "", 1000)
		if err != nil {
			return err
		}
		if len(admitted) == 0 {
			break
		}
		for _, a := range admitted {
			if err := b.RemoveMember(ctx, org, a.Address, directory.RemovalDelete); err != nil {
				return err
			}
		}
	}
	all, err := b.teams(ctx, op)
	if err != nil {
		return err
	}
	for _, t := range all {
		if name, ours := strings.CutPrefix(t.Key, ourTeams); ours {
			if err := b.RemoveUnit(ctx, org, name); err != nil {
				return err
			}
		}
	}
	return nil
}
