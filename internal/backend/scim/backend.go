package scim

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Provisioning says when somebody who is invited appears at the service
// provider.
type Provisioning string

const (
	// ProvisionOnAccept creates the person when they accept.
	ProvisionOnAccept Provisioning = "OnAccept"
	// ProvisionImmediately creates the person at once, inactive, and activates
	// them when they accept.
	ProvisionImmediately Provisioning = "Immediately"
)

// Options are what a Backend works with.
type Options struct {
	// Client talks to the service provider. Required.
	Client *protocol.Client
	// Admissions keep what the service provider cannot hold. Required.
	Admissions directory.Admissions
	// Findings keep what was found out about the service provider. Required.
	Findings directory.Findings
	// Clock tells the time. Required.
	Clock clock.PassiveClock
	// Provisioning is when invited people appear; empty means [ProvisionOnAccept].
	Provisioning Provisioning
	// Mapping says what goes where.
	Mapping Mapping
}

// Backend keeps members at a service provider. It may be used by many
// goroutines at once. Of several processes that work on one service provider,
// each sees what the others did within a few minutes only.
type Backend struct {
	client       *protocol.Client
	admissions   directory.Admissions
	findings     directory.Findings
	clock        clock.PassiveClock
	provisioning Provisioning
	fields       []field
	// named are the fields that the mapping names beside the usual ones.
	named        map[directory.ProfileField]bool
	units, roles holder
	// began is when somebody was first seen who has been in for longer than
	// anybody can tell.
	began time.Time

	learnt lessons
	// kept is what the findings hold; nil before they were recalled.
	kept     atomic.Pointer[findings]
	locks    locks
	users    *mirror[userIndex]
	groups   *mirror[groupIndex]
	members  *mirror[memberships]
	names    names
	listings listings
	absences absences
	arrivals arrivals
}

var (
	_ directory.Backend        = (*Backend)(nil)
	_ directory.AddressChanger = (*Backend)(nil)
)

const (
	// usersAge is how long a listing of all users stands in for filters.
	usersAge = 30 * time.Second
	// groupsAge is how long the names of groups are believed.
	groupsAge = 5 * time.Minute
	// membersAge is how long it is believed who belongs to groups, where users do
	// not tell.
	membersAge = 15 * time.Second
)

// New returns a Backend. It does no I/O. An error says which option is wrong.
func New(o Options) (*Backend, error) {
	if o.Client == nil || o.Admissions == nil || o.Findings == nil || o.Clock == nil {
		return nil, errors.New("the scim backend needs a client, admissions, findings and a clock")
	}
	b := &Backend{
		client: o.Client, admissions: o.Admissions, findings: o.Findings, clock: o.Clock, began: o.Clock.Now(),
		provisioning: cmp.Or(o.Provisioning, ProvisionOnAccept), named: map[directory.ProfileField]bool{},
	}
	if b.provisioning != ProvisionOnAccept && b.provisioning != ProvisionImmediately {
		return nil, fmt.Errorf("provisioning %q is none of OnAccept and Immediately", o.Provisioning)
	}
	var err error
	if b.fields, err = o.Mapping.fields(); err != nil {
		return nil, err
	}
	for _, a := range o.Mapping.Attributes {
		b.named[a.Field] = true
	}
	if b.units, err = o.Mapping.Units.holder(); err != nil {
		return nil, fmt.Errorf("where units are held: %w", err)
	}
	if b.roles, err = o.Mapping.Roles.holder(); err != nil {
		return nil, fmt.Errorf("where roles are held: %w", err)
	}
	b.users = newMirror(o.Clock, usersAge, b.loadUsers)
	b.groups = newMirror(o.Clock, groupsAge, b.loadGroups)
	b.members = newMirror(o.Clock, membersAge, b.loadMembers)
	b.listings.prefix, b.listings.clock = rand.Text(), o.Clock
	return b, nil
}

// Check implements [directory.Backend].
func (b *Backend) Check(ctx context.Context) error {
	return inOp("check the service provider", b.client.Check(ctx))
}

// lessons are what the service provider was found to do, whatever it says.
// But for [findings] they are forgotten with the process.
type lessons struct {
	// noUserKey and noGroupKey: an externalId that was written is not there.
	noUserKey, noGroupKey atomic.Bool
	// userKey: an externalId that was written is there.
	userKey atomic.Bool
	// noActive: the first user who was to be kept out stayed active, or any whom we
	// have created; disables: somebody was kept out.
	noActive, disables atomic.Bool
	// noWaiting: who was created to be kept out was active, and gone when they were
	// deactivated; stays: somebody like that was still there.
	noWaiting, stays atomic.Bool
	// noDelete: DELETE was refused, or what was deleted is still there; deletes:
	// what was deleted was gone.
	noDelete, deletes atomic.Bool
	// noValuePaths: a path with a value filter was refused.
	noValuePaths atomic.Bool
	// tells says whether users tell their groups.
	tells atomic.Int32
	// wholeUsers and wholeGroups are the largest listings that were complete.
	wholeUsers, wholeGroups whole
	// nameless counts the users of the last listing who have no address.
	nameless atomic.Int64

	mu sync.Mutex
	// lost are fields that were written and are not there.
	lost map[directory.ProfileField]bool
}

func (l *lessons) isLost(f directory.ProfileField) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost[f]
}

func (l *lessons) lose(f directory.ProfileField) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil {
		l.lost = map[directory.ProfileField]bool{}
	}
	l.lost[f] = true
}

// inOp adds what was being done to an error, and keeps its kind. The error of a
// context that ended stays what it is.
func inOp(op string, err error) error {
	var e *directory.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	return &directory.Error{Kind: directory.KindOf(err), Op: op, RetryAfter: directory.RetryAfter(err), Err: err}
}

func missing(what string, args ...any) error {
	return directory.Errorf(directory.KindNotFound, "", what+" does not exist", args...)
}
