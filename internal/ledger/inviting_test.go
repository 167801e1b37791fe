package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

func TestInviteIssuesOneInvitation(t *testing.T) {
	eachDatabase(t, func(w *world) {
		got := w.invite(ada, 1)
		want := directory.Invitation{
			Organization: clinic, Address: ada, Revision: 1, Asked: 1, Purpose: directory.PurposeJoin, State: directory.InvitationPending,
			Details: request(ada, 1).Details, CreatedAt: start, ExpiresAt: start.Add(week),
			Delivery: directory.DeliveryStatus{State: directory.DeliveryQueued, NextAttemptAt: start},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(directory.Invitation{}, "ID")); diff != "" || got.ID == "" {
			w.t.Error(diff)
		}
		if diff := cmp.Diff(got, w.newest()); diff != "" {
			w.t.Errorf("another invitation is observed: %s", diff)
		}
		observer := databasetest.Second(w.t, w.db)
		before := w.fingerprint(observer)
		if diff := cmp.Diff(got, w.invite(ada, 1)); diff != "" {
			w.t.Errorf("asking again issued another: %s", diff)
		}
		if diff := cmp.Diff(before, w.fingerprint(observer)); diff != "" {
			w.t.Errorf("asking again wrote: %s", diff)
		}
	})
}

func TestInviteRefusesWhatCanNeverBe(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	for reason, test := range map[string]struct {
		change func(*directory.InvitationRequest)
		want   directory.Kind
	}{
		"an unknown organization": {func(r *directory.InvitationRequest) { r.Organization = "team/other" }, directory.KindNotFound},
		"no organization":         {func(r *directory.InvitationRequest) { r.Organization = "" }, directory.KindInvalid},
		"no address":              {func(r *directory.InvitationRequest) { r.Address = "" }, directory.KindInvalid},
		"a line break":            {func(r *directory.InvitationRequest) { r.Address = "ada@example.com\r\nBcc: eve@example.com" }, directory.KindInvalid},
		"a NUL":                   {func(r *directory.InvitationRequest) { r.Address = "ada\x00@example.com" }, directory.KindInvalid},
		"not UTF-8":               {func(r *directory.InvitationRequest) { r.Address = "ada\xff@example.com" }, directory.KindInvalid},
		"too long":                {func(r *directory.InvitationRequest) { r.Address = strings.Repeat("a", 321) }, directory.KindInvalid},
		"revision 0":              {func(r *directory.InvitationRequest) { r.Revision = 0 }, directory.KindInvalid},
		"no time":                 {func(r *directory.InvitationRequest) { r.ExpiresAfter = 0 }, directory.KindInvalid},
		"more than a month":       {func(r *directory.InvitationRequest) { r.ExpiresAfter = 30*24*time.Hour + 1 }, directory.KindInvalid},
	} {
		t.Run(reason, func(t *testing.T) {
			r := request(ada, 1)
			test.change(&r)
			_, err := w.Invite(t.Context(), r)
			wantKind(t, "invite", err, test.want)
			if err != nil && strings.Contains(err.Error(), "ada") {
				t.Errorf("the address is in the error: %v", err)
			}
		})
	}
}

func TestHR5a_DetailsChangeWhilePendingAndTheLinkStays(t *testing.T) {
	eachDatabase(t, func(w *world) {
		before := w.invite(ada, 1)
		token := w.token(ada)
		changed := request(ada, 1)
		changed.Details.Roles = []string{"Supervisor"}
		got, err := w.Invite(w.t.Context(), changed)
		if err != nil {
			w.t.Fatal(err)
		}
		if got.ID != before.ID || w.token(ada) != token {
			w.t.Error("changing the role made another invitation or link")
		}
		claimed, err := w.Claim(w.t.Context(), 10)
		if err != nil || len(claimed) != 1 {
			w.t.Fatalf("claimed %d, %v; want the one mail", len(claimed), err)
		}
		for where, details := range map[string]directory.InvitationDetails{
			"returned": got.Details, "observed": w.newest().Details, "in the mail": claimed[0].Details,
		} {
			if diff := cmp.Diff(changed.Details, details); diff != "" {
				w.t.Errorf("%s: %s", where, diff)
			}
		}
		w.mustRedeem(ada)
		changed.Details.Roles = []string{"Manager"}
		got, err = w.Invite(w.t.Context(), changed)
		if err != nil || got.State != directory.InvitationAccepted || got.Details.Roles[0] != "Supervisor" {
			w.t.Errorf("what was accepted changed afterwards: %+v, %v", got, err)
		}
	})
}

func TestMailAskedForLaterIsQueuedOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		silent := request(ada, 1)
		silent.Mail = false
		got, err := w.Invite(w.t.Context(), silent)
		if err != nil || got.Delivery.State != "" {
			w.t.Fatalf("delivery %q, %v; want none", got.Delivery.State, err)
		}
		for range 2 {
			if again := w.invite(ada, 1); again.ID != got.ID || again.Delivery.State != directory.DeliveryQueued {
				w.t.Errorf("invitation %q with delivery %q; want the same, queued", again.ID, again.Delivery.State)
			}
		}
		if _, err := w.Invite(w.t.Context(), silent); err != nil {
			w.t.Fatal(err)
		}
		if got := w.newest().Delivery.State; got != directory.DeliveryCancelled {
			w.t.Errorf("not asking for a mail any more made it %q; want it taken back", got)
		}
		if claimed, err := w.Claim(w.t.Context(), 10); err != nil || len(claimed) != 0 {
			w.t.Errorf("%d mails, %v; want none", len(claimed), err)
		}
		w.invite(ada, 1)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultSent)
		if _, err := w.Invite(w.t.Context(), silent); err != nil {
			w.t.Fatal(err)
		}
		if got := w.newest().Delivery.State; got != directory.DeliverySent {
			w.t.Errorf("not asking for a mail that was sent made it %q", got)
		}
	})
}

// A request by hand issues one invitation for each new text, also after the
// status that echoed it was lost.
func TestBY2_ResendByRequest(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ask := func(text string) directory.Invitation {
			w.t.Helper()
			r := request(ada, 1)
			r.Request = text
			i, err := w.Invite(w.t.Context(), r)
			if err != nil {
				w.t.Fatal(err)
			}
			return i
		}
		first := ask("")
		w.clock.Step(5 * time.Minute)
		for range 2 {
			if second := ask("monday"); second.Revision != first.Revision+1 || second.Request != "monday" {
				w.t.Errorf("revision %d for %q, want one more than %d", second.Revision, second.Request, first.Revision)
			}
		}
		if again := ask(""); again.Revision != 2 {
			w.t.Errorf("taking the request away issued revision %d", again.Revision)
		}
		r := request(ada, 1)
		r.Request = "tuesday"
		_, err := w.Invite(w.t.Context(), r)
		wantKind(w.t, "a request at once", err, directory.KindRateLimited)
		r.Request = strings.Repeat("x", 65)
		_, err = w.Invite(w.t.Context(), r)
		wantKind(w.t, "a long request", err, directory.KindInvalid)
	})
}

// Another purpose is another invitation: a link that confirms an address must
// not let anybody join, and the other way round.
func TestBY2_AnotherPurposeIsAnotherInvitation(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		old := w.token(ada)
		w.clock.Step(5 * time.Minute)
		r := request(ada, 1)
		r.Purpose = directory.PurposeConfirm
		got, err := w.Invite(w.t.Context(), r)
		if err != nil || got.Revision != 2 || got.Purpose != directory.PurposeConfirm {
			w.t.Fatalf("%+v, %v; want a new one to confirm", got, err)
		}
		_, err = w.redeem(old)
		wantKind(w.t, "the older link", err, directory.KindNotFound)
	})
}

// Every way in which an invitation ends, and what the next request then does.
func TestBY2_LifeCycle(t *testing.T) {
	end := map[string]struct {
		how  func(w *world)
		want directory.InvitationState
	}{
		"pending":  {func(*world) {}, directory.InvitationPending},
		"accepted": {func(w *world) { w.mustRedeem(ada) }, directory.InvitationAccepted},
		"declined": {func(w *world) {
			if err := w.Decline(w.t.Context(), w.token(ada)); err != nil {
				w.t.Fatal(err)
			}
		}, directory.InvitationDeclined},
		"expired": {func(w *world) { w.clock.Step(week) }, directory.InvitationExpired},
	}
	for name, test := range end {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				first := w.invite(ada, 1)
				token := w.token(ada)
				w.clock.Step(time.Hour)
				test.how(w)
				same := w.invite(ada, 1)
				if same.ID != first.ID || same.State != test.want {
					w.t.Errorf("the same revision gives %q in state %s; want the same one, %s", same.ID, same.State, test.want)
				}
				if deed := test.want == directory.InvitationAccepted || test.want == directory.InvitationDeclined; deed != !same.EndedAt.IsZero() {
					w.t.Errorf("it ended at %s", same.EndedAt)
				}
				w.later()
				second := w.invite(ada, 2)
				if second.ID == first.ID || second.Revision != 2 || second.Asked != 2 || second.State != directory.InvitationPending {
					w.t.Errorf("a higher revision gives %+v; want a second invitation", second)
				}
				if lower := w.invite(ada, 1); lower.ID != second.ID {
					w.t.Errorf("a lower revision gives %q; want the newest", lower.ID)
				}
				w.checkOldLink(token, test.want)
				w.checkClosing(second)
			})
		})
	}
}

