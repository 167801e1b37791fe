package embedded_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestOrganization(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		want := directory.Organization{
			ID: practice, DisplayName: "Example Practice", UnknownDelivery: directory.UnknownHold,
			Mail: directory.MailIdentity{From: "a@example.com", ReplyTo: "b@example.com", Server: "mail/relay"},
		}
		must(t, w.ApplyOrganization(t.Context(), want))
		got, err := w.Organization(t.Context(), practice)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the organization (-want +got):\n%s", diff)
		}
		for _, id := range []directory.OrganizationID{"", "clinic/none", "\x00", "\xff", "' OR 1=1 --"} {
			_, err := w.Organization(t.Context(), id)
			wantKind(t, fmt.Sprintf("organization %q", id), err, directory.KindNotFound)
		}
	})
}

func TestHE5_DroppingLeavesNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		must(t, w.RemoveMember(t.Context(), practice, ada, directory.RemovalDrop))
		for _, table := range []string{"members", "member_grants", "member_units", "credentials", "sessions"} {
			if n := w.count(t, table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		w.member(t, ada, directory.MemberActive)
		_, _, err := w.SignIn(t.Context(), practice, ada, password)
		wantKind(t, "the password of a former membership", err, directory.KindDenied)
	})
}

func TestRemovingAnOrganizationLeavesNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: practice, Name: "ward", Parent: "north"}))
		w.accept(t, ada)
		must(t, w.RemoveOrganization(t.Context(), practice))
		for _, table := range []string{
			"organizations", "units", "roles", "members", "member_grants", "member_units", "credentials", "sessions",
		} {
			if n := w.count(t, table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
	})
}

func TestEnablingKeepsThePassword(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		must(t, w.RemoveMember(t.Context(), practice, ada, directory.RemovalDisable))
		w.member(t, ada, directory.MemberInvited)
		if _, _, err := w.SignIn(t.Context(), practice, ada, password); err != nil {
			t.Errorf("signing in after being enabled again: %v", err)
		}
	})
}

func TestInvalidDeclarations(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	ctx := t.Context()
	apply := func(m directory.Member) error { _, err := w.ApplyMember(ctx, m); return err }
	for name, err := range map[string]error{
		"no state":            apply(directory.Member{Organization: practice, Address: grace}),
		"unknown state":       apply(directory.Member{Organization: practice, Address: grace, State: "Retired"}),
		"no address":          apply(directory.Member{Organization: practice, State: directory.MemberInvited}),
		"NUL in the address":  apply(directory.Member{Organization: practice, Address: "a\x00@example.com", State: directory.MemberInvited}),
		"organization no id":  w.ApplyOrganization(ctx, directory.Organization{}),
		"unit without name":   w.ApplyUnit(ctx, directory.Unit{Organization: practice}),
		"role without name":   w.ApplyRole(ctx, directory.Role{Organization: practice}),
		"permission with NUL": w.ApplyRole(ctx, directory.Role{Organization: practice, Name: "x", Permissions: []string{"\x00"}}),
		"unknown removal":     w.RemoveMember(ctx, practice, ada, "Archive"),
	} {
		wantKind(t, name, err, directory.KindInvalid)
	}
	page, err := w.ListMembers(ctx, practice, "")
	must(t, err)
	if len(page.Members) != 1 {
		t.Errorf("%d members, want Ada alone", len(page.Members))
	}
}

