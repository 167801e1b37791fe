package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	clinic   = directory.OrganizationID("clinics/northwind")
	adaMail  = "ada@example.org"
	adaName  = "Ada Lovelace"
	goodPass = "violet tractor hums at noon"
)

// now is when every test begins.
func now() time.Time { return time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC) }

// world keeps invitations, accounts and sessions in memory, by the rules that
// the contracts of this package state.
type world struct {
	clock *testingclock.FakeClock

	mu          sync.Mutex
	invitations map[string]*directory.Invitation // by token
	accounts    map[string]*account              // by organization and address
	sessions    map[string]*account
	disabled    map[string]bool // addresses
	// signIns are where organizations sign in that do not do so here.
	signIns map[directory.OrganizationID]string
	shared  joinWorld
	// fault is returned by everything, when it is set.
	fault error
	// lookups counts how often an invitation was looked for: the work of a page.
	lookups int
	// overtake runs between a look-up and what follows it.
	overtake func()
}

type account struct {
	directory.Account
	password string
}

func newWorld() *world {
	return &world{
		clock:       testingclock.NewFakeClock(now()),
		invitations: map[string]*directory.Invitation{},
		accounts:    map[string]*account{},
		sessions:    map[string]*account{},
		disabled:    map[string]bool{},
		signIns:     map[directory.OrganizationID]string{},
		shared:      joinWorld{links: map[string]*directory.SharedLink{}, came: map[string]string{}},
	}
}

func details() directory.InvitationDetails {
	return directory.InvitationDetails{
		OrganizationName: "Northwind Clinic",
		DisplayName:      adaName,
		Roles:            []string{"Clinician", "Supervisor"},
		Units:            []string{"Pediatrics"},
		Message:          "Welcome aboard, Ada!\nYour first day is Monday. Ask for Grace at the desk.",
	}
}

// invite issues an invitation for a week and returns its token.
func (w *world) invite(change ...func(*directory.Invitation)) string {
	secret := sha256.Sum256([]byte(rand.Text()))
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	invitation := &directory.Invitation{
		ID: rand.Text(), Organization: clinic, Address: adaMail, Revision: 1, Asked: 1,
		State: directory.InvitationPending, Details: details(),
		CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(7 * 24 * time.Hour),
	}
	for _, change := range change {
		change(invitation)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.invitations[token] = invitation
	return token
}

// inState ends an invitation that is being issued.
func inState(state directory.InvitationState) func(*directory.Invitation) {
	return func(i *directory.Invitation) { i.State = state }
}

func confirming(i *directory.Invitation) { i.Purpose = directory.PurposeConfirm }

func (w *world) state(token string) directory.InvitationState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.observe(w.invitations[token]).State
}

func (w *world) observe(i *directory.Invitation) directory.Invitation {
	seen := *i
	if seen.State == directory.InvitationPending && !w.clock.Now().Before(seen.ExpiresAt) {
		seen.State = directory.InvitationExpired
	}
	return seen
}

func (w *world) Lookup(_ context.Context, token string) (directory.Invitation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups++
	if w.fault != nil {
		return directory.Invitation{}, w.fault
	}
	invitation, ok := w.invitations[token]
	if !ok {
		return directory.Invitation{}, directory.Errorf(directory.KindNotFound, "look up invitation", "no such token")
	}
	seen := w.observe(invitation)
	if w.overtake != nil {
		w.overtake()
		w.overtake = nil
	}
	return seen, nil
}

// pending returns the invitation if it can still be answered; w.mu is held.
func (w *world) pending(token string) (*directory.Invitation, error) {
	if w.fault != nil {
		return nil, w.fault
	}
	invitation, ok := w.invitations[token]
	if !ok || w.observe(invitation).State != directory.InvitationPending {
		return nil, directory.Errorf(directory.KindNotFound, "redeem invitation", "not pending")
	}
	return invitation, nil
}

