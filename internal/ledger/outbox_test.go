package ledger_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// claimOne claims the only delivery that is due.
func (w *world) claimOne(l *ledger.Ledger) directory.Delivery {
	w.t.Helper()
	claimed, err := l.Claim(w.t.Context(), 10)
	if err != nil || len(claimed) != 1 {
		w.t.Fatalf("claimed %d, %v; want 1", len(claimed), err)
	}
	return claimed[0]
}

func (w *world) wantNothingDue(l *ledger.Ledger) {
	w.t.Helper()
	claimed, err := l.Claim(w.t.Context(), 10)
	if err != nil || len(claimed) != 0 {
		w.t.Errorf("claimed %d, %v; want nothing", len(claimed), err)
	}
}

func (w *world) finish(l *ledger.Ledger, d directory.Delivery, result directory.DeliveryResult) {
	w.t.Helper()
	if err := l.Finish(w.t.Context(), d.ID, directory.DeliveryOutcome{Result: result, Reason: reasonOf(result)}); err != nil {
		w.t.Fatal(err)
	}
}

func reasonOf(result directory.DeliveryResult) string {
	if result == directory.ResultSent {
		return ""
	}
	return "said the server"
}

func (w *world) wantDelivery(want directory.DeliveryStatus) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.newest().Delivery); diff != "" {
		w.t.Errorf("delivery: %s", diff)
	}
}

func TestClaimCarriesAllThatAMailNeeds(t *testing.T) {
	eachDatabase(t, func(w *world) {
		mail := directory.MailIdentity{From: "hi@clinic.example", ReplyTo: "desk@clinic.example", Server: "team/smtp"}
		w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", Mail: mail})
		i := w.invite(ada, 1)
		select {
		case <-w.Wake():
		default:
			w.t.Error("queueing did not wake the outbox")
		}
		want := directory.Delivery{
			Organization: clinic, Mail: mail, Address: ada, Details: i.Details, Link: baseURL + "/i/" + w.token(ada),
			ExpiresAt: i.ExpiresAt, MessageID: i.ID + "@join.example.com", Purpose: directory.PurposeJoin, Attempt: 1, Deadline: start.Add(time.Minute),
		}
		d := w.claimOne(w.Ledger)
		if diff := cmp.Diff(want, d, cmpopts.IgnoreFields(directory.Delivery{}, "ID")); diff != "" {
			w.t.Error(diff)
		}
		w.wantDelivery(directory.DeliveryStatus{State: directory.DeliveryClaimed, Attempts: 1})
		w.wantNothingDue(w.Ledger)
		w.clock.Step(time.Second)
		w.finish(w.Ledger, d, directory.ResultSent)
		w.wantDelivery(directory.DeliveryStatus{State: directory.DeliverySent, Attempts: 1, SentAt: start.Add(time.Second)})
	})
}

func TestNothingDueWritesNothing(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultRetry)
		observer := databasetest.Second(w.t, w.db)
		before := w.fingerprint(observer)
		w.wantNothingDue(w.Ledger)
		w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", Mail: directory.MailIdentity{From: "hello@clinic.example"}})
		if diff := cmp.Diff(before, w.fingerprint(observer)); diff != "" {
			w.t.Errorf("it wrote: %s", diff)
		}
	})
}

func TestBY8_TwoProcessesClaimEachDeliveryOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people = 120
		together(people, func(i int) {
			if _, err := w.Invite(w.t.Context(), request(fmt.Sprintf("person-%d@example.com", i), 1)); err != nil {
				w.t.Error(err)
			}
		})
		ledgers := []*ledger.Ledger{w.Ledger, w.second()}
		var mu sync.Mutex
		claims := map[string]int{}
		together(8, func(i int) {
			for {
				claimed, err := ledgers[i%2].Claim(w.t.Context(), 7)
				if err != nil {
					w.t.Error(err)
				}
				if err != nil || len(claimed) == 0 {
					return
				}
				for _, d := range claimed {
					mu.Lock()
					claims[d.Address]++
					mu.Unlock()
					w.finish(ledgers[i%2], d, directory.ResultSent)
				}
			}
		})
		for address, n := range claims {
			if n != 1 {
				w.t.Errorf("%s was mailed %d times", address, n)
			}
		}
		if sent := w.count("SELECT COUNT(*) FROM deliveries WHERE state = 'Sent' AND attempts = 1"); len(claims) != people || sent != people {
			w.t.Errorf("%d were claimed and %d sent; want %d", len(claims), sent, people)
		}
	})
}

