package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const hospital = directory.OrganizationID("team/hospital")

func (w *world) limit(org directory.OrganizationID, limits directory.MailLimits) {
	w.t.Helper()
	w.must(w.ApplyLimits(w.t.Context(), org, limits))
}

// perHour is a limit by the hour alone.
func perHour(n int) directory.MailLimits { return directory.MailLimits{PerHour: n, Surge: -1} }

// surgeOf is a limit on a surge within an hour.
func surgeOf(n int) directory.MailLimits {
	return directory.MailLimits{Surge: n, SurgeWindow: time.Hour}
}

// inviteMany invites people whose numbers are from..to-1.
func (w *world) inviteMany(org directory.OrganizationID, from, to int, bulk bool) {
	w.t.Helper()
	for n := from; n < to; n++ {
		r := request(fmt.Sprintf("p%d@example.com", n), 1)
		r.Organization, r.Bulk = org, bulk
		if _, err := w.Invite(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		}
	}
}

// leave hands over what may leave now, and returns how many that were.
func (w *world) leave() int {
	w.t.Helper()
	left := 0
	for {
		claimed, err := w.Claim(w.t.Context(), 0)
		w.must(err)
		if len(claimed) == 0 {
			return left
		}
		for i := range claimed {
			w.must(w.Finish(w.t.Context(), claimed[i].ID, directory.DeliveryOutcome{Result: directory.ResultSent}))
		}
		left += len(claimed)
	}
}

func (w *world) wantLeave(reason string, want int) {
	w.t.Helper()
	if got := w.leave(); got != want {
		w.t.Errorf("%s: %d mails left, want %d", reason, got, want)
	}
}

func (w *world) heldMail() directory.HeldMail {
	w.t.Helper()
	held, err := w.HeldMail(w.t.Context(), clinic)
	w.must(err)
	return held
}

// wantHeld compares the numbers, and returns the wave's name.
func (w *world) wantHeld(reason string, want directory.HeldMail) string {
	w.t.Helper()
	got := w.heldMail()
	name := got.Wave
	if got.Wave = ""; (name != "") != (want.Waiting > 0) || got != want {
		w.t.Errorf("%s: wave %q, %+v; want %+v", reason, name, got, want)
	}
	return name
}

func (w *world) release(reason, wave string, want int) {
	w.t.Helper()
	if got, err := w.ReleaseMail(w.t.Context(), clinic, wave); err != nil || got != want {
		w.t.Errorf("%s: %d released, %v; want %d", reason, got, err, want)
	}
}

// However many wait, no more than so many leave within any hour, oldest first;
// and nobody else waits for them.
func TestBY4_MailsPerHour(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.apply(directory.Organization{ID: hospital, DisplayName: "Hospital"})
		w.limit(clinic, perHour(10))
		w.inviteMany(clinic, 0, 25, true)
		w.wantLeave("the first hour", 10)
		w.inviteMany(hospital, 0, 15, false)
		w.wantLeave("another organization has no limit", 15)
		w.clock.Step(30 * time.Minute)
		w.wantLeave("half an hour later", 0)
		w.clock.Step(31 * time.Minute)
		w.wantLeave("the second hour", 10)
		w.clock.Step(59 * time.Minute)
		w.wantLeave("an hour is any sixty minutes", 0)
		w.limit(clinic, perHour(12))
		w.wantLeave("a raised limit holds at once", 2)
		w.limit(clinic, perHour(0))
		w.wantLeave("no limit", 3)
	})
}

// Two processes that claim at the same time share the hour.
func TestBY4_MailsPerHourAreAtomic(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.limit(clinic, perHour(10))
		w.inviteMany(clinic, 0, 40, true)
		ledgers := []*ledger.Ledger{w.Ledger, w.second()}
		var left atomic.Int32
		for range 5 {
			together(8, func(i int) {
				claimed, err := ledgers[i%2].Claim(w.t.Context(), 4)
				if err != nil {
					w.t.Error(err)
				}
				left.Add(int32(len(claimed)))
			})
			// Whoever found no room looks again in a moment.
			w.clock.Step(2 * time.Second)
		}
		if n := left.Load(); n != 10 {
			w.t.Errorf("%d were claimed, want 10", n)
		}
	})
}

