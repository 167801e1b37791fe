package ledger_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const signIn = "https://login.clinic.example/start?tenant=7"

// elsewhere has the clinic's people sign in at their own provider.
func (w *world) elsewhere() {
	w.t.Helper()
	w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", SignInURL: signIn})
}

// invited is Ada with an invitation and an admission; it returns her token.
func (w *world) invited(change ...func(*directory.Admission)) string {
	w.t.Helper()
	w.elsewhere()
	w.admit(admission(ada, directory.MemberInvited, change...))
	r := request(ada, 1)
	r.Details.DisplayName, r.Details.Units = "Ada King", []string{"North"}
	if _, err := w.Invite(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
	return w.token(ada)
}

func (w *world) accept(token string) error {
	_, err := w.Accept(w.t.Context(), token, directory.Acceptance{Name: " Ada Lovelace "})
	return err
}

// Accepting redeems the link, opens the admission and tells of it, at once; the
// system has nobody yet, whatever it had before.
func TestHE3_AcceptanceElsewhere(t *testing.T) {
	eachDatabase(t, func(w *world) {
		token := w.invited(func(a *directory.Admission) { a.Provisioned, a.DeclaredName, a.Awaiting = true, "Ada King", "{}" })
		w.clock.Step(time.Hour)
		account, err := w.Accept(w.t.Context(), token, directory.Acceptance{Name: " Ada Lovelace "})
		want := directory.Account{
			Organization: clinic, OrganizationName: "Clinic", Address: ada, Name: "Ada Lovelace",
			Roles: []string{"Clinician"}, Units: []string{"North"},
		}
		if diff := cmp.Diff(want, account); err != nil || diff != "" {
			w.t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		w.wantAdmissions("accepted", directory.Admission{
			Organization: clinic, Address: ada, State: directory.MemberActive, JoinedAt: start.Add(time.Hour),
			ConfirmedName: "Ada Lovelace", DeclaredName: "Ada King", Awaiting: "{}",
		})
		if got := w.newest(); got.State != directory.InvitationAccepted || got.SignInURL != signIn {
			w.t.Errorf("the invitation is %s, and leads to %q", got.State, got.SignInURL)
		}
		changes, err := w.Changes(w.t.Context(), 0, 10)
		if diff := cmp.Diff([]directory.Change{{Sequence: 1, Organization: clinic, Address: ada}}, changes); err != nil || diff != "" {
			w.t.Errorf("%v: changes (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff([]string{"manager Issued revision 1 was asked for", "portal Accepted "}, w.trail(ada)); diff != "" {
			w.t.Errorf("audit (-want +got):\n%s", diff)
		}
		wantKind(w.t, "accept twice", w.accept(token), directory.KindNotFound)
	})
}

// Names and the time of joining are those of the person, not of the last attempt.
func TestHE3_AcceptanceElsewhereKeepsWhatIsKnown(t *testing.T) {
	joined := start.Add(-week)
	for name, test := range map[string]struct {
		reason string
		before func(*directory.Admission)
		given  string
		want   directory.Admission
	}{
		"declared for the backend": {
			"the newest declaration counts", func(a *directory.Admission) { a.DeclaredName = "A. King" }, "Ada",
			directory.Admission{ConfirmedName: "Ada", DeclaredName: "A. King", JoinedAt: start},
		},
		"declared in the invitation": {
			"a declaration of another name takes the given one back", func(*directory.Admission) {}, "Ada",
			directory.Admission{ConfirmedName: "Ada", DeclaredName: "Ada King", JoinedAt: start},
		},
		"no name": {
			"the declared one stays", func(a *directory.Admission) { a.DeclaredName = "A. King" }, " ",
			directory.Admission{DeclaredName: "A. King", JoinedAt: start},
		},
		"in already": {"who accepts again joined before", func(a *directory.Admission) {
			a.State, a.JoinedAt, a.ConfirmedName, a.DeclaredName = directory.MemberActive, joined, "Augusta", "A. King"
		}, "Ada", directory.Admission{ConfirmedName: "Ada", DeclaredName: "A. King", JoinedAt: joined}},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				token := w.invited(test.before)
				if _, err := w.Accept(w.t.Context(), token, directory.Acceptance{Name: test.given}); err != nil {
					w.t.Fatal(err)
				}
				want := test.want
				want.Organization, want.Address, want.State = clinic, ada, directory.MemberActive
				w.wantAdmissions(test.reason, want)
			})
		})
	}
}

