package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// trail is what was done to an address, or to the whole organization where it is
// empty, oldest first; the application of the organization is left out.
func (w *world) trail(address string) []string {
	w.t.Helper()
	entries, err := w.Audit(w.t.Context(), clinic, address, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(entries)
	var told []string
	for i := range entries {
		if e := entries[i]; e.Action != ledger.ActionOrganizationApplied {
			told = append(told, fmt.Sprint(e.Actor, " ", e.Action, " ", e.Note))
		}
	}
	return told
}

// standing changes what a holding says about access and suspension.
func standing(is directory.HoldingStanding, suspended bool) func(*directory.Holding) {
	return func(h *directory.Holding) { h.Standing, h.Suspended = is, suspended }
}

func holder(name string) func(*directory.Holding) {
	return func(h *directory.Holding) { h.Holder = name }
}

// Every change of what is asked for about access, and of a suspension, is one
// entry, whoever the holder is by then, however often it is recorded.
func TestBY12_HE5_StandingIsToldOncePerChange(t *testing.T) {
	const enabled, disabled, ended = directory.HoldingEnabled, directory.HoldingDisabled, directory.HoldingEnded
	type steps = []func(*directory.Holding)
	for name, test := range map[string]struct {
		reason string
		steps  steps
		want   []string
	}{
		"enabled": {"that is the usual", steps{standing(enabled, false)}, nil},
		"disabled at first": {
			"nobody was let in",
			steps{standing(disabled, false)},
			[]string{"manager AccessDisabled by User ada"},
		},
		"disabled and enabled": {
			"",
			steps{standing(enabled, false), standing(disabled, false), standing(enabled, false)},
			[]string{"manager AccessDisabled by User ada", "manager AccessEnabled by User ada"},
		},
		"ended and prolonged": {
			"",
			steps{standing(enabled, false), standing(ended, false), standing(enabled, false)},
			[]string{"manager AccessEnded by User ada", "manager AccessEnabled by User ada"},
		},
		"ended while disabled": {
			"the reason is another one",
			steps{standing(disabled, false), standing(ended, false)},
			[]string{"manager AccessDisabled by User ada", "manager AccessEnded by User ada"},
		},
		"suspended and resumed": {
			"",
			steps{standing(enabled, false), standing(enabled, true), standing(enabled, false)},
			[]string{"manager Suspended by User ada", "manager Resumed by User ada"},
		},
		"suspended while disabled": {
			"that it is still disabled is no news",
			steps{standing(disabled, false), standing(disabled, true), standing(disabled, false)},
			[]string{"manager AccessDisabled by User ada", "manager Suspended by User ada", "manager Resumed by User ada"},
		},
		"resumed and enabled": {
			"the end of the suspension comes first",
			steps{standing(disabled, false), standing(disabled, true), standing(enabled, false)},
			[]string{"manager AccessDisabled by User ada", "manager Suspended by User ada", "manager Resumed by User ada", "manager AccessEnabled by User ada"},
		},
		"handed over": {
			"who takes over takes that too",
			steps{standing(disabled, false), holder("countess"), holder(directory.Leaving("countess"))},
			[]string{"manager AccessDisabled by User ada", "manager HandedOver from User ada to User countess"},
		},
		"handed over and enabled": {
			"both is told",
			steps{standing(disabled, true), func(h *directory.Holding) { h.Holder, h.Standing, h.Suspended = "countess", enabled, false }},
			[]string{
				"manager Suspended by User ada", "manager AccessDisabled by User ada",
				"manager HandedOver from User ada to User countess", "manager Resumed by User countess", "manager AccessEnabled by User countess",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				w := newWorld(t, db)
				h := held(ada, "ada", "")
				for _, step := range test.steps {
					step(&h)
					w.hold(h)
					w.hold(h)
				}
				w.wantHoldings("as it was recorded last", since(h, start))
				mine, err := w.HeldBy(t.Context(), clinic, h.Holder)
				if err != nil || len(mine) != 1 || mine[0] != since(h, start) {
					t.Errorf("held by %s: %+v, %v", h.Holder, mine, err)
				}
				if diff := cmp.Diff(test.want, w.trail(ada)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", test.reason, diff)
				}
			})
		})
	}
}

// What two processes record at once is told once.
func TestPromise_StandingRecordedAtOnceIsToldOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.hold(held(ada, "ada", ""))
		second := w.second()
		disabled := held(ada, "ada", "f1")
		standing(directory.HoldingDisabled, true)(&disabled)
		together(20, func(i int) {
			l := []*ledger.Ledger{w.Ledger, second}[i%2]
			if err := l.Hold(w.t.Context(), disabled, "ada"); err != nil {
				w.t.Error(err)
			}
		})
		want := []string{"manager Suspended by User ada", "manager AccessDisabled by User ada"}
		if diff := cmp.Diff(want, w.trail(ada)); diff != "" {
			w.t.Errorf("audit (-want +got):\n%s", diff)
		}
	})
}

// The same of an organization, over and over.
func TestPromise_AnOrganizationSuspendedAtOnceIsToldOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		second := w.second()
		var want []string
		for range 10 {
			for _, suspended := range []bool{true, false} {
				w.clock.Step(time.Second)
				together(8, func(i int) {
					l := []*ledger.Ledger{w.Ledger, second}[i%2]
					record := l.ResumeOrganization
					if suspended {
						record = l.SuspendOrganization
					}
					if err := record(w.t.Context(), clinic); err != nil {
						w.t.Error(err)
					}
				})
			}
			want = append(want, "manager Suspended ", "manager Resumed ")
		}
		if diff := cmp.Diff(want, w.trail("")); diff != "" {
			w.t.Errorf("audit (-want +got):\n%s", diff)
		}
	})
}

// An organization is suspended until it is resumed or applied, and each change
// is one entry.
func TestBY12_BY2_SuspendedOrganization(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx, base := w.t.Context(), directory.Organization{ID: clinic, DisplayName: "Clinic", Mail: directory.MailIdentity{From: "hello@clinic.example"}}
		observer := databasetest.Second(w.t, w.db)
		twice := func(do func() error) {
			w.t.Helper()
			if err := do(); err != nil {
				w.t.Fatal(err)
			}
			before := w.fingerprint(observer)
			if err := do(); err != nil {
				w.t.Fatal(err)
			}
			if diff := cmp.Diff(before, w.fingerprint(observer)); diff != "" {
				w.t.Errorf("what is so already was written: %s", diff)
			}
		}
		suspend := func() error { return w.SuspendOrganization(ctx, clinic) }
		twice(func() error { return w.ResumeOrganization(ctx, clinic) })
		twice(suspend)
		twice(func() error { return w.ResumeOrganization(ctx, clinic) })
		twice(suspend)
		twice(func() error { return w.ApplyOrganization(ctx, base) })
		twice(suspend)
		base.DisplayName = "The Clinic"
		twice(func() error { return w.ApplyOrganization(ctx, base) })
		want := []string{"manager Suspended ", "manager Resumed ", "manager Suspended ", "manager Resumed ", "manager Suspended ", "manager Resumed "}
		if diff := cmp.Diff(want, w.trail("")); diff != "" {
			w.t.Errorf("audit (-want +got):\n%s", diff)
		}

		twice(func() error { return w.RemoveOrganization(ctx, clinic) })
		twice(suspend)
		if got := w.trail(""); got[len(got)-1] != "manager OrganizationRemoved " {
			w.t.Errorf("one that is not known: %q", got[len(got)-1])
		}
	})
}
