package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

// longestLink is the longest time that a shareable link may be good for.
const longestLink = 90 * 24 * time.Hour

var (
	_ directory.LinkKeeper = (*Ledger)(nil)
	_ directory.JoinKeeper = (*Ledger)(nil)
)

// What is done to links and by those who join by them.
const (
	// ActionLinkIssued made a new shareable link; the note of every entry about a
	// link names it.
	ActionLinkIssued Action = "LinkIssued"
	// ActionLinkRotated replaced a link by a new one.
	ActionLinkRotated Action = "LinkRotated"
	// ActionLinkChanged changed who can join by a link, and to what.
	ActionLinkChanged Action = "LinkChanged"
	// ActionLinkClosed had nobody join by a link any more.
	ActionLinkClosed Action = "LinkClosed"
	// ActionLinkOpened let people join by a closed link again.
	ActionLinkOpened Action = "LinkOpened"
	// ActionLinkRemoved forgot a link.
	ActionLinkRemoved Action = "LinkRemoved"
	// ActionJoinRequested is somebody's wish to join by a link.
	ActionJoinRequested Action = "JoinRequested"
	// ActionJoinForgotten gave such a wish up.
	ActionJoinForgotten Action = "JoinForgotten"
	// ActionJoined took a use of a link for somebody who confirmed their address.
	ActionJoined Action = "Joined"
)

// ApplyLink implements [directory.LinkKeeper].
func (l *Ledger) ApplyLink(ctx context.Context, r directory.LinkRequest) (directory.SharedLink, error) {
	const op = "record a link"
	if err := l.needKey(op); err != nil {
		return directory.SharedLink{}, err
	}
	if err := checkLink(op, r); err != nil {
		return directory.SharedLink{}, err
	}
	var applied directory.SharedLink
	err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		tenant, err := organization(ctx, tx, r.Organization)
		if err != nil {
			return err
		}
		if tenant == nil {
			return directory.Errorf(directory.KindNotFound, op, "organization %q is not known yet", r.Organization)
		}
		before, err := selectLink(ctx, tx, linkByName, r.Organization, r.Name)
		if err != nil {
			return err
		}
		after, err := l.settleLink(before, r)
		if err != nil {
			return err
		}
		if err := l.storeLink(ctx, tx, before, after); err != nil {
			return err
		}
		applied, err = after.link(l.now())
		return err
	})
	return applied, err
}

func checkLink(op string, r directory.LinkRequest) error {
	switch {
	case !plain(string(r.Organization), maxName) || !plain(r.Name, maxName):
		return directory.Errorf(directory.KindInvalid, op, "the name of the link or of its organization is empty, too long or not plain text")
	case r.Rotation < 1 || r.MaxUses < 1:
		return directory.Errorf(directory.KindInvalid, op, "rotation %d and at most %d uses: both count from 1", r.Rotation, r.MaxUses)
	case r.ExpiresAfter <= 0 || r.ExpiresAfter > longestLink:
		return directory.Errorf(directory.KindInvalid, op, "the link expires after %s: that is between 0 and %s", r.ExpiresAfter, longestLink)
	}
	return nil
}

// settleLink is what follows from what there is, nil for nothing, and what is
// asked for. A rotation never goes back: a link that died stays dead.
func (l *Ledger) settleLink(before *linkRecord, r directory.LinkRequest) (*linkRecord, error) {
	domains, err := json.Marshal(append([]string{}, r.Domains...))
	if err != nil {
		return nil, fmt.Errorf("write the domains: %w", err)
	}
	details, err := json.Marshal(r.Details)
	if err != nil {
		return nil, fmt.Errorf("write the details: %w", err)
	}
	after := linkRecord{organization: r.Organization, name: r.Name}
	if before != nil {
		after = *before
	}
	if r.Rotation > after.rotation {
		nonce, err := invite.NewNonce(rand.Reader)
		if err != nil {
			return nil, err
		}
		after.rotation, after.nonce, after.issuedAt = r.Rotation, nonce.Encode(), database.Micros(l.now())
		after.tokenHash = l.key.Token(linkID(r.Organization, r.Name), r.Rotation, nonce).Hash()
	}
	after.maxUses, after.approval, after.open = r.MaxUses, r.Approval, !r.Closed
	after.domains, after.details = string(domains), string(details)
	after.expiresAt = database.Micros(database.FromMicros(after.issuedAt).Add(r.ExpiresAfter))
	return &after, nil
}

// storeLink writes what differs, if anything does.
func (l *Ledger) storeLink(ctx context.Context, tx database.Tx, before, after *linkRecord) error {
	if before != nil && *before == *after {
		return nil
	}
	if err := after.store(ctx, tx, before); err != nil {
		return err
	}
	action := ActionLinkChanged
	switch {
	case before == nil:
		action = ActionLinkIssued
	case before.rotation != after.rotation:
		action = ActionLinkRotated
	case before.open && !after.open:
		action = ActionLinkClosed
	case !before.open && after.open:
		action = ActionLinkOpened
	}
	return l.audit(ctx, tx, after.entry(ActorManager, action, fmt.Sprintf("rotation %d", after.rotation)))
}

// LinkStatus implements [directory.LinkKeeper].
func (l *Ledger) LinkStatus(ctx context.Context, org directory.OrganizationID, name string) (directory.SharedLink, error) {
	const op = "observe a link"
	return l.readLink(ctx, op, linkByName, org, name)
}

// LookupLink returns the link whose token it is, in whatever state it is.
// KindNotFound when the token is malformed, or belongs to no link or to one of
// an earlier rotation. It changes nothing.
func (l *Ledger) LookupLink(ctx context.Context, token string) (directory.SharedLink, error) {
	const op = "look up a link"
	parsed, err := invite.ParseToken(token)
	if err != nil {
		return directory.SharedLink{}, &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	return l.readLink(ctx, op, linkByToken, parsed.Hash())
}

func (l *Ledger) readLink(ctx context.Context, op, which string, args ...any) (directory.SharedLink, error) {
	var found directory.SharedLink
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectLink(ctx, tx, which, args...)
		if err != nil {
			return err
		}
		if r == nil {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		found, err = r.link(l.now())
		return err
	})
	return found, err
}

// LinkURL implements [directory.LinkKeeper].
func (l *Ledger) LinkURL(ctx context.Context, org directory.OrganizationID, name string) (string, error) {
	const op = "make a link"
	if err := l.needKey(op); err != nil {
		return "", err
	}
	var made string
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectLink(ctx, tx, linkByName, org, name)
		if err != nil {
			return err
		}
		if r == nil {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		nonce, err := invite.ParseNonce(r.nonce)
		if err != nil {
			return err
		}
		token := l.key.Token(linkID(org, name), r.rotation, nonce)
		if token.Hash() != r.tokenHash {
			return directory.Errorf(directory.KindInvalid, op, "the link was issued with another key: raise spec.rotation for a new one")
		}
		made = l.baseURL + "/j/" + string(token)
		return nil
	})
	return made, err
}