// Whoever is not let in has redeemed nothing.
func TestHE3_RefusedElsewhere(t *testing.T) {
	named := directory.Acceptance{Name: "Ada"}
	for name, test := range map[string]struct {
		reason string
		given  func(w *world)
		with   directory.Acceptance
		kind   directory.Kind
		open   bool
	}{
		"disabled": {
			"nobody disabled gets in", func(w *world) { w.admit(admission(ada, directory.MemberDisabled)) },
			named, directory.KindConflict, true,
		},
		"not admitted": {
			"there is nobody to let in", func(w *world) { w.must(w.Dismiss(w.t.Context(), clinic, ada)) },
			named, directory.KindConflict, true,
		},
		"a password": {
			"nobody keeps it", func(*world) {},
			directory.Acceptance{Name: "Ada", Password: "correct horse battery"},
			directory.KindInvalid, true,
		},
		"a control character": {"it would break out of a header", func(*world) {}, directory.Acceptance{Name: "Ada\r\nBcc: x"}, directory.KindInvalid, true},
		"an endless name":     {"it cannot be stored", func(*world) {}, directory.Acceptance{Name: strings.Repeat("a", 513)}, directory.KindInvalid, true},
		"not UTF-8":           {"databases differ about it", func(*world) {}, directory.Acceptance{Name: "A\xff"}, directory.KindInvalid, true},
		"here now":            {"a password is needed", func(w *world) { w.policy("") }, named, directory.KindDenied, true},
		"declined":            {"the link is dead", func(w *world) { w.must(w.Decline(w.t.Context(), w.token(ada))) }, named, directory.KindNotFound, false},
		"expired":             {"the link is dead", func(w *world) { w.clock.Step(week) }, named, directory.KindNotFound, false},
		"removed":             {"the link is dead", func(w *world) { w.must(w.RemoveOrganization(w.t.Context(), clinic)) }, named, directory.KindNotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				token := w.invited()
				test.given(w)
				before, err := w.Admissions(w.t.Context(), clinic, "", 0)
				w.must(err)
				_, err = w.Accept(w.t.Context(), token, test.with)
				wantKind(w.t, test.reason, err, test.kind)
				if strings.Contains(fmt.Sprint(err), ada) || strings.Contains(fmt.Sprint(err), token) || strings.Contains(fmt.Sprint(err), "correct horse") {
					w.t.Error("the error names somebody, or a secret")
				}
				w.wantAdmissions(test.reason, before...)
				found, err := w.Lookup(w.t.Context(), token)
				if err != nil || (found.State == directory.InvitationPending) != test.open {
					w.t.Errorf("the link is %s, %v; want it pending: %t", found.State, err, test.open)
				}
			})
		})
	}
}

// Who was disabled gets in by the same link once they are enabled.
func TestHE6_EnabledAgainElsewhere(t *testing.T) {
	eachDatabase(t, func(w *world) {
		token := w.invited()
		w.admit(admission(ada, directory.MemberDisabled))
		wantKind(w.t, "while disabled", w.accept(token), directory.KindConflict)
		w.admit(admission(ada, directory.MemberInvited))
		wantKind(w.t, "enabled", w.accept(token), "")
	})
}

// A link that is for something else lets nobody in.
func TestBY2_AcceptTakesItsOwnLinksOnly(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.elsewhere()
		w.admit(admission(ada, directory.MemberActive))
		r := request(ada, 1)
		r.Purpose = directory.PurposeConfirm
		if _, err := w.Invite(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		}
		token := w.token(ada)
		wantKind(w.t, "accept with a confirmation", w.accept(token), directory.KindNotFound)
		wantKind(w.t, "accept with nothing", w.accept("x"), directory.KindNotFound)
		wantKind(w.t, "confirm", w.Confirm(w.t.Context(), token), "")
	})
}

