package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// joinWorld keeps shareable links, and who came by which; world.mu is for it too.
type joinWorld struct {
	links map[string]*directory.SharedLink // by token
	// came are the tokens of links by those of confirmations.
	came   map[string]string
	wishes []directory.JoinRequest
	// refusal is what RequestJoin returns, when it is set.
	refusal error
	// overtake runs between a look-up of who joins and what follows it.
	overtake func()
}

// share publishes a link with two places for a week and returns its token.
func (w *world) share(change ...func(*directory.SharedLink)) string {
	secret := sha256.Sum256([]byte(rand.Text()))
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	link := &directory.SharedLink{
		Organization: clinic, Name: "open-day", Rotation: 1, MaxUses: 2, State: directory.LinkOpen,
		Details:   directory.InvitationDetails{OrganizationName: "Northwind Clinic", Roles: []string{"Volunteer"}, Units: []string{"Pediatrics"}},
		ExpiresAt: w.clock.Now().Add(7 * 24 * time.Hour),
	}
	for _, c := range change {
		c(link)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shared.links[token] = link
	return token
}

// confirmation is what somebody is mailed who asked to join by a link.
func (w *world) confirmation(link string, change ...func(*directory.Invitation)) string {
	token := w.invite(append(change, func(i *directory.Invitation) { i.Purpose = directory.PurposeJoinByLink })...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shared.came[token] = link
	return token
}

// change edits a link.
func (w *world) change(token string, f func(*directory.SharedLink)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.shared.links[token])
}

func (w *world) wishes() []directory.JoinRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.shared.wishes)
}

func (w *world) uses(token string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shared.links[token].Uses
}

func (w *world) LookupLink(_ context.Context, token string) (directory.SharedLink, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return directory.SharedLink{}, w.fault
	}
	link, ok := w.shared.links[token]
	if !ok {
		return directory.SharedLink{}, directory.Errorf(directory.KindNotFound, "look up link", "no such token")
	}
	seen := *link
	if w.overtake != nil {
		w.overtake()
		w.overtake = nil
	}
	return seen, nil
}

func (w *world) RequestJoin(_ context.Context, token string, r directory.JoinRequest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	link, ok := w.shared.links[token]
	switch {
	case w.shared.refusal != nil:
		return w.shared.refusal
	case !ok || link.State != directory.LinkOpen:
		return directory.Errorf(directory.KindNotFound, "request join", "not open")
	case len(link.Domains) > 0 && !slices.Contains(link.Domains, r.Address[strings.LastIndex(r.Address, "@")+1:]):
		return directory.Errorf(directory.KindDenied, "request join", "domain")
	}
	w.shared.wishes = append(w.shared.wishes, r)
	return nil
}

func (w *world) LookupJoin(_ context.Context, token string) (directory.Join, directory.SharedLink, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return directory.Join{}, directory.SharedLink{}, w.fault
	}
	link, ok := w.shared.links[w.shared.came[token]]
	if !ok {
		return directory.Join{}, directory.SharedLink{}, directory.Errorf(directory.KindNotFound, "look up join", "no such token")
	}
	seen := *link
	if w.shared.overtake != nil {
		w.shared.overtake()
		w.shared.overtake = nil
	}
	return directory.Join{Organization: clinic, Link: link.Name, State: directory.JoinAsked, Approval: link.Approval}, seen, nil
}

func (w *world) ConfirmJoin(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	invitation, err := w.pending(token)
	if err != nil {
		return err
	}
	if err := w.place(token, true); err != nil {
		return err
	}
	invitation.State = directory.InvitationAccepted
	return nil
}

// place takes one for somebody who joins, and does nothing for anybody else;
// w.mu is held.
func (w *world) place(token string, approval bool) error {
	came, joins := w.shared.came[token]
	if !joins {
		return nil
	}
	link := w.shared.links[came]
	invitation := w.invitations[token]
	switch {
	case link.State == directory.LinkUsedUp:
		return directory.Errorf(directory.KindQuotaExceeded, "take a place", "used up")
	case link.State != directory.LinkOpen:
		return directory.Errorf(directory.KindNotFound, "take a place", "not open")
	case link.Approval != approval:
		return directory.Errorf(directory.KindDenied, "take a place", "approval")
	case w.accounts[string(invitation.Organization)+" "+invitation.Address] != nil:
		return directory.Errorf(directory.KindExists, "take a place", "member")
	}
	if link.Uses++; link.Uses >= link.MaxUses {
		link.State = directory.LinkUsedUp
	}
	return nil
}
