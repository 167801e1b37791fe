package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// remind asks for a reminder and fails when that does not work.
func (w *world) remind(id string, number int) directory.Invitation {
	w.t.Helper()
	i, err := w.Remind(w.t.Context(), id, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func TestBY10_AReminderIsOneMailWithTheSameLink(t *testing.T) {
	eachDatabase(t, func(w *world) {
		i := w.invite(ada, 1)
		first := w.claimOne(w.Ledger)
		w.finish(w.Ledger, first, directory.ResultSent)
		w.clock.Step(72 * time.Hour)
		for range 3 {
			if got := w.remind(i.ID, 1); got.Reminders.Last != 1 || !got.Reminders.Open {
				w.t.Errorf("reminders %+v, want the first on its way", got.Reminders)
			}
		}
		mail := w.claimOne(w.second())
		if mail.Link != first.Link || mail.MessageID == first.MessageID || mail.InReplyTo != first.MessageID || mail.Reminder != 1 {
			w.t.Errorf("reminder %+v of %+v: want the same link, another id, and a reply", mail, first)
		}
		w.wantNothingDue(w.Ledger)
	})
}

func TestBY10_ReminderSentAndOver(t *testing.T) {
	eachDatabase(t, func(w *world) {
		i := w.invite(ada, 1)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultSent)
		w.remind(i.ID, 2)
		w.clock.Step(time.Second)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultSent)
		want := directory.Reminders{Last: 2, Sent: 1, SentAt: start.Add(time.Second)}
		if diff := cmp.Diff(want, w.newest().Reminders); diff != "" {
			w.t.Error(diff)
		}
		if got := w.newest().Delivery; got.SentAt != start {
			w.t.Errorf("the first mail was sent at %s, want that not to change", got.SentAt)
		}
		// A number that was passed over is not caught up with.
		w.remind(i.ID, 1)
		w.wantNothingDue(w.Ledger)
		w.remind(i.ID, 3)
		w.mustRedeem(ada)
		w.wantNothingDue(w.Ledger)
		_, err := w.Remind(w.t.Context(), i.ID, 4)
		wantKind(w.t, "remind somebody who is in", err, directory.KindNotFound)
		_, err = w.Remind(w.t.Context(), i.ID, 0)
		wantKind(w.t, "reminder 0", err, directory.KindInvalid)
	})
}

// A reminder is claimed, departs, is lost and sent again as every mail is.
func TestPromise_AReminderOfUnknownFateIsSentTwiceAtMost(t *testing.T) {
	for policy, want := range map[directory.UnknownDelivery]int{directory.UnknownResendOnce: 2, directory.UnknownHold: 1} {
		t.Run(string(policy), func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.policy(policy)
				i := w.invite(ada, 1)
				w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultSent)
				w.remind(i.ID, 1)
				if got := w.departAll(4); got != want {
					w.t.Errorf("handed over %d times, want %d", got, want)
				}
				if got := w.newest().Delivery.State; got != directory.DeliverySent {
					w.t.Errorf("the first mail is %q because of the reminder", got)
				}
			})
		})
	}
}

// departAll claims and lets depart what is due, and loses every answer; it
// returns how many mails departed.
func (w *world) departAll(rounds int) int {
	w.t.Helper()
	departed := 0
	for range rounds {
		claimed, err := w.Claim(w.t.Context(), 1)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range claimed {
			if err := w.Depart(w.t.Context(), d.ID); err != nil {
				w.t.Fatal(err)
			}
			departed++
		}
		w.clock.Step(time.Hour)
	}
	return departed
}
