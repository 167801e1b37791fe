package directorytest

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// broken is a way to break the contract, and the check that must notice.
type broken struct {
	check string
	bend  func(*twist)
}

func brokenBackends() map[string]broken {
	all := map[string]broken{}
	for _, part := range []map[string]broken{brokenFrames(), brokenMembers(), brokenAccess(), brokenListings(), brokenText(), brokenRaces(), brokenAddresses()} {
		maps.Copy(all, part)
	}
	return all
}

// onlyCounted are those that only a count of writes gives away.
func onlyCounted() map[string]bool {
	return map[string]bool{
		"check writes":               true,
		"units are written always":   true,
		"units cannot move":          true,
		"permissions never change":   true,
		"members are written always": true,
		"units have an order":        true,
		"grants have an order":       true,
		"unstable spelling":          true,
		"creates twice":              true,
	}
}

func brokenFrames() map[string]broken {
	return map[string]broken{
		"pages of nobody": {"backend/capabilities", func(w *twist) {
			w.capabilities = func() directory.Capabilities { return directory.Capabilities{Invitations: directory.InvitationsOurs} }
		}},
		"native without an inviter": {"backend/capabilities", func(w *twist) {
			w.capabilities = func() directory.Capabilities {
				return directory.Capabilities{Invitations: directory.InvitationsNative, PageSize: 1}
			}
		}},
		"check writes": {"backend/check", func(w *twist) {
			w.check = func(context.Context) error { w.extraWrites.Add(1); return nil }
		}},
		"deaf to cancellation": {"backend/cancelled", func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				return w.Backend.ApplyMember(context.WithoutCancel(ctx), m)
			}
		}},
		"concludes from cancellation": {"backend/cancelled", func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				if ctx.Err() != nil {
					return directory.ObservedMember{}, notFound("observe", "the member")
				}
				return w.Backend.Member(ctx, org, address)
			}
		}},
		"denies its units": {"backend/no units", func(w *twist) {
			w.capabilities = func() directory.Capabilities {
				return directory.Capabilities{Invitations: directory.InvitationsOurs, PageSize: 4, Roles: true}
			}
		}},
		"denies its roles": {"backend/no roles", func(w *twist) {
			w.capabilities = func() directory.Capabilities {
				return directory.Capabilities{Invitations: directory.InvitationsOurs, PageSize: 4, Units: true}
			}
		}},
		"a missing organization is empty": {"organization/create", func(w *twist) {
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				page, err := w.Backend.ListMembers(ctx, org, cursor)
				if directory.IsKind(err, directory.KindNotFound) {
					return directory.MemberPage{Complete: true}, nil
				}
				return page, err
			}
		}},
		"a changed organization is a new one": {"organization/change", func(w *twist) {
			w.applyOrganization = func(ctx context.Context, o directory.Organization) error {
				if err := w.Backend.RemoveOrganization(ctx, o.ID); err != nil {
					return err
				}
				return w.Backend.ApplyOrganization(ctx, o)
			}
		}},
		"organizations stay": {"organization/remove", func(w *twist) {
			w.removeOrganization = func(context.Context, directory.OrganizationID) error { return nil }
		}},
		"members create organizations": {"organization/missing", func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				if err := w.Backend.ApplyOrganization(ctx, anOrganization(m.Organization)); err != nil {
					return directory.ObservedMember{}, err
				}
				return w.Backend.ApplyMember(ctx, m)
			}
		}},
		"units are written always": {"unit/change", func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				w.extraWrites.Add(1)
				return w.Backend.ApplyUnit(ctx, u)
			}
		}},
		"units cannot move": {"unit/change", func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				u.Parent = ""
				return w.Backend.ApplyUnit(ctx, u)
			}
		}},
		"missing parents are dropped": {"unit/missing parent", func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				err := w.Backend.ApplyUnit(ctx, u)
				if directory.IsKind(err, directory.KindNotFound) {
					u.Parent = ""
					err = w.Backend.ApplyUnit(ctx, u)
				}
				return err
			}
		}},
		"units stay": {"unit/remove", func(w *twist) {
			w.removeUnit = func(context.Context, directory.OrganizationID, string) error { return nil }
		}},
		"units go with their parent": {"unit/remove parent", func(w *twist) {
			w.removeUnit = func(ctx context.Context, org directory.OrganizationID, name string) error {
				if err := w.Backend.RemoveUnit(ctx, org, "ward"); err != nil {
					return err
				}
				return w.Backend.RemoveUnit(ctx, org, name)
			}
		}},
		"permissions never change": {"role/change", func(w *twist) {
			w.applyRole = func(ctx context.Context, r directory.Role) error {
				r.Permissions = []string{"notes.read"}
				return w.Backend.ApplyRole(ctx, r)
			}
		}},
		"a role takes all access with it": {"role/remove", func(w *twist) {
			w.removeRole = func(ctx context.Context, org directory.OrganizationID, name string) error {
				if err := w.Backend.ApplyAccess(ctx, org, ada, directory.Access{}); err != nil {
					return err
				}
				return w.Backend.RemoveRole(ctx, org, name)
			}
		}},
	}
}