// Reminders count by the hour, and not for a surge.
func TestBY4_RemindersCountByTheHour(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.limit(clinic, directory.MailLimits{PerHour: 3, Surge: 2, SurgeWindow: time.Hour})
		w.inviteMany(clinic, 0, 2, false)
		w.wantLeave("invitations", 2)
		for n := range 2 {
			i, err := w.Invitation(w.t.Context(), clinic, fmt.Sprintf("p%d@example.com", n))
			w.must(err)
			_, err = w.Remind(w.t.Context(), i.ID, 1)
			w.must(err)
		}
		w.wantLeave("a third mail", 1)
		w.wantHeld("no surge", directory.HeldMail{})
		w.clock.Step(time.Hour + time.Minute)
		w.wantLeave("the last", 1)
	})
}

// What a clock wrote that was set back since keeps nobody waiting for longer
// than an hour.
func TestBY4_MailsPerHourWithAClockThatIsSetBack(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.limit(clinic, perHour(2))
		w.clock.Step(72 * time.Hour)
		w.inviteMany(clinic, 0, 3, true)
		w.wantLeave("in the future", 2)
		w.clock.SetTime(start.Add(70 * time.Hour))
		w.inviteMany(clinic, 3, 9, true)
		w.wantLeave("set back", 2)
		w.wantLeave("and no more", 0)
		w.clock.Step(61 * time.Minute)
		w.wantLeave("an hour later", 2)
	})
}

// When far more mail would leave than may, none of it does: one word lets those
// go that were there when it was said.
func TestBY4_ASurgeIsStopped(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.limit(clinic, surgeOf(5))
		w.inviteMany(clinic, 0, 3, false)
		w.wantLeave("as usual", 3)
		w.inviteMany(clinic, 3, 10, false)
		w.inviteMany(clinic, 100, 103, true)
		w.wantLeave("only what is of a batch", 3)
		wave := w.wantHeld("a surge", directory.HeldMail{Waiting: 7, Done: 3, Limit: 5})
		i, err := w.Invitation(w.t.Context(), clinic, "p4@example.com")
		if err != nil || i.Delivery.State != directory.DeliveryHeld {
			w.t.Errorf("the delivery is %q, %v; want Held", i.Delivery.State, err)
		}
		w.clock.Step(2 * time.Hour)
		w.wantLeave("it does not end by waiting", 0)
		w.inviteMany(clinic, 10, 12, false)
		w.wantLeave("nobody passes those that wait", 0)
		second := w.wantHeld("more", directory.HeldMail{Waiting: 9, Limit: 5})
		if second == wave || w.heldMail().Wave != second {
			w.t.Errorf("waves %q and %q, want another name, and the same at every look", wave, second)
		}
		for _, wrong := range []string{"", "1", "7-abc", "x-" + wave, wave + "0", "-1-" + wave} {
			w.release("a name of nothing: "+wrong, wrong, 0)
		}
		w.release("the first wave", wave, 7)
		w.release("again", wave, 0)
		w.wantLeave("those of the first wave", 7)
		last := w.wantHeld("the rest", directory.HeldMail{Waiting: 2, Limit: 5})
		if last == second {
			w.t.Errorf("what is left is called as before, %q", last)
		}
		w.release("all that is left", last, 2)
		w.wantLeave("the rest", 2)
		w.inviteMany(clinic, 20, 25, false)
		w.wantLeave("what was approved counts for nothing", 5)
		w.inviteMany(clinic, 25, 26, false)
		w.wantLeave("one too many", 0)
	})
}