func TestPromise_TroubleWithTheDatabaseIsNeverFinal(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	token := w.invite(t, ada, 1)
	w.db.fault.Store(&directory.Error{Kind: directory.KindUnavailable, Op: "use the database"})
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Check":              func() error { return w.Check(ctx) },
		"ApplyOrganization":  func() error { return w.ApplyOrganization(ctx, directory.Organization{ID: "a/b"}) },
		"RemoveOrganization": func() error { return w.RemoveOrganization(ctx, practice) },
		"ApplyUnit":          func() error { return w.ApplyUnit(ctx, directory.Unit{Organization: practice, Name: "x"}) },
		"RemoveUnit":         func() error { return w.RemoveUnit(ctx, practice, "north") },
		"ApplyRole":          func() error { return w.ApplyRole(ctx, directory.Role{Organization: practice, Name: "x"}) },
		"RemoveRole":         func() error { return w.RemoveRole(ctx, practice, "clinician") },
		"Member":             func() error { _, err := w.Member(ctx, practice, ada); return err },
		"ListMembers":        func() error { _, err := w.ListMembers(ctx, practice, ""); return err },
		"ApplyAccess":        func() error { return w.ApplyAccess(ctx, practice, ada, directory.Access{}) },
		"RemoveMember":       func() error { return w.RemoveMember(ctx, practice, ada, directory.RemovalDrop) },
		"Organization":       func() error { _, err := w.Organization(ctx, practice); return err },
		"Session":            func() error { _, err := w.Session(ctx, "x"); return err },
		"SignOut":            func() error { return w.SignOut(ctx, "x") },
		"SignIn":             func() error { _, _, err := w.SignIn(ctx, practice, ada, password); return err },
		"Accept": func() error {
			_, _, err := w.Accept(ctx, token, directory.Acceptance{Password: password})
			return err
		},
		"ApplyMember": func() error {
			_, err := w.ApplyMember(ctx, directory.Member{Organization: practice, Address: grace, State: directory.MemberInvited})
			return err
		},
	} {
		wantKind(t, name, call(), directory.KindUnavailable)
	}
}

// TestRemovingWhatIsBeingGiven lets access be given while the role and the unit
// come and go: nobody ever sees anything but success and KindNotFound, and no
// grant outlives what it is of.
func TestRemovingWhatIsBeingGiven(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		role := directory.Role{Organization: practice, Name: "lead"}
		unit := directory.Unit{Organization: practice, Name: "south"}
		child := directory.Unit{Organization: practice, Name: "south-ward", Parent: "south"}
		ctx := t.Context()
		deeds := []func() error{
			func() error { return w.ApplyRole(ctx, role) },
			func() error { return w.ApplyUnit(ctx, unit) },
			func() error { return w.ApplyUnit(ctx, child) },
			func() error { return w.RemoveRole(ctx, practice, "lead") },
			func() error { return w.RemoveUnit(ctx, practice, "south") },
			func() error {
				return w.ApplyAccess(ctx, practice, ada, directory.Access{
					Grants: []directory.Grant{{Role: "lead"}, {Role: "lead", Unit: "south"}}, Units: []string{"south"},
				})
			},
			func() error { return w.ApplyAccess(ctx, practice, ada, directory.Access{}) },
		}
		var wait sync.WaitGroup
		for _, deed := range deeds {
			wait.Go(func() {
				for range 30 {
					if err := deed(); err != nil && !directory.IsKind(err, directory.KindNotFound) {
						t.Errorf("kind %s: %v", directory.KindOf(err), err)
					}
				}
			})
		}
		wait.Wait()
		must(t, w.RemoveRole(ctx, practice, "lead"))
		must(t, w.RemoveUnit(ctx, practice, "south"))
		if a := w.observe(t, ada).Access; len(a.Grants)+len(a.Units) != 0 {
			t.Errorf("access to what is gone: %+v", a)
		}
	})
}

// TestMembersOfAnOrganizationThatGoes lets members be applied while their
// organization comes and goes.
func TestMembersOfAnOrganizationThatGoes(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		ctx := t.Context()
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() {
				for n := range 20 {
					m := directory.Member{Organization: practice, Address: fmt.Sprintf("p%d-%d@example.com", i, n), State: directory.MemberInvited}
					if _, err := w.ApplyMember(ctx, m); err != nil && !directory.IsKind(err, directory.KindNotFound) {
						t.Errorf("applying a member: %v", err)
					}
				}
			})
		}
		wait.Go(func() {
			for range 10 {
				if err := w.RemoveOrganization(ctx, practice); err != nil {
					t.Errorf("removing: %v", err)
				}
				if err := w.ApplyOrganization(ctx, directory.Organization{ID: practice}); err != nil {
					t.Errorf("creating: %v", err)
				}
			}
		})
		wait.Wait()
		must(t, w.RemoveOrganization(ctx, practice))
		if n := w.count(t, "members"); n != 0 {
			t.Errorf("%d members of no organization", n)
		}
	})
}