// bendApply bends what becomes of a declaration before it is applied.
func bendApply(f func(w *twist, m *directory.Member, before directory.ObservedMember, there bool)) func(*twist) {
	return func(w *twist) {
		w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
			before, there := w.has(m.Organization, m.Address)
			f(w, &m, before, there)
			return w.Backend.ApplyMember(ctx, m)
		}
	}
}

// bendMember bends what is observed.
func bendMember(f func(*directory.ObservedMember)) func(*twist) {
	return func(w *twist) {
		w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
			m, err := w.Backend.Member(ctx, org, address)
			if err == nil {
				f(&m)
			}
			return m, err
		}
	}
}

func dropFirst(w *twist, m *directory.Member) {
	_ = w.memory.RemoveMember(context.Background(), m.Organization, m.Address, directory.RemovalDrop)
}

func brokenMembers() map[string]broken {
	return map[string]broken{
		"answers with the question": {"member/create", func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				_, err := w.Backend.ApplyMember(ctx, m)
				return directory.ObservedMember{Member: m}, err
			}
		}},
		"members are written always": {"member/create", bendApply(func(w *twist, _ *directory.Member, _ directory.ObservedMember, _ bool) {
			w.extraWrites.Add(1)
		})},
		"a changed member is a new one": {"member/change", bendApply(func(w *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if before.Profile.DisplayName != m.Profile.DisplayName {
				dropFirst(w, m)
			}
		})},
		"unmanaged fields are blanked": {"member/unmanaged", bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			if m.Profile.Phone == "" {
				m.Profile.Phone = "-"
			}
		})},
		"attributes are merged": {"member/attributes", bendApply(func(_ *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			merged := maps.Clone(before.Profile.Attributes)
			if merged != nil {
				maps.Copy(merged, m.Profile.Attributes)
				m.Profile.Attributes = merged
			}
		})},
		"everybody exists": {"member/missing", func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if directory.IsKind(err, directory.KindNotFound) {
					return directory.ObservedMember{}, nil
				}
				return m, err
			}
		}},
		"errors name people": {"member/missing", func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if directory.IsKind(err, directory.KindNotFound) {
					return m, notFound("observe a member", "member %q", address)
				}
				return m, err
			}
		}},
		"errors have no kind": {"member/missing", func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if err != nil {
					return m, fmt.Errorf("nobody: %s", directory.KindOf(err))
				}
				return m, nil
			}
		}},
		"hands out its own maps": {"member/own copy", func(w *twist) {
			shared := map[string]string{"cost-center": "12", "desk": "7b"}
			bendMember(func(m *directory.ObservedMember) { m.Profile.Attributes = shared })(w)
		}},
		"never forgets a confirmed name": {"member/confirmed name", func(w *twist) {
			name := ""
			bendMember(func(m *directory.ObservedMember) {
				if m.ConfirmedName != "" {
					name = m.ConfirmedName
				}
				m.ConfirmedName = name
			})(w)
		}},
		"invited takes active members out": {"state/invited keeps active", bendApply(func(w *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if m.State == directory.MemberInvited && before.State == directory.MemberActive {
				dropFirst(w, m)
			}
		})},
		"active waits for acceptance": {"state/active", bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, there bool) {
			if !there && m.State == directory.MemberActive {
				m.State = directory.MemberInvited
			}
		})},
		"disabled forgets": {"state/disabled", bendApply(func(w *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if m.State == directory.MemberDisabled && before.State != directory.MemberDisabled {
				dropFirst(w, m)
			}
		})},
		"disabled is for ever": {"state/disabled", bendApply(func(_ *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if before.State == directory.MemberDisabled {
				m.State = directory.MemberDisabled
			}
		})},
		"invited leaves disabled": {"state/enable by invited", bendApply(func(_ *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if m.State == directory.MemberInvited && before.State == directory.MemberDisabled {
				m.State = directory.MemberDisabled
			}
		})},
		"drop disables": {"removal/drop", bendRemoval(directory.RemovalDrop, directory.RemovalDisable)},
		"disable drops": {"removal/disable", bendRemoval(directory.RemovalDisable, directory.RemovalDrop)},
		"disable creates": {"removal/missing", func(w *twist) {
			w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
				if how == directory.RemovalDisable {
					m := directory.Member{Organization: org, Address: address, State: directory.MemberDisabled}
					_, err := w.Backend.ApplyMember(ctx, m)
					return err
				}
				return w.Backend.RemoveMember(ctx, org, address, how)
			}
		}},
		"removes from every organization": {"isolation/organizations", func(w *twist) {
			w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
				for _, id := range []directory.OrganizationID{"conformance/one", "conformance/two"} {
					if err := w.Backend.RemoveMember(ctx, id, address, how); err != nil {
						return err
					}
				}
				return nil
			}
		}},
	}
}

