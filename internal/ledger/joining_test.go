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

const grace = "grace@example.com"

// join is somebody who asked to join by the link.
func join(address string) directory.Join {
	return directory.Join{Organization: clinic, Link: open, Address: address}
}

// wish enters an address on the link's page, in a process without a key.
func (w *world) wish(address string) error {
	portal, err := ledger.New(ledger.Options{DB: w.db, Clock: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	return portal.RequestJoin(w.t.Context(), w.linkToken(), directory.JoinRequest{Address: address, Name: "Ada Lovelace"})
}

// asked has somebody ask to join, and returns the token that they are mailed.
func (w *world) asked(address string) string {
	w.t.Helper()
	if err := w.wish(address); err != nil {
		w.t.Fatal(err)
	}
	if asked, err := w.AskToConfirm(w.t.Context(), join(address)); err != nil || !asked {
		w.t.Fatalf("asked for a confirmation: %t, %v", asked, err)
	}
	return w.token(address)
}

func (w *world) mustJoin(address string) {
	w.t.Helper()
	if _, err := w.redeem(w.asked(address)); err != nil {
		w.t.Fatal(err)
	}
}

// inState are the addresses of those who are so far.
func (w *world) inState(state directory.JoinState) []string {
	w.t.Helper()
	var found []string
	after := ""
	for {
		page, err := w.Joins(w.t.Context(), directory.JoinQuery{Organization: clinic, Link: open, State: state, After: after, Limit: 2})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range page {
			found, after = append(found, j.Address), j.Address
		}
		if len(page) < 2 {
			return found
		}
	}
}

// From the wish to the use: what is recorded, told and mailed at every step.
func TestHE4_SomebodyJoins(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		if err := w.wish(ada); err != nil {
			w.t.Fatal(err)
		}
		if diff := cmp.Diff([]string{ada}, w.inState(directory.JoinRequested)); diff != "" {
			w.t.Error(diff)
		}
		if claimed, err := w.Claim(w.t.Context(), 10); err != nil || len(claimed) != 0 {
			w.t.Errorf("%d mails, %v; want none before somebody with the key has looked", len(claimed), err)
		}
		token := w.asked(ada)
		mail := w.claimOne(w.Ledger)
		if mail.Purpose != directory.PurposeJoinByLink || !mail.ExpiresAt.Equal(start.Add(24*time.Hour)) || !strings.HasSuffix(mail.Link, "/i/"+token) {
			w.t.Errorf("mail for %s until %s", mail.Purpose, mail.ExpiresAt)
		}
		if diff := cmp.Diff(directory.InvitationDetails{OrganizationName: "Clinic", DisplayName: "Ada Lovelace", Roles: []string{"Clinician"}}, mail.Details); diff != "" {
			w.t.Error(diff)
		}
		w.finish(w.Ledger, mail, directory.ResultSent)
		who, by, err := w.LookupJoin(w.t.Context(), token)
		if err != nil || who.Address != ada || by.Name != open {
			w.t.Errorf("the token is of %q by %q, %v", who.Address, by.Name, err)
		}
		if got := w.status().Uses; got != 0 {
			w.t.Errorf("%d uses before anybody has joined", got)
		}
		w.clock.Step(time.Minute)
		joined, err := w.redeem(token)
		if err != nil || joined.Purpose != directory.PurposeJoinByLink {
			w.t.Fatalf("joined for %q, %v", joined.Purpose, err)
		}
		if got := w.status(); got.Uses != 1 || got.Awaiting != 0 {
			w.t.Errorf("%d uses, %d waiting; want 1 and 0", got.Uses, got.Awaiting)
		}
		if got := w.newest(); got.State != directory.InvitationAccepted || got.Asked != 1 {
			w.t.Errorf("the invitation is %s, asked %d: the declaration that follows must not ask for another", got.State, got.Asked)
		}
		page, err := w.Joins(w.t.Context(), directory.JoinQuery{Organization: clinic, Link: open, State: directory.JoinConfirmed})
		want := []directory.Join{{
			Organization: clinic, Link: open, Address: ada, Name: "Ada Lovelace", State: directory.JoinConfirmed,
			RequestedAt: start, ConfirmedAt: start.Add(time.Minute),
		}}
		if diff := cmp.Diff(want, page); err != nil || diff != "" {
			w.t.Error(err, diff)
		}
		changes, err := w.Changes(w.t.Context(), 0, 10)
		var told []string
		for _, c := range changes {
			name, isLink := c.Link()
			told = append(told, fmt.Sprintf("%s %t", strings.TrimPrefix(c.Address, "link:"), isLink && name == open))
		}
		if diff := cmp.Diff([]string{open + " true", open + " true", ada + " false", ada + " false", open + " true"}, told); err != nil || diff != "" {
			w.t.Error(err, diff)
		}
		_, err = w.redeem(token)
		wantKind(w.t, "join twice", err, directory.KindNotFound)
	})
}