// checkOldLink proves that a newer invitation kills the older link.
func (w *world) checkOldLink(token string, ended directory.InvitationState) {
	w.t.Helper()
	if _, err := w.redeem(token); !directory.IsKind(err, directory.KindNotFound) {
		w.t.Errorf("the older link: %v; want it dead", err)
	}
	if ended == directory.InvitationPending || ended == directory.InvitationExpired {
		ended = directory.InvitationRevoked
	}
	if old, err := w.Lookup(w.t.Context(), token); err != nil || old.State != ended {
		w.t.Errorf("the older invitation is %s, %v; want %s", old.State, err, ended)
	}
}

// checkClosing proves that after Close the same revision starts anew.
func (w *world) checkClosing(open directory.Invitation) {
	w.t.Helper()
	token := w.token(ada)
	for range 2 {
		if err := w.Close(w.t.Context(), clinic, ada); err != nil {
			w.t.Fatal(err)
		}
	}
	_, err := w.Invitation(w.t.Context(), clinic, ada)
	wantKind(w.t, "observe what is closed", err, directory.KindNotFound)
	_, err = w.Link(w.t.Context(), clinic, ada)
	wantKind(w.t, "link of what is closed", err, directory.KindNotFound)
	_, err = w.redeem(token)
	wantKind(w.t, "redeem what is closed", err, directory.KindNotFound)
	if claimed, err := w.Claim(w.t.Context(), 10); err != nil || len(claimed) != 0 {
		w.t.Errorf("claimed %d mails of what is closed, %v", len(claimed), err)
	}
	w.later()
	if next := w.invite(ada, open.Asked); next.Revision != open.Revision+1 || next.State != directory.InvitationPending {
		w.t.Errorf("after closing there is %+v; want a new invitation", next)
	}
}

func TestClosingWhatIsNotThereSucceeds(t *testing.T) {
	eachDatabase(t, func(w *world) {
		observer := databasetest.Second(w.t, w.db)
		before := w.fingerprint(observer)
		if err := w.Close(w.t.Context(), clinic, "nobody@example.com"); err != nil {
			w.t.Error(err)
		}
		if diff := cmp.Diff(before, w.fingerprint(observer)); diff != "" {
			w.t.Errorf("it wrote: %s", diff)
		}
	})
}

// At most one re-send in 5 minutes and five a day for one person.
func TestPromise_InvitationsOfAnAddressAreLimited(t *testing.T) {
	for name, again := range map[string]func(w *world, n int64) error{
		"by raising the revision": func(w *world, n int64) error {
			_, err := w.Invite(w.t.Context(), request(ada, n))
			return err
		},
		"by closing and inviting": func(w *world, _ int64) error {
			if err := w.Close(w.t.Context(), clinic, ada); err != nil {
				return err
			}
			_, err := w.Invite(w.t.Context(), request(ada, 1))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.invite(ada, 1)
				w.clock.Step(4 * time.Minute)
				w.wantLimited(again(w, 2), time.Minute)
				for n := int64(2); n <= 6; n++ {
					w.clock.Step(time.Hour)
					if err := again(w, n); err != nil {
						w.t.Fatalf("re-send %d: %v", n-1, err)
					}
				}
				w.clock.Step(time.Hour)
				w.wantLimited(again(w, 7), 19*time.Hour)
				if _, err := w.Invite(w.t.Context(), request("grace@example.com", 1)); err != nil {
					w.t.Errorf("somebody else is limited too: %v", err)
				}
				w.clock.Step(19 * time.Hour)
				if err := again(w, 7); err != nil {
					w.t.Errorf("a day after the first re-send: %v", err)
				}
			})
		})
	}
}

func (w *world) wantLimited(err error, wait time.Duration) {
	w.t.Helper()
	wantKind(w.t, "invite again", err, directory.KindRateLimited)
	if got := directory.RetryAfter(err); got != wait {
		w.t.Errorf("retry after %s; want %s", got, wait)
	}
}