func bendRemoval(from, to directory.Removal) func(*twist) {
	return func(w *twist) {
		w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
			if how == from {
				how = to
			}
			return w.Backend.RemoveMember(ctx, org, address, how)
		}
	}
}

// bendAccess bends access before it is applied.
func bendAccess(f func(w *twist, a *directory.Access, before directory.ObservedMember)) func(*twist) {
	return func(w *twist) {
		w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
			before, _ := w.has(org, address)
			f(w, &a, before)
			return w.Backend.ApplyAccess(ctx, org, address, a)
		}
	}
}

func brokenAccess() map[string]broken {
	ordered := bendAccess(func(w *twist, a *directory.Access, before directory.ObservedMember) {
		if !slices.Equal(a.Units, before.Access.Units) || !slices.Equal(a.Grants, before.Access.Grants) {
			w.extraWrites.Add(1)
		}
	})
	merged := bendAccess(func(_ *twist, a *directory.Access, before directory.ObservedMember) {
		a.Units = append(a.Units, before.Access.Units...)
		a.Grants = append(a.Grants, before.Access.Grants...)
	})
	return map[string]broken{
		"access waits for acceptance": {"access/while invited", bendAccess(func(_ *twist, a *directory.Access, before directory.ObservedMember) {
			if before.State == directory.MemberInvited {
				*a = directory.Access{}
			}
		})},
		"access is merged":                  {"access/exact", merged},
		"access is merged in a race":        {"concurrency/access", merged},
		"units have an order":               {"access/units", ordered},
		"grants have an order":              {"access/grants", ordered},
		"applies what it can":               {"access/atomic", appliesWhatItCan},
		"access to nobody creates somebody": {"access/atomic", accessCreates},
		"profile resets access": {"access/left alone", bendApply(func(w *twist, m *directory.Member, _ directory.ObservedMember, there bool) {
			if there {
				_ = w.memory.ApplyAccess(context.Background(), m.Organization, m.Address, directory.Access{})
			}
		})},
		"units of all organizations are one": {"isolation/roles and units", func(w *twist) {
			w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
				for _, name := range a.Units {
					if err := w.Backend.ApplyUnit(ctx, aUnit(org, name, "")); err != nil {
						return err
					}
				}
				return w.Backend.ApplyAccess(ctx, org, address, a)
			}
		}},
	}
}

func appliesWhatItCan(w *twist) {
	w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
		err := w.Backend.ApplyAccess(ctx, org, address, a)
		if directory.IsKind(err, directory.KindNotFound) {
			_ = w.Backend.ApplyAccess(ctx, org, address, directory.Access{Units: a.Units[:min(1, len(a.Units))]})
		}
		return err
	}
}

func accessCreates(w *twist) {
	w.applyAccess = func(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
		if _, there := w.has(org, address); !there {
			if _, err := w.Backend.ApplyMember(ctx, aMember(org, address)); err != nil {
				return err
			}
		}
		return w.Backend.ApplyAccess(ctx, org, address, a)
	}
}

// bendPage bends each page of a listing.
func bendPage(f func(w *twist, cursor string, p *directory.MemberPage)) func(*twist) {
	return func(w *twist) {
		w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
			page, err := w.Backend.ListMembers(ctx, org, cursor)
			if err == nil {
				f(w, cursor, &page)
			}
			return page, err
		}
	}
}