// Whatever stands against it, a wish leads to no mail, and nobody can tell.
func TestHE4_WishesThatLeadNowhere(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		given  func(w *world)
	}{
		"invited": {"the invitation that the person has must not die", func(w *world) { w.invite(ada, 1) }},
		"mailed a minute ago": {"a mailbox is not flooded", func(w *world) {
			w.invite(ada, 1)
			if err := w.Close(w.t.Context(), clinic, ada); err != nil {
				w.t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.publish()
				test.given(w)
				if err := w.wish(ada); err != nil {
					w.t.Errorf("%s: the wish was refused: %v", test.reason, err)
				}
				if asked, err := w.AskToConfirm(w.t.Context(), join(ada)); err != nil || asked {
					w.t.Errorf("%s: asked %t, %v", test.reason, asked, err)
				}
				if rest := w.inState(directory.JoinRequested); len(rest) != 0 {
					w.t.Errorf("%s: %v is left", test.reason, rest)
				}
			})
		})
	}
	for name, end := range map[string]func(w *world){
		"closed":  func(w *world) { w.publish(func(r *directory.LinkRequest) { r.Closed = true }) },
		"rotated": func(w *world) { w.publish(func(r *directory.LinkRequest) { r.Rotation = 2 }) },
		"expired": func(w *world) { w.clock.Step(week) },
		"used up": func(w *world) { w.mustJoin(grace); w.mustJoin("alan@example.com") },
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.publish()
				if err := w.wish(ada); err != nil {
					w.t.Fatal(err)
				}
				end(w)
				if asked, err := w.AskToConfirm(w.t.Context(), join(ada)); err != nil || asked {
					w.t.Errorf("asked %t, %v", asked, err)
				}
			})
		})
	}
}

// Somebody who asks twice keeps the confirmation that they got.
func TestHE4_AskingTwiceKeepsTheMail(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		token := w.asked(ada)
		w.clock.Step(time.Minute)
		if err := w.wish(ada); err != nil {
			w.t.Fatal(err)
		}
		if asked, err := w.AskToConfirm(w.t.Context(), join(ada)); err != nil || asked {
			w.t.Errorf("a second mail within five minutes: %t, %v", asked, err)
		}
		if _, err := w.redeem(token); err != nil {
			w.t.Errorf("the first mail does not work any more: %v", err)
		}
	})
}

// Also while nobody has looked at the second wish, because the manager is away.
func TestHE4_AskingTwiceWhileNobodyLooks(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		token := w.asked(ada)
		if err := w.wish(ada); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.redeem(token); err != nil {
			w.t.Errorf("the first mail does not work: %v", err)
		}
		_, err := w.AskToConfirm(w.t.Context(), join(ada))
		wantKind(w.t, "ask who is in", err, directory.KindNotFound)
	})
}

func TestHE4_ANewerConfirmationKillsTheOlder(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		first := w.asked(ada)
		w.later()
		second := w.asked(ada)
		_, err := w.redeem(first)
		wantKind(w.t, "the older mail", err, directory.KindNotFound)
		if _, err := w.redeem(second); err != nil {
			w.t.Errorf("the newer mail: %v", err)
		}
	})
}