func TestBY8_ManyProcessesInviteOneAddressOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ledgers := []*ledger.Ledger{w.Ledger, w.second()}
		for revision := int64(1); revision <= 2; revision++ {
			var mu sync.Mutex
			ids := map[string]int{}
			together(40, func(i int) {
				got, err := ledgers[i%2].Invite(w.t.Context(), request(ada, revision))
				if err != nil {
					w.t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[got.ID]++
			})
			if len(ids) != 1 {
				w.t.Errorf("revision %d: they were given %d invitations; want one", revision, len(ids))
			}
			if got := w.newest(); got.Revision != revision {
				w.t.Errorf("the newest is number %d; want %d", got.Revision, revision)
			}
			w.later()
		}
		if claimed, err := w.Claim(w.t.Context(), 10); err != nil || len(claimed) != 1 {
			w.t.Errorf("there are %d mails, %v; want one", len(claimed), err)
		}
	})
}

// Whatever is raced against what, an address never has two links that work, and
// the newest invitation is the one that does.
func TestBY2_RacesLeaveAtMostOneLink(t *testing.T) {
	eachDatabase(t, func(w *world) {
		second := w.second()
		for round := range int64(5) {
			w.clock.Step(26 * time.Hour)
			token := func() string { w.invite(ada, 2*round+1); return w.token(ada) }()
			w.later()
			together(9, func(i int) {
				switch i % 3 {
				case 0:
					_, _ = second.Invite(w.t.Context(), request(ada, 2*round+2))
				case 1:
					_, _ = w.redeem(token)
				case 2:
					_ = w.Close(w.t.Context(), clinic, ada)
				}
			})
			w.later()
			pending := w.count("SELECT COUNT(*) FROM invitations WHERE state = 'Pending'")
			open := w.count("SELECT COUNT(*) FROM invitations WHERE closed = 0")
			if pending > 1 || open > 2 {
				w.t.Errorf("round %d: %d are pending and %d open", round, pending, open)
			}
			if err := w.Close(w.t.Context(), clinic, ada); err != nil {
				w.t.Fatal(err)
			}
			if left := w.count("SELECT COUNT(*) FROM invitations WHERE state = 'Pending' OR closed = 0"); left != 0 {
				w.t.Errorf("round %d: %d are left after closing", round, left)
			}
		}
	})
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	err := w.db.Read(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestDetailsAreStoredAsTheyAre(t *testing.T) {
	hostile := directory.InvitationDetails{
		OrganizationName: "Clinic\r\nBcc: everybody@example.com",
		DisplayName:      "\U0001F469\u200d\U0001F4BB 𝔸𝕕𝕒 \u202egnp.exe",
		Roles:            []string{"<script>alert(1)</script>", "'; DROP TABLE invitations; --", "{{.}}", "%s%n"},
		Units:            []string{"NUL \x00 and \x1b[31m", "שלום", "\u2028line separator"},
		Message:          strings.Repeat("𐍈", 2000),
		Locale:           "ar-EG-u-nu-latn",
	}
	eachDatabase(t, func(w *world) {
		r := request(ada, 1)
		r.Details = hostile
		if _, err := w.Invite(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		}
		found, err := w.Lookup(w.t.Context(), w.token(ada))
		if err != nil {
			w.t.Fatal(err)
		}
		claimed, err := w.Claim(w.t.Context(), 1)
		if err != nil || len(claimed) != 1 {
			w.t.Fatalf("claimed %d, %v", len(claimed), err)
		}
		for where, got := range map[string]directory.InvitationDetails{
			"looked up": found.Details, "observed": w.newest().Details, "claimed": claimed[0].Details,
		} {
			if diff := cmp.Diff(hostile, got); diff != "" {
				w.t.Errorf("%s: %s", where, diff)
			}
		}
	})
}

// The id, and with it the Message-ID, is a function of what is wanted: two
// databases that never met agree on it, and on nothing that opens a link.
func TestBY8_TheIDIsAFunctionOfWhatIsWanted(t *testing.T) {
	one, two := newWorld(t, databasetest.SQLite(t)), newWorld(t, databasetest.SQLite(t))
	if a, b := one.invite(ada, 1), two.invite(ada, 1); a.ID != b.ID {
		t.Errorf("ids %q and %q; want the same", a.ID, b.ID)
	}
	if one.token(ada) == two.token(ada) {
		t.Error("two databases made the same token: it does not depend on the nonce")
	}
	ids := map[string]bool{}
	for i := range 3 {
		one.later()
		ids[one.invite(ada, int64(i+2)).ID] = true
		ids[one.invite(fmt.Sprint(i, ada), 1).ID] = true
	}
	if len(ids) != 6 {
		t.Errorf("6 invitations have %d ids", len(ids))
	}
}