// Whoever keeps passwords redeems nothing for an organization that signs in
// elsewhere.
func TestPromise_NoPasswordForElsewhere(t *testing.T) {
	eachDatabase(t, func(w *world) {
		token := w.invited()
		_, err := w.redeem(token)
		wantKind(w.t, "redeem", err, directory.KindDenied)
		if got := w.newest().State; got != directory.InvitationPending {
			w.t.Errorf("the invitation is %s", got)
		}
		w.policy("")
		wantKind(w.t, "accept without a password, here", w.accept(token), directory.KindDenied)
		if _, err := w.redeem(token); err != nil {
			w.t.Error(err)
		}
	})
}

// Somebody is disabled while they accept, from two processes: one of the two is
// first, nobody disabled is in, and the link is used exactly when they got in.
func TestPromise_AcceptanceRacesWithDisabling(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.elsewhere()
		second := w.second()
		const people = 60
		var in, out atomic.Int64
		together(people, func(i int) {
			address := fmt.Sprintf("p%02d@example.com", i)
			known := admission(address, directory.MemberInvited)
			w.admit(known)
			w.invite(address, 1)
			token := w.token(address)
			disabled := known
			disabled.State = directory.MemberDisabled
			var accepted, refused error
			together(2, func(who int) {
				if who == 0 {
					accepted = w.accept(token)
					return
				}
				refused = second.Admit(w.t.Context(), disabled, known)
			})
			is, err := w.Admission(w.t.Context(), clinic, address)
			found, lost := w.Lookup(w.t.Context(), token)
			switch {
			case err != nil || lost != nil:
				w.t.Error(err, lost)
			case accepted == nil && directory.IsKind(refused, directory.KindConflict) &&
				is.State == directory.MemberActive && found.State == directory.InvitationAccepted:
				in.Add(1)
			case refused == nil && directory.IsKind(accepted, directory.KindConflict) &&
				is == disabled && found.State == directory.InvitationPending:
				out.Add(1)
			default:
				w.t.Errorf("accepted: %v, disabled: %v, and the person is %s, the link %s", accepted, refused, is.State, found.State)
			}
		})
		if in.Load()+out.Load() != people {
			w.t.Errorf("%d got in and %d did not; want %d in all", in.Load(), out.Load(), people)
		}
	})
}

// Of many clicks one accepts.
func TestHE3_AcceptedOnceElsewhere(t *testing.T) {
	eachDatabase(t, func(w *world) {
		token := w.invited()
		ledgers := []*ledger.Ledger{w.Ledger, w.second()}
		var wins atomic.Int64
		together(40, func(i int) {
			switch _, err := ledgers[i%2].Accept(w.t.Context(), token, directory.Acceptance{Name: "Ada"}); {
			case err == nil:
				wins.Add(1)
			case !directory.IsKind(err, directory.KindNotFound):
				w.t.Error(err)
			}
		})
		if wins.Load() != 1 {
			w.t.Errorf("%d of 40 accepted; want 1", wins.Load())
		}
	})
}

// Who joins by a shareable link is in under the name given, whom nobody has
// declared yet; who is in already is told, and takes no use.
func TestHE4_JoiningElsewhere(t *testing.T) {
	newcomer := admission(ada, directory.MemberActive, func(a *directory.Admission) {
		a.JoinedAt, a.ConfirmedName, a.DeclaredName = start, "Ada Lovelace", "Ada Lovelace"
	})
	for name, test := range map[string]struct {
		reason string
		before []directory.Admission
		given  func(*directory.LinkRequest)
		kind   directory.Kind
		want   []directory.Admission
		uses   int64
	}{
		"newcomer": {"nobody has declared them", nil, nil, "", []directory.Admission{newcomer}, 1},
		"declared meanwhile": {
			"they are let in like the invited",
			[]directory.Admission{admission(ada, directory.MemberInvited, func(a *directory.Admission) { a.DeclaredName = "A. King" })},
			nil, "",
			[]directory.Admission{admission(ada, directory.MemberActive, func(a *directory.Admission) {
				a.JoinedAt, a.ConfirmedName, a.DeclaredName = start, "Ada Lovelace", "A. King"
			})},
			1,
		},
		"in already": {
			"they keep what they have",
			[]directory.Admission{admission(ada, directory.MemberActive)},
			nil, directory.KindExists,
			[]directory.Admission{admission(ada, directory.MemberActive)},
			0,
		},
		"disabled": {
			"nobody disabled gets in",
			[]directory.Admission{admission(ada, directory.MemberDisabled)},
			nil, directory.KindConflict,
			[]directory.Admission{admission(ada, directory.MemberDisabled)},
			0,
		},
		"approval": {"somebody looks first", nil, func(r *directory.LinkRequest) { r.Approval = true }, directory.KindDenied, nil, 0},
		"closed":   {"the link is dead", nil, func(r *directory.LinkRequest) { r.Closed = true }, directory.KindNotFound, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.elsewhere()
				w.publish()
				token := w.asked(ada)
				if test.given != nil {
					w.publish(test.given)
				}
				for _, a := range test.before {
					w.admit(a)
				}
				wantKind(w.t, test.reason, w.accept(token), test.kind)
				w.wantAdmissions(test.reason, test.want...)
				if got := w.status().Uses; got != test.uses {
					w.t.Errorf("%d uses; want %d", got, test.uses)
				}
				if test.kind == "" {
					w.must(w.MoveJoin(w.t.Context(), join(ada), directory.JoinSettled))
					if diff := cmp.Diff([]string{ada}, w.inState(directory.JoinSettled)); diff != "" {
						w.t.Error(diff)
					}
				}
			})
		})
	}
}