// What follows when nobody can know whether a mail was taken: because the
// process died while it sent, or because the connection did.
func TestBY8_UnknownDelivery(t *testing.T) {
	crash := func(w *world, l *ledger.Ledger, d directory.Delivery) {
		wantKind(w.t, "depart", l.Depart(w.t.Context(), d.ID), "")
		w.clock.Step(time.Minute)
	}
	lost := func(w *world, l *ledger.Ledger, d directory.Delivery) { w.finish(l, d, directory.ResultUnknown) }
	for reason, test := range map[string]struct {
		policy directory.UnknownDelivery
		happen func(*world, *ledger.Ledger, directory.Delivery)
		mails  int
		err    string
	}{
		"crash, resend once":           {directory.UnknownResendOnce, crash, 2, "the attempt was not finished in time"},
		"crash, hold":                  {directory.UnknownHold, crash, 1, "the attempt was not finished in time"},
		"lost connection, resend once": {directory.UnknownResendOnce, lost, 2, "said the server"},
		"lost connection, hold":        {directory.UnknownHold, lost, 1, "said the server"},
	} {
		t.Run(reason, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.policy(test.policy)
				w.invite(ada, 1)
				ledgers := []*ledger.Ledger{w.Ledger, w.second()}
				var first directory.Delivery
				for n := range test.mails {
					d := w.claimOne(ledgers[n%2])
					if n == 0 {
						first = d
					}
					if d.MessageID != first.MessageID || d.Link != first.Link || d.Attempt != n+1 {
						w.t.Errorf("mail %d differs from the first: attempt %d, same link: %t", n+1, d.Attempt, d.Link == first.Link)
					}
					test.happen(w, ledgers[n%2], d)
				}
				for n := range 3 {
					w.wantNothingDue(ledgers[n%2])
					w.clock.Step(time.Hour)
				}
				w.wantDelivery(directory.DeliveryStatus{State: directory.DeliveryUnknown, Attempts: test.mails, LastError: test.err})
				if again := w.invite(ada, 1); again.Delivery.State != directory.DeliveryUnknown {
					w.t.Errorf("asking again made it %s", again.Delivery.State)
				}
				// A human raises the revision.
				if next := w.invite(ada, 2); next.Delivery.State != directory.DeliveryQueued || w.claimOne(w.Ledger).MessageID == first.MessageID {
					w.t.Error("a new revision is not mailed as a new message")
				}
			})
		})
	}
}

// A retry in between does not give a second resend.
func TestBY8_AtMostOneDuplicateWhateverLiesBetween(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		for _, result := range []directory.DeliveryResult{
			directory.ResultRetry, directory.ResultUnknown, directory.ResultRetry, directory.ResultRetry, directory.ResultUnknown,
		} {
			w.finish(w.Ledger, w.claimOne(w.Ledger), result)
			w.clock.Step(time.Minute)
		}
		w.wantNothingDue(w.Ledger)
		w.wantDelivery(directory.DeliveryStatus{State: directory.DeliveryUnknown, Attempts: 5, LastError: "said the server"})
	})
}

func TestBY8_AClaimThatEndedCannotBeFinished(t *testing.T) {
	sent := directory.DeliveryOutcome{Result: directory.ResultSent}
	eachDatabase(t, func(w *world) {
		second := w.second()
		w.invite(ada, 1)
		first := w.claimOne(w.Ledger)
		wantKind(w.t, "finish another's claim", second.Finish(w.t.Context(), first.ID, sent), directory.KindConflict)
		wantKind(w.t, "finish what is not there", w.Finish(w.t.Context(), "nothing.1", sent), directory.KindNotFound)
		wantKind(w.t, "finish what is no claim", w.Finish(w.t.Context(), "nothing", sent), directory.KindNotFound)
		wantKind(w.t, "finish with no result", w.Finish(w.t.Context(), first.ID, directory.DeliveryOutcome{}), directory.KindInvalid)
		wantKind(w.t, "depart", w.Depart(w.t.Context(), first.ID), "")
		// Late, but nobody has settled it yet: it is still known what happened.
		w.clock.Step(2 * time.Minute)
		again := w.claimOne(w.Ledger)
		wantKind(w.t, "finish after it was settled", w.Finish(w.t.Context(), first.ID, sent), directory.KindConflict)
		w.wantDelivery(directory.DeliveryStatus{State: directory.DeliveryClaimed, Attempts: 2, LastError: "the attempt was not finished in time"})
		w.clock.Step(2 * time.Minute)
		wantKind(w.t, "finish late", w.Finish(w.t.Context(), again.ID, sent), "")
		wantKind(w.t, "finish twice", w.Finish(w.t.Context(), again.ID, sent), "")
		wantKind(w.t, "finish differently", w.Finish(w.t.Context(), again.ID,
			directory.DeliveryOutcome{Result: directory.ResultRejected}), directory.KindConflict)
		w.wantDelivery(directory.DeliveryStatus{State: directory.DeliverySent, Attempts: 2, SentAt: w.clock.Now()})
	})
}