func TestHE4_RequestsAreRefused(t *testing.T) {
	of := func(domains ...string) func(*directory.LinkRequest) {
		return func(r *directory.LinkRequest) { r.Domains = domains }
	}
	for name, test := range map[string]struct {
		reason  string
		change  func(*directory.LinkRequest)
		address string
		after   time.Duration
		want    directory.Kind
	}{
		"allowed":        {"of one of the domains", of("example.com", "example.org"), ada, 0, ""},
		"another domain": {"only those that are listed", of("example.org"), ada, 0, directory.KindDenied},
		"below a domain": {"a domain does not stand for those below it", of("example.com"), "ada@mail.example.com", 0, directory.KindDenied},
		"closed":         {"closed", func(r *directory.LinkRequest) { r.Closed = true }, ada, 0, directory.KindNotFound},
		"expired":        {"on time", func(*directory.LinkRequest) {}, ada, week, directory.KindNotFound},
		"just in time":   {"a moment before", func(*directory.LinkRequest) {}, ada, week - time.Second, ""},
		"NUL":            {"no database stores it alike", func(*directory.LinkRequest) {}, "a\x00@example.com", 0, directory.KindInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.publish(test.change)
				w.clock.Step(test.after)
				wantKind(w.t, test.reason, w.wish(test.address), test.want)
			})
		})
	}
}

// A confirmation is good only as long as the link that it came by.
func TestHE4_AConfirmationDiesWithItsLink(t *testing.T) {
	for name, test := range map[string]struct {
		change func(w *world)
		want   directory.Kind
	}{
		"untouched":  {func(*world) {}, ""},
		"disabled":   {func(w *world) { w.publish(func(r *directory.LinkRequest) { r.Closed = true }) }, directory.KindNotFound},
		"reopened":   {func(w *world) { w.publish(func(r *directory.LinkRequest) { r.Closed = true }); w.publish() }, ""},
		"rotated":    {func(w *world) { w.publish(func(r *directory.LinkRequest) { r.Rotation = 2 }) }, directory.KindNotFound},
		"expired":    {func(w *world) { w.publish(func(r *directory.LinkRequest) { r.ExpiresAfter = time.Nanosecond * 1000 }) }, directory.KindNotFound},
		"used up":    {func(w *world) { w.mustJoin(grace); w.mustJoin("alan@example.com") }, directory.KindQuotaExceeded},
		"a day late": {func(w *world) { w.clock.Step(24 * time.Hour) }, directory.KindNotFound},
		"approval":   {func(w *world) { w.publish(func(r *directory.LinkRequest) { r.Approval = true }) }, directory.KindDenied},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.publish()
				token := w.asked(ada)
				w.clock.Step(time.Minute)
				test.change(w)
				uses := w.status().Uses
				_, err := w.redeem(token)
				wantKind(w.t, "join", err, test.want)
				if test.want != "" && w.status().Uses != uses {
					w.t.Errorf("%d uses were taken by somebody who did not join", w.status().Uses-uses)
				}
			})
		})
	}
}

// With an approval nobody is let in by the link: the address is confirmed, a use
// is taken, and the declaration invites anew once it lets the person in.
func TestHE4_ConfirmedAndAwaitingApproval(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish(func(r *directory.LinkRequest) { r.Approval = true })
		token := w.asked(ada)
		_, err := w.redeem(token)
		wantKind(w.t, "join without an approval", err, directory.KindDenied)
		for i, want := range []directory.Kind{"", directory.KindNotFound} {
			wantKind(w.t, fmt.Sprintf("confirm, %d. time", i+1), w.ConfirmJoin(w.t.Context(), token), want)
		}
		if got := w.status(); got.Uses != 1 || got.Awaiting != 1 {
			w.t.Errorf("%d uses, %d waiting; want 1 and 1", got.Uses, got.Awaiting)
		}
		for _, to := range []directory.JoinState{directory.JoinAwaitingApproval, directory.JoinSettled, directory.JoinAwaitingApproval} {
			if err := w.MoveJoin(w.t.Context(), join(ada), to); err != nil {
				w.t.Fatal(err)
			}
		}
		if got := w.status().Awaiting; got != 0 {
			w.t.Errorf("%d wait although all is settled", got)
		}
		wantKind(w.t, "move back", w.MoveJoin(w.t.Context(), join(ada), directory.JoinAsked), directory.KindInvalid)
		w.later()
		if again := w.invite(ada, 1); again.Revision != 2 || again.Purpose != directory.PurposeJoin {
			w.t.Errorf("approved, the declaration got revision %d for %s; want a new invitation", again.Revision, again.Purpose)
		}
	})
}