// Limits that are raised, and invitations that are taken back, end a stop.
func TestBY4_ASurgeEnds(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.limit(clinic, surgeOf(2))
		w.inviteMany(clinic, 0, 6, false)
		w.wantLeave("stopped", 0)
		w.limit(clinic, surgeOf(5))
		w.wantLeave("raised, and not enough", 0)
		w.must(w.Close(w.t.Context(), clinic, "p0@example.com"))
		w.wantHeld("one was taken back", directory.HeldMail{Waiting: 5, Limit: 5})
		w.limit(clinic, surgeOf(6))
		w.wantHeld("raised to as many as there were", directory.HeldMail{})
		w.wantLeave("all that are left", 5)

		w.clock.Step(2 * time.Hour)
		w.limit(clinic, surgeOf(0))
		w.inviteMany(clinic, 10, 12, false)
		w.wantLeave("none may", 0)
		for _, n := range []string{"p10", "p11"} {
			w.must(w.Close(w.t.Context(), clinic, n+"@example.com"))
		}
		w.wantHeld("all were taken back", directory.HeldMail{})
		w.limit(clinic, surgeOf(1))
		w.inviteMany(clinic, 12, 13, false)
		w.wantLeave("a new one is no part of it", 1)

		w.inviteMany(clinic, 13, 15, false)
		w.wantLeave("stopped once more", 0)
		w.limit(clinic, directory.MailLimits{Surge: -1})
		w.wantLeave("turned off", 2)
	})
}

// Limits that are there already, and looking at them, write nothing.
func TestPromise_LimitsAreQuiet(t *testing.T) {
	eachDatabase(t, func(w *world) {
		limits := directory.MailLimits{PerHour: 1, Surge: 1, SurgeWindow: time.Hour}
		w.limit(clinic, limits)
		w.inviteMany(clinic, 0, 3, false)
		w.wantLeave("stopped", 0)
		observer := databasetest.Second(w.t, w.db)
		before := w.fingerprint(observer)
		w.limit(clinic, limits)
		w.heldMail()
		w.wantLeave("nothing is due", 0)
		w.release("another name", "7-abc", 0)
		if after := w.fingerprint(observer); after != before {
			w.t.Errorf("something was written\nbefore:\n%s\nafter:\n%s", before, after)
		}
	})
}

// A stop and its end are in the trail, and are told to whoever waits.
func TestBY12_HeldMailIsAudited(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx := w.t.Context()
		w.limit(clinic, surgeOf(1))
		w.inviteMany(clinic, 0, 2, false)
		head, err := w.Head(ctx)
		w.must(err)
		w.wantLeave("stopped", 0)
		wave := w.heldMail().Wave
		w.release("approved", wave, 2)
		entries, err := w.Audit(ctx, clinic, "", 2)
		w.must(err)
		var got []string
		for _, e := range entries {
			got = append(got, string(e.Action)+" "+e.Note)
		}
		want := []string{"MailReleased wave " + wave + " was approved", "MailHeld 2 would leave, more than 1"}
		if diff := gocmp.Diff(want, got); diff != "" {
			w.t.Errorf("the trail, newest first (-want +got):\n%s", diff)
		}
		changes, err := w.Changes(ctx, head, 0)
		if err != nil || len(changes) != 2 || changes[0].Address != "" || changes[1].Address != "" {
			w.t.Errorf("changes %+v, %v; want two about everybody", changes, err)
		}
	})
}

// Who is removed with all that belongs to it leaves no limits behind.
func TestBY4_ATornDownOrganizationHasNoRails(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx := w.t.Context()
		w.limit(clinic, surgeOf(1))
		w.wantAnswers("the floor", 0, 5, directory.RemovalGranted)
		if _, err := w.HoldRemovals(ctx, clinic, 5); err != nil {
			w.t.Fatal(err)
		}
		w.must(w.RemoveOrganization(ctx, clinic))
		w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic"})
		w.wantAnswers("anew", 0, 5, directory.RemovalGranted)
		w.inviteMany(clinic, 0, 4, false)
		w.wantLeave("without limits", 4)
	})
}

func TestApplyLimitsRefuses(t *testing.T) {
	eachDatabase(t, func(w *world) {
		for reason, limits := range map[string]directory.MailLimits{
			"a negative number": {PerHour: -1}, "a negative window": {SurgeWindow: -1}, "a window too long": {SurgeWindow: 8 * 24 * time.Hour},
		} {
			wantKind(w.t, reason, w.ApplyLimits(w.t.Context(), clinic, limits), directory.KindInvalid)
		}
		wantKind(w.t, "no organization", w.ApplyLimits(w.t.Context(), "", directory.MailLimits{}), directory.KindInvalid)
	})
}
