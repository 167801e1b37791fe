package ledger

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxSignInURL is the longest URL that an Organization can declare.
const maxSignInURL = 1024

// checkSignIn is KindInvalid for a URL to which nobody should be led: people
// type their password there.
func checkSignIn(op, raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || !plain(raw, maxSignInURL) || strings.ContainsAny(raw, " \\") || u.Hostname() == "" || u.User != nil:
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return directory.Errorf(directory.KindInvalid, op,
		"the sign-in page is not an https URL without a user, such as https://example.com/login; http is for a loopback host only")
}

// loopback tells whether a host is this machine by definition (RFC 6761,
// section 6.3).
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// SignInURL returns where the people of an organization sign in; empty when that
// is here, and for one that is not known.
func (l *Ledger) SignInURL(ctx context.Context, id directory.OrganizationID) (string, error) {
	url := ""
	err := l.read(ctx, "look up where people sign in", func(ctx context.Context, tx database.Tx) error {
		known, err := organization(ctx, tx, id)
		url = ""
		if known != nil {
			url = known.SignInURL
		}
		return err
	})
	return url, err
}
