package directorytest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// brokeBy reports whether the error comes from the fault.
func brokeBy(err error, fault string) bool {
	return directory.IsKind(err, directory.KindUnavailable) && strings.HasSuffix(err.Error(), ": "+fault)
}

func frailBackends() map[string]frail {
	removesHalf := func(w *twist, r remote) {
		w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
			if err := r.ApplyAccess(ctx, org, address, directory.Access{}); directory.IsKind(err, directory.KindNotFound) {
				return nil
			} else if err != nil {
				return err
			}
			_ = r.wire.send(ctx, func(ctx context.Context) error { return r.Memory.RemoveMember(ctx, org, address, how) })
			return nil
		}
	}
	return map[string]frail{
		"creates twice after a lost reply": {scenario: "join", fault: "LostReply", bend: createsTwice},
		"reports half a removal as done":   {scenario: "leave", fault: "Refused", bend: removesHalf},
		"concludes absence from garbage": {scenario: "leave", fault: "Garbage", bend: func(w *twist, r remote) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := r.Member(ctx, org, address)
				if brokeBy(err, "Garbage") {
					return m, notFound("observe a member", "the member")
				}
				return m, err
			}
		}},
		"a late write overwrites": {scenario: "join", fault: "Late", bend: remembersWhatItApplied},
		"takes half a page for the end": {scenario: "list while others come", fault: "Truncated", bend: func(w *twist, r remote) {
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				page, err := r.ListMembers(ctx, org, cursor)
				if brokeBy(err, "Truncated") {
					return directory.MemberPage{Members: page.Members[:1], Complete: true}, nil
				}
				return page, err
			}
		}},
		"swallows a request to slow down": {scenario: "join", fault: "RateLimited", bend: func(w *twist, r remote) {
			w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
				err := r.ApplyAccess(ctx, org, address, a)
				if directory.IsKind(err, directory.KindRateLimited) {
					return nil
				}
				return err
			}
		}},
		"a conflict is the end": {scenario: "set up", fault: "Precondition", bend: func(w *twist, r remote) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				err := r.ApplyUnit(ctx, u)
				if directory.IsKind(err, directory.KindConflict) {
					return directory.Errorf(directory.KindInvalid, "apply a unit", "%w", err)
				}
				return err
			}
		}},
		"gives up on its credentials": {scenario: "remove a unit and a role", fault: "Unauthorized", bend: func(w *twist, r remote) {
			refused := false
			w.removeRole = func(ctx context.Context, org directory.OrganizationID, name string) error {
				if refused {
					return directory.Errorf(directory.KindCredentials, "remove a role", "the token was not taken before")
				}
				err := r.RemoveRole(ctx, org, name)
				refused = directory.IsKind(err, directory.KindCredentials)
				return err
			}
		}},
		"is gone when nobody answers": {scenario: "remove the organization", fault: "BadGateway", bend: func(w *twist, r remote) {
			w.removeOrganization = func(ctx context.Context, org directory.OrganizationID) error {
				err := r.RemoveOrganization(ctx, org)
				if brokeBy(err, "BadGateway") {
					return nil
				}
				return err
			}
		}},
		"moves half": {scenario: "change of address", fault: "GatewayTimeout", bend: func(w *twist, r remote) {
			w.changeAddress = func(ctx context.Context, org directory.OrganizationID, from, to string) error {
				err := r.ChangeAddress(ctx, org, from, to)
				if brokeBy(err, "GatewayTimeout") {
					return directory.Errorf(directory.KindExists, "change an address", "somebody has it")
				}
				return err
			}
		}},
		"lets in after a slow answer": {scenario: "disable and enable", fault: "Slow", bend: func(w *twist, r remote) {
			w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
				err := r.RemoveMember(ctx, org, address, how)
				if brokeBy(err, "Slow") {
					_, undo := r.Memory.ApplyMember(ctx, directory.Member{Organization: org, Address: address, State: directory.MemberActive})
					return undo
				}
				return err
			}
		}},
		"adopts anew after a server error": {scenario: "adopt", fault: "Internal", bend: func(w *twist, r remote) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := r.ApplyMember(ctx, m)
				if brokeBy(err, "Internal") {
					err = errors.Join(err, r.Memory.RemoveMember(ctx, m.Organization, m.Address, directory.RemovalDrop))
				}
				return got, err
			}
		}},
		"has one life": {scenario: "join", fault: inARow, bend: hasOneLife},
	}
}

// createsTwice does not look whether its first attempt was heard.
func createsTwice(w *twist, r remote) {
	var mu sync.Mutex
	unsure, twice := map[string]bool{}, map[string]bool{}
	w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
		mu.Lock()
		defer mu.Unlock()
		_, there := w.has(m.Organization, m.Address)
		if unsure[m.Address] && there {
			twice[m.Address] = true
		}
		got, err := r.ApplyMember(ctx, m)
		unsure[m.Address] = err != nil && !there
		return got, err
	}
	bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range p.Members {
			if twice[m.Address] {
				p.Members = append(p.Members, m)
			}
		}
	})(w)
}

// remembersWhatItApplied asks nobody whether it is still so.
func remembersWhatItApplied(w *twist, r remote) {
	applied := map[string]directory.Access{}
	w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
		if last, ok := applied[address]; ok && sameAccess(last, a) {
			return nil
		}
		err := r.ApplyAccess(ctx, org, address, a)
		if err == nil {
			applied[address] = a
		}
		return err
	}
}

func sameAccess(a, b directory.Access) bool {
	return strings.Join(a.Units, ",") == strings.Join(b.Units, ",") && len(a.Grants) == len(b.Grants)
}

// hasOneLife tries again by itself, and does not look what becomes of that.
func hasOneLife(w *twist, r remote) {
	failed := false
	w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
		err := r.ApplyAccess(ctx, org, address, a)
		if err != nil && failed {
			return nil
		}
		failed = err != nil
		return err
	}
}
