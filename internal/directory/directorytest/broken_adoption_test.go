package directorytest

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ours reports whether somebody was created or adopted.
func (w *twist) ours(org directory.OrganizationID, address string) bool {
	w.memory.mu.Lock()
	defer w.memory.mu.Unlock()
	t, ok := w.memory.tenant(org)
	return ok && t.ours[address]
}

// leaveOwnGroups takes the person out of the groups of the system's own.
func (w *twist) leaveOwnGroups(org directory.OrganizationID, address string) {
	w.memory.mu.Lock()
	defer w.memory.mu.Unlock()
	if t, ok := w.memory.tenant(org); ok {
		delete(t.foreign, address)
	}
}

func brokenAdoptions() map[string]broken {
	return map[string]broken{
		"lists its own only": {check: "adoption/listed", bend: bendPage(func(w *twist, _ string, p *directory.MemberPage) {
			p.Members = slices.DeleteFunc(p.Members, func(m directory.ObservedMember) bool { return !w.ours(m.Organization, m.Address) })
		})},
		"creates beside": {check: "adoption/adopt", bend: bendApply(func(w *twist, m *directory.Member, _ directory.ObservedMember, there bool) {
			if there && !w.ours(m.Organization, m.Address) {
				dropFirst(w, m)
			}
		})},
		"adopts by resetting": {check: "adoption/adopt", bend: bendApply(func(w *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			w.leaveOwnGroups(m.Organization, m.Address)
		})},
		"lets in whom it adopts": {check: "adoption/inactive", bend: bendApply(func(w *twist, m *directory.Member, _ directory.ObservedMember, there bool) {
			if there && !w.ours(m.Organization, m.Address) {
				m.State = directory.MemberActive
			}
		})},
		"access is all there is": {check: "adoption/access", bend: func(w *twist) {
			w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
				w.leaveOwnGroups(org, address)
				return w.Backend.ApplyAccess(ctx, org, address, a)
			}
		}},
		"removes its own only": {check: "adoption/remove", bend: func(w *twist) {
			w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
				if !w.ours(org, address) {
					return nil
				}
				return w.Backend.RemoveMember(ctx, org, address, how)
			}
		}},
		"empties the system": {
			check: "adoption/organization removed", options: MemoryOptions{Tenancy: directory.TenancyOne}, bend: emptiesTheSystem,
		},
	}
}

func emptiesTheSystem(w *twist) {
	w.removeOrganization = func(ctx context.Context, org directory.OrganizationID) error {
		for {
			page, err := w.Backend.ListMembers(ctx, org, "")
			if err != nil || len(page.Members) == 0 {
				return err
			}
			for _, m := range page.Members {
				if err := w.Backend.RemoveMember(ctx, org, m.Address, directory.RemovalDrop); err != nil {
					return err
				}
			}
		}
	}
}

// brokenKeys err about who is meant, how many there may be, and since when.
func brokenKeys() map[string]broken {
	return map[string]broken{
		"the first will do": {check: "key/duplicate", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				if !directory.IsKind(err, directory.KindExists) {
					return got, err
				}
				_ = w.memory.Undouble(ctx, m.Organization, m.Address)
				got, err = w.Backend.ApplyMember(ctx, m)
				_ = w.memory.Duplicate(ctx, m.Organization, m.Address)
				return got, err
			}
		}},
		"remembers whom it saw": {check: "key/meddling", bend: func(w *twist) {
			seen := map[string]directory.ObservedMember{}
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if old, ok := seen[address]; ok && err == nil && old.State == directory.MemberActive {
					return old, nil
				}
				seen[address] = m
				return m, err
			}
		}},
		"half of one too many": {check: "quota/full", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				if directory.IsKind(err, directory.KindQuotaExceeded) {
					_ = w.memory.Plant(ctx, m.Organization, m.Address, false)
				}
				return got, err
			}
		}},
		"an old cursor is the end": {check: "listing/old cursor", bend: func(w *twist) {
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				page, err := w.Backend.ListMembers(ctx, org, cursor)
				if directory.IsKind(err, directory.KindConflict) {
					return directory.MemberPage{Complete: true}, nil
				}
				return page, err
			}
		}},
		"a cursor is a way in": {check: "isolation/cursor", bend: func(w *twist) {
			owner := map[string]directory.OrganizationID{}
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				if whose, known := owner[cursor]; known {
					org = whose
				}
				page, err := w.Backend.ListMembers(ctx, org, cursor)
				owner[page.Next] = org
				delete(owner, "")
				return page, err
			}
		}},
	}
}
