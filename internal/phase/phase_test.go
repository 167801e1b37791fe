package phase_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/internal/phase"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// Run stops at the first phase that is not done, whatever its word.
func TestRun(t *testing.T) {
	errBroken := errors.New("broken")
	for name, test := range map[string]struct {
		second phase.Answer
		want   []string
	}{
		"done":       {phase.Done("Succeeded", ""), []string{"First", "Second", "Third"}},
		"done until": {phase.DoneUntil(noon, "MailSent", ""), []string{"First", "Second", "Third"}},
		"waiting":    {phase.Waiting("DependencyNotReady", ""), []string{"First", "Second"}},
		"stalled":    {phase.Stalled("InvalidSpec", ""), []string{"First", "Second"}},
		"failed":     {phase.Failed(errBroken, 0, "BackendUnavailable", ""), []string{"First", "Second"}},
	} {
		t.Run(name, func(t *testing.T) {
			var ran []string
			say := func(name string, a phase.Answer) phase.Phase[*[]string] {
				return phase.Phase[*[]string]{Condition: name, Run: func(_ context.Context, scope *[]string) phase.Answer {
					*scope = append(*scope, name)
					return a
				}}
			}
			out := phase.Run(t.Context(), &ran,
				say("First", phase.Done("Succeeded", "")), say("Second", test.second), say("Third", phase.Done("Succeeded", "")))
			if diff := cmp.Diff(test.want, ran); diff != "" {
				t.Errorf("phases that ran (-want +got):\n%s", diff)
			}
			var told []string
			for _, s := range out.Steps {
				told = append(told, s.Condition)
			}
			if diff := cmp.Diff(test.want, told); diff != "" {
				t.Errorf("steps of the outcome (-want +got):\n%s", diff)
			}
			if last := out.Last(); len(ran) == 2 && !cmp.Equal(last, test.second, cmpopts.EquateErrors()) {
				t.Errorf("the last answer is %v, want the one that stopped", last)
			}
		})
	}
}

// A halted phase speaks of the whole: what phases said before stays unsaid.
func TestRun_Halted(t *testing.T) {
	say := func(a phase.Answer) phase.Phase[int] {
		return phase.Phase[int]{Condition: "One", Run: func(context.Context, int) phase.Answer { return a }}
	}
	halted := phase.Halted("Suspended", "Nothing is done.")
	out := phase.Run(t.Context(), 0, say(phase.Done("Succeeded", "")), say(halted), say(phase.Done("Succeeded", "")))
	if diff := cmp.Diff(phase.Only(halted), out); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestOutcome_Until(t *testing.T) {
	at := func(times ...time.Time) phase.Outcome {
		var out phase.Outcome
		for _, t := range times {
			out.Steps = append(out.Steps, phase.Step{Answer: phase.DoneUntil(t, "MailSent", "")})
		}
		return out
	}
	for name, test := range map[string]struct {
		reason string
		out    phase.Outcome
		want   time.Time
	}{
		"no steps":   {"nothing to come back for", phase.Outcome{}, time.Time{}},
		"never":      {"nothing to come back for", at(time.Time{}), time.Time{}},
		"one":        {"its time", at(noon), noon},
		"the first":  {"the earliest", at(noon, noon.Add(time.Hour)), noon},
		"the second": {"the earliest", at(noon.Add(time.Hour), noon), noon},
		"the only":   {"never is not early", at(time.Time{}, noon, time.Time{}), noon},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.out.Until(); !got.Equal(test.want) {
				t.Errorf("%s: %v, want %v", test.reason, got, test.want)
			}
		})
	}
}

func TestOnly_KeepsConditions(t *testing.T) {
	out := phase.Only(phase.Done("Suspended", "It is suspended."))
	if !out.Keep || len(out.Steps) != 1 || out.Steps[0].Condition != "" || out.Last().Reason != "Suspended" {
		t.Errorf("%+v, want one answer about the whole that keeps the conditions of phases", out)
	}
	if none := (phase.Outcome{}).Last(); none != (phase.Answer{}) {
		t.Errorf("%+v of no steps, want nothing", none)
	}
}
