package directorytest

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

// wire is the way to a [Memory], where each call is a request.
type wire struct {
	mu       sync.Mutex
	requests int
	nth      int
	how      wirefault.Fault
	came     bool
	late     []func()
}

func (w *wire) Requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

func (w *wire) Break(nth int, how wirefault.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nth, w.how, w.came = w.requests+nth, how, false
}

func (w *wire) Mend() bool {
	w.mu.Lock()
	late, came := w.late, w.came
	w.late, w.nth, w.came = nil, 0, false
	w.mu.Unlock()
	for _, request := range late {
		request()
	}
	return came
}

// meet counts a request and says how it breaks; empty for not at all.
func (w *wire) meet() wirefault.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	if w.requests != w.nth {
		return ""
	}
	w.came = true
	return w.how
}

// send makes a request that may be broken.
func (w *wire) send(ctx context.Context, request func(context.Context) error) error {
	const op = "ask the system"
	how := w.meet()
	unheard := directory.Errorf(directory.KindUnavailable, op, "there is no answer: %s", how)
	switch how {
	case "":
		return request(ctx)
	case wirefault.Refused, wirefault.Internal, wirefault.BadGateway, wirefault.Unavailable, wirefault.Garbage:
		return unheard
	case wirefault.Late:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.late = append(w.late, func() { _ = request(context.WithoutCancel(ctx)) })
		return unheard
	case wirefault.Conflict, wirefault.Precondition:
		return directory.Errorf(directory.KindConflict, op, "it changed meanwhile")
	case wirefault.RateLimited:
		return &directory.Error{Kind: directory.KindRateLimited, Op: op, RetryAfter: time.Second}
	case wirefault.Unauthorized:
		return directory.Errorf(directory.KindCredentials, op, "the token is not taken")
	}
	// What is left takes effect.
	_ = request(ctx)
	return unheard
}

// remote is a backend whose system is a [Memory] at the other end of a wire. Of
// its methods, two need several requests.
type remote struct {
	*Memory
	wire *wire
}

func (r remote) Capabilities(ctx context.Context) (directory.Capabilities, error) {
	return r.Memory.Capabilities(ctx)
}

func (r remote) Check(ctx context.Context) error { return r.wire.send(ctx, r.Memory.Check) }

func (r remote) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.ApplyOrganization(ctx, o) })
}

// RemoveOrganization takes the members one by one, as systems want it that
// cannot remove a tenant which somebody is in.
func (r remote) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	for {
		page, err := r.ListMembers(ctx, id, "")
		if directory.IsKind(err, directory.KindNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		left := 0
		for _, m := range page.Members {
			if !r.Memory.isOurs(id, m.Address) {
				continue
			}
			left++
			if err := r.RemoveMember(ctx, id, m.Address, directory.RemovalDrop); err != nil {
				return err
			}
		}
		if left == 0 {
			break
		}
	}
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.RemoveOrganization(ctx, id) })
}

func (m *Memory) isOurs(org directory.OrganizationID, address string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tenant(org)
	return ok && (m.one == nil || t.ours[address])
}

func (r remote) ApplyUnit(ctx context.Context, u directory.Unit) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.ApplyUnit(ctx, u) })
}

func (r remote) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.RemoveUnit(ctx, org, name) })
}

func (r remote) ApplyRole(ctx context.Context, role directory.Role) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.ApplyRole(ctx, role) })
}

func (r remote) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.RemoveRole(ctx, org, name) })
}

func (r remote) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	var got directory.ObservedMember
	err := r.wire.send(ctx, func(ctx context.Context) error {
		var err error
		got, err = r.Memory.Member(ctx, org, address)
		return err
	})
	return got, err
}

func (r remote) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	var got directory.MemberPage
	err := r.wire.send(ctx, func(ctx context.Context) error {
		var err error
		got, err = r.Memory.ListMembers(ctx, org, cursor)
		return err
	})
	return got, err
}

func (r remote) ApplyMember(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
	var got directory.ObservedMember
	err := r.wire.send(ctx, func(ctx context.Context) error {
		made, err := r.Memory.ApplyMember(ctx, m)
		if ctx.Err() == nil {
			got = made
		}
		return err
	})
	return got, err
}

func (r remote) ApplyAccess(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.ApplyAccess(ctx, org, address, a) })
}

// RemoveMember takes access away first, with a request of its own.
func (r remote) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	if how != directory.RemovalDisable {
		err := r.ApplyAccess(ctx, org, address, directory.Access{})
		if err != nil && !directory.IsKind(err, directory.KindNotFound) {
			return err
		}
	}
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.RemoveMember(ctx, org, address, how) })
}

func (r remote) ChangeAddress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	return r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.ChangeAddress(ctx, org, from, to) })
}
