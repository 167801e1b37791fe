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
	// options are those of the backend that is bent.
	options MemoryOptions
}

func brokenBackends() map[string]broken {
	all := map[string]broken{}
	for _, part := range []map[string]broken{brokenFrames(), brokenMembers(), brokenAccess(), brokenListings(), brokenText(), brokenRaces(), brokenAddresses(), brokenAbilities(), brokenAdoptions(), brokenKeys()} {
		maps.Copy(all, part)
	}
	return all
}

// onlyCounted are those that only a count of writes gives away.
func onlyCounted() map[string]bool {
	return map[string]bool{
		"check writes":               true,
		"writes permissions":         true,
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
		"pages of nobody": {check: "backend/capabilities", bend: func(w *twist) {
			bendAbilities(func(c *directory.Capabilities) { c.PageSize = 0 })(w)
		}},
		"native without an inviter": {check: "backend/capabilities", bend: func(w *twist) {
			bendAbilities(func(c *directory.Capabilities) { c.Invitations = directory.InvitationsNative })(w)
		}},
		"check writes": {check: "backend/check", bend: func(w *twist) {
			w.check = func(context.Context) error { w.extraWrites.Add(1); return nil }
		}},
		"deaf to cancellation": {check: "backend/cancelled", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				return w.Backend.ApplyMember(context.WithoutCancel(ctx), m)
			}
		}},
		"concludes from cancellation": {check: "backend/cancelled", bend: func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				if ctx.Err() != nil {
					return directory.ObservedMember{}, notFound("observe", "the member")
				}
				return w.Backend.Member(ctx, org, address)
			}
		}},
		"denies its units": {check: "backend/no units", bend: func(w *twist) {
			bendAbilities(func(c *directory.Capabilities) { c.Units, c.NestedUnits, c.UnitGrants = false, false, false })(w)
		}},
		"denies its roles": {check: "backend/no roles", bend: func(w *twist) {
			bendAbilities(func(c *directory.Capabilities) { c.Roles, c.Permissions, c.UnitGrants = false, false, false })(w)
		}},
		"a missing organization is empty": {check: "organization/create", bend: func(w *twist) {
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				page, err := w.Backend.ListMembers(ctx, org, cursor)
				if directory.IsKind(err, directory.KindNotFound) {
					return directory.MemberPage{Complete: true}, nil
				}
				return page, err
			}
		}},
		"a changed organization is a new one": {check: "organization/change", bend: func(w *twist) {
			w.applyOrganization = func(ctx context.Context, o directory.Organization) error {
				if err := w.Backend.RemoveOrganization(ctx, o.ID); err != nil {
					return err
				}
				return w.Backend.ApplyOrganization(ctx, o)
			}
		}},
		"organizations stay": {check: "organization/remove", bend: func(w *twist) {
			w.removeOrganization = func(context.Context, directory.OrganizationID) error { return nil }
		}},
		"members create organizations": {check: "organization/missing", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				if err := w.Backend.ApplyOrganization(ctx, anOrganization(m.Organization)); err != nil {
					return directory.ObservedMember{}, err
				}
				return w.Backend.ApplyMember(ctx, m)
			}
		}},
		"units are written always": {check: "unit/change", bend: func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				w.extraWrites.Add(1)
				return w.Backend.ApplyUnit(ctx, u)
			}
		}},
		"units cannot move": {check: "unit/change", bend: func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				u.Parent = ""
				return w.Backend.ApplyUnit(ctx, u)
			}
		}},
		"missing parents are dropped": {check: "unit/missing parent", bend: func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				err := w.Backend.ApplyUnit(ctx, u)
				if directory.IsKind(err, directory.KindNotFound) {
					u.Parent = ""
					err = w.Backend.ApplyUnit(ctx, u)
				}
				return err
			}
		}},
		"units stay": {check: "unit/remove", bend: func(w *twist) {
			w.removeUnit = func(context.Context, directory.OrganizationID, string) error { return nil }
		}},
		"units go with their parent": {check: "unit/remove parent", bend: func(w *twist) {
			w.removeUnit = func(ctx context.Context, org directory.OrganizationID, name string) error {
				if err := w.Backend.RemoveUnit(ctx, org, "ward"); err != nil {
					return err
				}
				return w.Backend.RemoveUnit(ctx, org, name)
			}
		}},
		"permissions never change": {check: "role/change", bend: func(w *twist) {
			w.applyRole = func(ctx context.Context, r directory.Role) error {
				r.Permissions = []string{"notes.read"}
				return w.Backend.ApplyRole(ctx, r)
			}
		}},
		"a role takes all access with it": {check: "role/remove", bend: func(w *twist) {
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
		"answers with the question": {check: "member/create", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				_, err := w.Backend.ApplyMember(ctx, m)
				return directory.ObservedMember{Member: m}, err
			}
		}},
		"members are written always": {check: "member/create", bend: bendApply(func(w *twist, _ *directory.Member, _ directory.ObservedMember, _ bool) {
			w.extraWrites.Add(1)
		})},
		"a changed member is a new one": {check: "member/change", bend: bendApply(func(w *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if before.Profile.DisplayName != m.Profile.DisplayName {
				dropFirst(w, m)
			}
		})},
		"unmanaged fields are blanked": {check: "member/unmanaged", bend: bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			if m.Profile.Phone == "" {
				m.Profile.Phone = "-"
			}
		})},
		"attributes are merged": {check: "member/attributes", bend: bendApply(func(_ *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			merged := maps.Clone(before.Profile.Attributes)
			if merged != nil {
				maps.Copy(merged, m.Profile.Attributes)
				m.Profile.Attributes = merged
			}
		})},
		"everybody exists": {check: "member/missing", bend: func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if directory.IsKind(err, directory.KindNotFound) {
					return directory.ObservedMember{}, nil
				}
				return m, err
			}
		}},
		"errors name people": {check: "member/missing", bend: func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if directory.IsKind(err, directory.KindNotFound) {
					return m, notFound("observe a member", "member %q", address)
				}
				return m, err
			}
		}},
		"errors have no kind": {check: "member/missing", bend: func(w *twist) {
			w.member = func(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
				m, err := w.Backend.Member(ctx, org, address)
				if err != nil {
					return m, fmt.Errorf("nobody: %s", directory.KindOf(err))
				}
				return m, nil
			}
		}},
		"hands out its own maps": {check: "member/own copy", bend: func(w *twist) {
			shared := map[string]string{"cost-center": "12", "desk": "7b"}
			bendMember(func(m *directory.ObservedMember) { m.Profile.Attributes = shared })(w)
		}},
		"never forgets a confirmed name": {check: "member/confirmed name", bend: func(w *twist) {
			name := ""
			bendMember(func(m *directory.ObservedMember) {
				if m.ConfirmedName != "" {
					name = m.ConfirmedName
				}
				m.ConfirmedName = name
			})(w)
		}},
		"invited takes active members out": {check: "state/invited keeps active", bend: bendApply(func(w *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if m.State == directory.MemberInvited && before.State == directory.MemberActive {
				dropFirst(w, m)
			}
		})},
		"active waits for acceptance": {check: "state/active", bend: bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, there bool) {
			if !there && m.State == directory.MemberActive {
				m.State = directory.MemberInvited
			}
		})},
		"disabled forgets": {check: "state/disabled", bend: bendApply(func(w *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if m.State == directory.MemberDisabled && before.State != directory.MemberDisabled {
				dropFirst(w, m)
			}
		})},
		"disabled is for ever": {check: "state/disabled", bend: bendApply(func(_ *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if before.State == directory.MemberDisabled {
				m.State = directory.MemberDisabled
			}
		})},
		"invited leaves disabled": {check: "state/enable by invited", bend: bendApply(func(_ *twist, m *directory.Member, before directory.ObservedMember, _ bool) {
			if m.State == directory.MemberInvited && before.State == directory.MemberDisabled {
				m.State = directory.MemberDisabled
			}
		})},
		"drop disables": {check: "removal/drop", bend: bendRemoval(directory.RemovalDrop, directory.RemovalDisable)},
		"disable drops": {check: "removal/disable", bend: bendRemoval(directory.RemovalDisable, directory.RemovalDrop)},
		"disable creates": {check: "removal/missing", bend: func(w *twist) {
			w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
				if how == directory.RemovalDisable {
					m := directory.Member{Organization: org, Address: address, State: directory.MemberDisabled}
					_, err := w.Backend.ApplyMember(ctx, m)
					return err
				}
				return w.Backend.RemoveMember(ctx, org, address, how)
			}
		}},
		"removes from every organization": {check: "isolation/organizations", bend: func(w *twist) {
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
		"access waits for acceptance": {check: "access/while invited", bend: bendAccess(func(_ *twist, a *directory.Access, before directory.ObservedMember) {
			if before.State == directory.MemberInvited {
				*a = directory.Access{}
			}
		})},
		"access is merged":                  {check: "access/exact", bend: merged},
		"access is merged in a race":        {check: "concurrency/access", bend: merged},
		"units have an order":               {check: "access/units", bend: ordered},
		"grants have an order":              {check: "access/grants", bend: ordered},
		"applies what it can":               {check: "access/atomic", bend: appliesWhatItCan},
		"access to nobody creates somebody": {check: "access/atomic", bend: accessCreates},
		"profile resets access": {check: "access/left alone", bend: bendApply(func(w *twist, m *directory.Member, _ directory.ObservedMember, there bool) {
			if there {
				_ = w.memory.ApplyAccess(context.Background(), m.Organization, m.Address, directory.Access{})
			}
		})},
		"units of all organizations are one": {check: "isolation/roles and units", bend: func(w *twist) {
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
		"overlapping pages": {check: "listing/pages", bend: func(w *twist) {
			var last directory.ObservedMember
			bendPage(func(_ *twist, cursor string, p *directory.MemberPage) {
				if cursor != "" {
					p.Members = append([]directory.ObservedMember{last}, p.Members[:len(p.Members)-1]...)
				}
				last = p.Members[len(p.Members)-1]
			})(w)
		}},
		"an order of chance": {check: "listing/pages", bend: func(w *twist) {
			turn := 0
			bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
				if turn++; turn%2 == 0 {
					slices.Reverse(p.Members)
				}
			})(w)
		}},
		"long pages": {check: "listing/pages", bend: func(w *twist) {
			bendAbilities(func(c *directory.Capabilities) { c.PageSize = 3 })(w)
		}},
		"listed otherwise than observed": {check: "listing/pages", bend: bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
			for i := range p.Members {
				p.Members[i].Access = directory.Access{}
			}
		})},
		"a full page is not the last": {check: "listing/full last page", bend: bendPage(func(_ *twist, _ string, p *directory.MemberPage) {
			p.Complete = p.Complete && len(p.Members) < 4
		})},
		"an empty page is the end": {check: "listing/pages", options: MemoryOptions{EmptyPages: true}, bend: bendPage(
			func(_ *twist, _ string, p *directory.MemberPage) {
				if len(p.Members) == 0 {
					p.Next, p.Complete = "", true
				}
			})},
		"pages by number": {check: "listing/changes meanwhile", bend: pagesByNumber},
		"any cursor is the first": {check: "listing/cursor", bend: func(w *twist) {
			w.listMembers = func(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
				page, err := w.Backend.ListMembers(ctx, org, cursor)
				if directory.IsKind(err, directory.KindInvalid) {
					return w.Backend.ListMembers(ctx, org, "")
				}
				return page, err
			}
		}},
		"always complete": {check: "listing/incomplete", bend: bendPage(func(_ *twist, _ string, p *directory.MemberPage) { p.Complete = true })},
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
		"trims": {check: "text/profiles", bend: bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			m.Profile.Title = strings.TrimSpace(m.Profile.Title)
		})},
		"strips what it cannot store": {check: "text/profiles", bend: bendApply(func(_ *twist, m *directory.Member, _ directory.ObservedMember, _ bool) {
			clean := func(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?") }
			m.Profile.DisplayName, m.Profile.GivenName = clean(m.Profile.DisplayName), clean(m.Profile.GivenName)
			m.Profile.FamilyName, m.Profile.Title, m.Profile.Attributes = clean(m.Profile.FamilyName), clean(m.Profile.Title), nil
		})},
		"stores half of what it refuses": {check: "text/profiles", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				if directory.IsKind(err, directory.KindInvalid) {
					m.Profile = directory.Profile{}
					_, _ = w.Backend.ApplyMember(ctx, m)
				}
				return got, err
			}
		}},
		"addresses are patterns": {check: "text/addresses", bend: func(w *twist) {
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
		"unstable spelling": {check: "text/units and roles", bend: func(w *twist) {
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
		"a key for each caller": {check: "concurrency/same member", bend: func(w *twist) {
			var n atomic.Int64
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				got.ID = fmt.Sprint(n.Add(1))
				return got, err
			}
		}},
		"one at a time": {check: "concurrency/different members", bend: func(w *twist) {
			var busy sync.Mutex
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				if m.Address == crowdAddress(7) && busy.TryLock() {
					return directory.ObservedMember{}, directory.Errorf(directory.KindExists, "apply", "somebody else is at it")
				}
				return w.Backend.ApplyMember(ctx, m)
			}
		}},
		"comes back with old access": {check: "concurrency/apply and drop", bend: func(w *twist) {
			w.applyMember = func(ctx context.Context, m directory.Member) (directory.ObservedMember, error) {
				got, err := w.Backend.ApplyMember(ctx, m)
				if err == nil && len(got.Access.Grants) == 0 {
					got.Access = directory.Access{Units: []string{"north"}}
					err = w.Backend.ApplyAccess(ctx, m.Organization, m.Address, got.Access)
				}
				return got, err
			}
		}},
		"creates twice": {check: "concurrency/organization", bend: func(w *twist) {
			w.applyOrganization = func(ctx context.Context, o directory.Organization) error {
				w.extraWrites.Add(1)
				return w.Backend.ApplyOrganization(ctx, o)
			}
		}},
	}
}