// Whoever has joined by a link does not join by it again, not even after they
// were removed.
func TestHE4_NobodyJoinsTwiceByOneLink(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		w.mustJoin(ada)
		if err := w.MoveJoin(w.t.Context(), join(ada), directory.JoinSettled); err != nil {
			w.t.Fatal(err)
		}
		if err := w.Close(w.t.Context(), clinic, ada); err != nil {
			w.t.Fatal(err)
		}
		w.later()
		if err := w.wish(ada); err != nil {
			w.t.Fatal(err)
		}
		_, err := w.AskToConfirm(w.t.Context(), join(ada))
		wantKind(w.t, "ask again", err, directory.KindNotFound)
	})
}

// The rails against somebody who enters address after address.
func TestPromise_RequestsOfALinkAreBounded(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	w.publish()
	for i := range 1000 {
		if err := w.wish(fmt.Sprintf("p%d@example.com", i)); err != nil {
			t.Fatal(err)
		}
	}
	err := w.wish(ada)
	wantKind(t, "one more", err, directory.KindRateLimited)
	w.clock.Step(time.Hour)
	wantKind(t, "an hour later", w.wish(ada), "")
	w.clock.Step(49 * time.Hour)
	wantKind(t, "later", w.wish(grace), "")
	left := 0
	after := ""
	for {
		page, err := w.Joins(t.Context(), directory.JoinQuery{Organization: clinic, Link: open, State: directory.JoinRequested, After: after})
		if err != nil {
			t.Fatal(err)
		}
		left += len(page)
		if len(page) < 1000 {
			break
		}
		after = page[999].Address
	}
	if left >= 1001 {
		t.Errorf("%d wishes are kept, and none of the old ones was forgotten", left)
	}
}

// Two hundred people confirm at once while fifty uses are left: fifty get in.
func TestHE4_ExactlyAsManyJoinAsMay(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people, uses = 200, 50
		w.publish(func(r *directory.LinkRequest) { r.MaxUses = uses })
		tokens := make([]string, people)
		for i := range people {
			tokens[i] = w.asked(fmt.Sprintf("p%d@example.com", i))
		}
		dbs := []*database.DB{w.db, databasetest.Second(w.t, w.db)}
		ledgers := []*ledger.Ledger{w.Ledger, w.open(dbs[1], "two", w.clock)}
		var joined, refused atomic.Int64
		together(people, func(i int) {
			_, err := redeem(w.t.Context(), ledgers[i%2], dbs[i%2], tokens[i])
			switch {
			case err == nil:
				joined.Add(1)
			case directory.IsKind(err, directory.KindQuotaExceeded):
				refused.Add(1)
			default:
				w.t.Error(err)
			}
		})
		if joined.Load() != uses || refused.Load() != people-uses {
			w.t.Errorf("%d joined and %d were refused; want %d and %d", joined.Load(), refused.Load(), uses, people-uses)
		}
		if got := w.status(); got.Uses != uses || got.State != directory.LinkUsedUp {
			w.t.Errorf("%d uses, %s", got.Uses, got.State)
		}
		if got := len(w.inState(directory.JoinConfirmed)); got != uses {
			w.t.Errorf("%d are recorded as joined", got)
		}
	})
}

// Whoever has a link, and enters an address again and again, does not keep the
// invitation from the person that somebody declares.
func TestHE4_WishesDoNotHoldUpAnInvitation(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		for range 7 {
			if err := w.wish(ada); err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.AskToConfirm(w.t.Context(), join(ada)); err != nil {
				w.t.Fatal(err)
			}
			w.clock.Step(6 * time.Minute)
		}
		if i := w.invite(ada, 1); i.Purpose != directory.PurposeJoin || i.State != directory.InvitationPending {
			w.t.Errorf("the invitation is %s for %q", i.State, i.Purpose)
		}
		_, err := w.Invite(w.t.Context(), request(ada, 2))
		wantKind(w.t, "another at once", err, directory.KindRateLimited)
	})
}