// A process that dies before the message departs has sent nothing: the mail is
// due again, as often as that happens, under either policy.
func TestBY8_ACrashBeforeDepartingIsKnown(t *testing.T) {
	for _, policy := range []directory.UnknownDelivery{directory.UnknownResendOnce, directory.UnknownHold} {
		t.Run(string(policy), func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.policy(policy)
				w.invite(ada, 1)
				ledgers := []*ledger.Ledger{w.Ledger, w.second()}
				for n := range 3 {
					w.claimOne(ledgers[n%2])
					w.clock.Step(time.Minute)
					w.wantNothingDue(ledgers[n%2])
					w.clock.Step(time.Hour)
				}
				last := w.claimOne(w.Ledger)
				wantKind(w.t, "depart", w.Depart(w.t.Context(), last.ID), "")
				w.finish(w.Ledger, last, directory.ResultSent)
				w.wantDelivery(directory.DeliveryStatus{State: directory.DeliverySent, Attempts: 4, SentAt: w.clock.Now()})
			})
		})
	}
}

// What must not leave: another's claim, one that ended, and an invitation that
// ended while its mail was on the way.
func TestBY8_WhatMustNotDepart(t *testing.T) {
	for reason, happen := range map[string]func(*world, directory.Delivery) (*ledger.Ledger, string){
		"another process": func(w *world, d directory.Delivery) (*ledger.Ledger, string) { return w.second(), d.ID },
		"another attempt": func(w *world, d directory.Delivery) (*ledger.Ledger, string) {
			return w.Ledger, strings.TrimSuffix(d.ID, "1") + "2"
		},
		"the claim ended": func(w *world, d directory.Delivery) (*ledger.Ledger, string) {
			w.clock.Step(2 * time.Minute)
			return w.Ledger, d.ID
		},
		"the invitation was closed": func(w *world, d directory.Delivery) (*ledger.Ledger, string) {
			wantKind(w.t, "close", w.Close(w.t.Context(), d.Organization, d.Address), "")
			return w.Ledger, d.ID
		},
	} {
		t.Run(reason, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.invite(ada, 1)
				l, id := happen(w, w.claimOne(w.Ledger))
				wantKind(w.t, "depart", l.Depart(w.t.Context(), id), directory.KindConflict)
			})
		})
	}
}

func TestRetriesBackOff(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		var waits []time.Duration
		for range 12 {
			w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultRetry)
			next := w.newest().Delivery.NextAttemptAt
			waits = append(waits, next.Sub(w.clock.Now()))
			w.clock.SetTime(next.Add(-time.Microsecond))
			w.wantNothingDue(w.Ledger)
			w.clock.SetTime(next)
		}
		s, m := time.Second, time.Minute
		want := []time.Duration{5 * s, 10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 320 * s, 640 * s, 1280 * s, 2560 * s, 60 * m, 60 * m}
		if diff := cmp.Diff(want, waits); diff != "" {
			w.t.Error(diff)
		}
	})
}

func TestRejectedIsFinal(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		d := w.claimOne(w.Ledger)
		reason := "550 5.1.1 no such user\r\n" + strings.Repeat("é", 200)
		if err := w.Finish(w.t.Context(), d.ID, directory.DeliveryOutcome{Result: directory.ResultRejected, Reason: reason}); err != nil {
			w.t.Fatal(err)
		}
		w.clock.Step(24 * time.Hour)
		w.wantNothingDue(w.Ledger)
		got := w.newest().Delivery
		if got.State != directory.DeliveryRejected || len(got.LastError) > 200 || len(got.LastError) < 199 ||
			!strings.HasPrefix(got.LastError, "550 5.1.1 no such user  é") || strings.Contains(got.LastError, "\uFFFD") {
			w.t.Errorf("%s with %d bytes: %q", got.State, len(got.LastError), got.LastError)
		}
	})
}