func brokenListings() map[string]broken {
	return map[string]broken{
		"overlapping pages": {"listing/pages", func(w *twist) {
			var last directory.ObservedMember
			bendPage(func(_ *twist, cursor string, p *directory.MemberPage) {
				if cursor != "" {
					p.Members = append([]directory.ObservedMember{last}, p.Members[:len(p.Members)-1]...)
				}
				last = p.Members[len(p.Members)-1]
			})(w)
		}},
		"an order of chance": {"listing/pages", func(w *twist) {
			turn := 0
			bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
				if turn++; turn%2 == 0 {
					slices.Reverse(p.Members)
				}
			})(w)
		}},
		"long pages": {"listing/pages", func(w *twist) {
			w.capabilities = func() directory.Capabilities {
				c := w.memory.capabilities
				c.PageSize = 3
				return c
			}
		}},
		"listed otherwise than observed": {"listing/pages", bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
			for i := range p.Members {
				p.Members[i].Access = directory.Access{}
			}
		})},
		"a full page is not the last": {"listing/full last page", bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
			p.Complete = p.Complete && len(p.Members) < 4
		})},
		"pages by number": {"listing/changes meanwhile", pagesByNumber},
		"any cursor is the first": {"listing/cursor", func(w *twist) {
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				page, err := w.Backend.ListMembers(ctx, org, cursor)
				if directory.IsKind(err, directory.KindInvalid) {
					return w.Backend.ListMembers(ctx, org, "")
				}
				return page, err
			}
		}},
		"always complete": {"listing/incomplete", bendPage(func(_ *twist, _ string, p *directory.MemberPage) { p.Complete = true })},
	}
}

// pagesByNumber lists as servers do that know a start index only, and vouches
// for it nevertheless.
func pagesByNumber(w *twist) {
	w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
		var all []directory.ObservedMember
		for next := ""; ; {
			page, err := w.Backend.ListMembers(ctx, org, next)
			if err != nil {
				return page, err
			}
			all = append(all, page.Members...)
			if next = page.Next; next == "" {
				break
			}
		}
		start := 0
		if cursor != "" {
			var err error
			if start, err = strconv.Atoi(cursor); err != nil {
				return directory.MemberPage{}, directory.Errorf(directory.KindInvalid, "list", "no number")
			}
		}
		if end := start + 4; end < len(all) {
			return directory.MemberPage{Members: all[start:end], Next: strconv.Itoa(end)}, nil
		}
		return directory.MemberPage{Members: all[min(start, len(all)):], Complete: true}, nil
	}
}

func brokenText() map[string]broken {
	return map[string]broken{
		"trims": {"text/profiles", bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			m.Profile.Title = strings.TrimSpace(m.Profile.Title)
		})},
		"strips what it cannot store": {"text/profiles", bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			clean := func(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?") }
			m.Profile.DisplayName, m.Profile.GivenName = clean(m.Profile.DisplayName), clean(m.Profile.GivenName)
			m.Profile.FamilyName, m.Profile.Title, m.Profile.Attributes = clean(m.Profile.FamilyName), clean(m.Profile.Title), nil
		})},
		"stores half of what it refuses": {"text/profiles", func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				if directory.IsKind(err, directory.KindInvalid) {
					m.Profile = directory.Profile{}
					_, _ = w.Backend.ApplyMember(ctx, m)
				}
				return got, err
			}
		}},
		"addresses are patterns": {"text/addresses", func(w *twist) {
			w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
				page, err := w.Backend.ListMembers(ctx, org, "")
				for _, m := range page.Members {
					if like, _ := path.Match(strings.NewReplacer("_", "?", "%", "*").Replace(address), m.Address); like {
						err = w.Backend.RemoveMember(ctx, org, m.Address, how)
					}
				}
				return err
			}
		}},
		"unstable spelling": {"text/units and roles", func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				if strings.Contains(u.DisplayName, "é") {
					w.extraWrites.Add(1)
				}
				return w.Backend.ApplyUnit(ctx, u)
			}
		}},
	}
}

func brokenRaces() map[string]broken {
	return map[string]broken{
		"a key for each caller": {"concurrency/same member", func(w *twist) {
			var n atomic.Int64
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				got.ID = fmt.Sprint(n.Add(1))
				return got, err
			}
		}},
		"one at a time": {"concurrency/different members", func(w *twist) {
			var busy sync.Mutex
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				if m.Address == crowdAddress(7) && busy.TryLock() {
					return directory.ObservedMember{}, directory.Errorf(directory.KindConflict, "apply", "somebody else is at it")
				}
				return w.Backend.ApplyMember(ctx, m)
			}
		}},
		"comes back with old access": {"concurrency/apply and drop", func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				if err == nil && len(got.Access.Grants) == 0 {
					got.Access = directory.Access{Units: []string{"north"}}
					err = w.Backend.ApplyAccess(ctx, m.Organization, m.Address, got.Access)
				}
				return got, err
			}
		}},
		"creates twice": {"concurrency/organization", func(w *twist) {
			w.applyOrganization = func(ctx context.Context, o directory.Organization) error {
				w.extraWrites.Add(1)
				return w.Backend.ApplyOrganization(ctx, o)
			}
		}},
	}
}