func (w *world) Accept(_ context.Context, token string, a directory.Acceptance) (string, directory.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	invitation, err := w.pending(token)
	if err != nil {
		return "", directory.Account{}, err
	}
	if err := w.place(token, false); err != nil {
		return "", directory.Account{}, err
	}
	if w.disabled[invitation.Address] {
		return "", directory.Account{}, directory.Errorf(directory.KindConflict, "redeem invitation", "member is disabled")
	}
	if (invitation.SignInURL == "") != (a.Password != "") {
		return "", directory.Account{}, directory.Errorf(directory.KindDenied, "redeem invitation", "they sign in elsewhere, or not any more")
	}
	invitation.State = directory.InvitationAccepted
	invitation.EndedAt = w.clock.Now()
	person := &account{
		Account: directory.Account{
			Organization: invitation.Organization, OrganizationName: invitation.Details.OrganizationName,
			Address: invitation.Address, Name: a.Name, Roles: invitation.Details.Roles, Units: invitation.Details.Units,
		},
		password: a.Password,
	}
	w.accounts[string(invitation.Organization)+" "+invitation.Address] = person
	if a.Password == "" {
		return "", person.Account, nil
	}
	return w.start(person), person.Account, nil
}

func (w *world) SignInURL(_ context.Context, org directory.OrganizationID) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if directory.IsKind(w.fault, directory.KindUnavailable) {
		return "", w.fault
	}
	return w.signIns[org], nil
}

func (w *world) Decline(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	invitation, err := w.pending(token)
	if err != nil {
		return err
	}
	invitation.State = directory.InvitationDeclined
	invitation.EndedAt = w.clock.Now()
	return nil
}

func (w *world) Confirm(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	invitation, err := w.pending(token)
	if err != nil {
		return err
	}
	if invitation.Purpose != directory.PurposeConfirm {
		return directory.Errorf(directory.KindNotFound, "confirm an address", "not for that")
	}
	invitation.State = directory.InvitationAccepted
	invitation.EndedAt = w.clock.Now()
	return nil
}

func (w *world) start(person *account) string {
	session := rand.Text()
	w.sessions[session] = person
	return session
}

func (w *world) SignIn(_ context.Context, org directory.OrganizationID, address, password string) (string, directory.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return "", directory.Account{}, w.fault
	}
	person, ok := w.accounts[string(org)+" "+strings.ToLower(address)]
	if !ok || person.password != password || w.disabled[person.Address] {
		return "", directory.Account{}, directory.Errorf(directory.KindDenied, "sign in", "no match")
	}
	return w.start(person), person.Account, nil
}

func (w *world) Session(_ context.Context, session string) (directory.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return directory.Account{}, w.fault
	}
	person, ok := w.sessions[session]
	if !ok {
		return directory.Account{}, directory.Errorf(directory.KindNotFound, "find session", "no such session")
	}
	return person.Account, nil
}

func (w *world) SignOut(_ context.Context, session string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return w.fault
	}
	delete(w.sessions, session)
	return nil
}

// member makes Ada somebody who has accepted, and returns a session of hers.
func (w *world) member(t *testing.T) string {
	t.Helper()
	session, _, err := w.Accept(t.Context(), w.invite(), directory.Acceptance{Name: adaName, Password: goodPass})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// health fails when the world does.
func (w *world) health(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

func (w *world) failWith(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = err
}

// options are those of a portal in this world, with limits that no test
// reaches by accident.
func (w *world) options(baseURL string) Options {
	generous := Limit{Every: time.Millisecond, Burst: math.MaxInt32}
	return Options{
		BaseURL: baseURL, Invitations: w, Joins: w, Accounts: w, Elsewhere: w, Health: w.health,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Clock:          w.clock, Log: logr.Discard(), Registerer: prometheus.NewRegistry(),
		Limits: Limits{Requests: generous, Submissions: generous, Invitation: generous, Link: generous, SignIn: generous},
	}
}

func (w *world) portal(t *testing.T, change ...func(*Options)) http.Handler {
	t.Helper()
	o := w.options("https://people.example.com")
	for _, change := range change {
		change(&o)
	}
	handler, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}