// A mail is not sent for an invitation that has ended, whenever that happens.
func TestBY2_MailOfAnEndedInvitation(t *testing.T) {
	ends := map[string]func(w *world){
		"accepted": func(w *world) { w.mustRedeem(ada) },
		"declined": func(w *world) {
			if err := w.Decline(w.t.Context(), w.token(ada)); err != nil {
				w.t.Fatal(err)
			}
		},
		"closed": func(w *world) {
			if err := w.Close(w.t.Context(), clinic, ada); err != nil {
				w.t.Fatal(err)
			}
		},
		"superseded by a silent one": func(w *world) {
			w.later()
			r := request(ada, 2)
			r.Mail = false
			if _, err := w.Invite(w.t.Context(), r); err != nil {
				w.t.Fatal(err)
			}
		},
		"expired": func(w *world) { w.clock.Step(week) },
		"organization removed": func(w *world) {
			if err := w.RemoveOrganization(w.t.Context(), clinic); err != nil {
				w.t.Fatal(err)
			}
		},
	}
	for reason, end := range ends {
		t.Run("queued, then "+reason, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.invite(ada, 1)
				end(w)
				w.wantNothingDue(w.Ledger)
				w.wantFirstMail(directory.DeliveryCancelled)
			})
		})
		for result, want := range map[directory.DeliveryResult]directory.DeliveryState{
			directory.ResultSent:    directory.DeliverySent,
			directory.ResultRetry:   directory.DeliveryCancelled,
			directory.ResultUnknown: directory.DeliveryUnknown,
		} {
			t.Run(fmt.Sprintf("claimed, then %s, then %s", reason, result), func(t *testing.T) {
				w := newWorld(t, databasetest.SQLite(t))
				w.invite(ada, 1)
				d := w.claimOne(w.Ledger)
				end(w)
				w.finish(w.Ledger, d, result)
				w.clock.Step(time.Hour)
				w.wantNothingDue(w.Ledger)
				w.wantFirstMail(want)
			})
		}
	}
}

func (w *world) wantFirstMail(want directory.DeliveryState) {
	w.t.Helper()
	if n := w.count("SELECT COUNT(*) FROM deliveries WHERE state = $1", want); n != 1 {
		w.t.Errorf("%d mails are %s; want 1", n, want)
	}
	if n := w.count("SELECT COUNT(*) FROM deliveries"); n != 1 {
		w.t.Errorf("there are %d mails; want 1", n)
	}
}

// Dead ones in front of the queue do not hide what is due behind them.
func TestClaimSkipsTheDead(t *testing.T) {
	eachDatabase(t, func(w *world) {
		for i := range 9 {
			r := request(fmt.Sprintf("dead-%d@example.com", i), 1)
			r.ExpiresAfter = time.Hour
			if _, err := w.Invite(w.t.Context(), r); err != nil {
				w.t.Fatal(err)
			}
		}
		for i := range 4 {
			w.invite(fmt.Sprintf("alive-%d@example.com", i), 1)
		}
		w.clock.Step(2 * time.Hour)
		for _, want := range []int{3, 1, 0} {
			claimed, err := w.Claim(w.t.Context(), 3)
			if err != nil || len(claimed) != want {
				w.t.Errorf("claimed %d, %v; want %d", len(claimed), err, want)
			}
			for _, d := range claimed {
				if !strings.HasPrefix(d.Address, "alive") {
					w.t.Errorf("claimed the mail of %s", d.Address)
				}
			}
		}
		if head, err := w.Head(w.t.Context()); err != nil || head != 9 {
			w.t.Errorf("%d changes, %v; want one for each cancelled mail", head, err)
		}
	})
}

// A process with another key cannot make the link: it must neither mail a dead
// one nor give the mail up.
func TestAnotherKeyMailsNoDeadLink(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		other, err := ledger.New(ledger.Options{
			DB: w.db, Clock: w.clock, Key: testKey(w.t, "2"), BaseURL: baseURL, Process: "other", Jitter: func() float64 { return 0 },
		})
		if err != nil {
			w.t.Fatal(err)
		}
		w.wantNothingDue(other)
		got := w.newest().Delivery
		if got.State != directory.DeliveryQueued || !strings.Contains(got.LastError, "another invitation key") {
			w.t.Errorf("the delivery is %s: %q", got.State, got.LastError)
		}
		_, err = other.Link(w.t.Context(), clinic, ada)
		wantKind(w.t, "link with another key", err, directory.KindInternal)
		w.clock.Step(5 * time.Second)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultSent)
	})
}