// Never more get in than may, from any number of processes.
func TestPromise_JoiningElsewhereNeverExceedsItsUses(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.elsewhere()
		const people, uses = 30, 7
		w.publish(func(r *directory.LinkRequest) { r.MaxUses = uses })
		tokens := make([]string, people)
		for i := range tokens {
			tokens[i] = w.asked(fmt.Sprintf("p%02d@example.com", i))
		}
		ledgers := []*ledger.Ledger{w.Ledger, w.second()}
		together(people, func(i int) {
			_, err := ledgers[i%2].Accept(w.t.Context(), tokens[i], directory.Acceptance{Name: "Ada"})
			if err != nil && !directory.IsKind(err, directory.KindQuotaExceeded) {
				w.t.Error(err)
			}
		})
		if n := w.count("SELECT COUNT(*) FROM admissions WHERE state = 'Active'"); n != uses || w.status().Uses != uses {
			w.t.Errorf("%d are in, %d uses; want %d", n, w.status().Uses, uses)
		}
	})
}

// The organization moves while people accept, here and elsewhere: whoever keeps
// passwords and whoever opens admissions never both let the same person in.
func TestPromise_AcceptanceRacesWithASwitch(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.elsewhere()
		other := databasetest.Second(w.t, w.db)
		second := w.open(other, "two", w.clock)
		const people = 20
		tokens := make([]string, people)
		for i := range tokens {
			address := fmt.Sprintf("p%02d@example.com", i)
			w.admit(admission(address, directory.MemberInvited))
			w.invite(address, 1)
			tokens[i] = w.token(address)
		}
		var here, elsewhere atomic.Int64
		together(people+1, func(i int) {
			if i == people {
				for n := range 10 {
					w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", SignInURL: []string{"", signIn}[n%2]})
				}
				return
			}
			won := w.acceptBothWays(second, other, tokens[i])
			here.Add(won[0])
			elsewhere.Add(won[1])
			if won[0]+won[1] > 1 {
				w.t.Error("one link let two in")
			}
		})
		if n := w.count("SELECT COUNT(*) FROM admissions WHERE state = 'Active'"); int64(n) != elsewhere.Load() {
			w.t.Errorf("%d admissions are open; want %d", n, elsewhere.Load())
		}
		if n := w.count("SELECT COUNT(*) FROM invitations WHERE state = 'Accepted'"); int64(n) != here.Load()+elsewhere.Load() {
			w.t.Errorf("%d links are used; want %d", n, here.Load()+elsewhere.Load())
		}
	})
}

// acceptBothWays has one link accepted by whoever keeps passwords and by the
// ledger at once, and returns how often each did.
func (w *world) acceptBothWays(second *ledger.Ledger, other *database.DB, token string) [2]int64 {
	var won [2]int64
	together(2, func(who int) {
		err := w.accept
		if who == 0 {
			err = func(token string) error { _, err := redeem(w.t.Context(), second, other, token); return err }
		}
		switch kind := directory.KindOf(err(token)); kind {
		case "":
			won[who]++
		case directory.KindDenied, directory.KindNotFound:
		default:
			w.t.Errorf("kind %s", kind)
		}
	})
	return won
}
