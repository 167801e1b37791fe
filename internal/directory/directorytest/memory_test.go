package directorytest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const practice directory.OrganizationID = "clinic/practice"

// inPractice returns a backend with one organization in it.
func inPractice(t *testing.T) *Memory {
	t.Helper()
	m := newMemory(t, MemoryOptions{})
	if err := m.ApplyOrganization(t.Context(), anOrganization(practice)); err != nil {
		t.Fatal(err)
	}
	return m
}

func adaIsThere(t *testing.T, m *Memory) bool {
	t.Helper()
	_, err := m.Member(t.Context(), practice, ada)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestNewMemoryNeedsAClock(t *testing.T) {
	if _, err := NewMemory(MemoryOptions{}); err == nil {
		t.Error("a memory backend without a clock was made")
	}
}

func TestFaults(t *testing.T) {
	boom := directory.Errorf(directory.KindUnavailable, "apply a member", "the wire broke")
	for name, tc := range map[string]struct {
		fault  Fault
		fails  []bool
		stored bool
		reason string
	}{
		"before effect": {Fault{Method: MethodApplyMember, Err: boom}, []bool{true, true}, false, "nothing happened"},
		"lost reply":    {Fault{Method: MethodApplyMember, Err: boom, After: true}, []bool{true, true}, true, "it happened, and nobody heard"},
		"first call":    {Fault{Method: MethodApplyMember, Err: boom, Call: 1}, []bool{true, false}, true, "the retry succeeds"},
		"second call":   {Fault{Method: MethodApplyMember, Err: boom, Call: 2}, []bool{false, true}, true, "counted from Inject"},
		"other method":  {Fault{Method: MethodMember, Key: grace, Err: boom}, []bool{false, false}, true, "not this one"},
		"other key":     {Fault{Method: MethodApplyMember, Key: grace, Err: boom}, []bool{false, false}, true, "somebody else"},
		"this key":      {Fault{Key: ada, Method: MethodApplyMember, Err: boom}, []bool{true, true}, false, "this one"},
		"other tenant":  {Fault{Organization: "clinic/other", Err: boom}, []bool{false, false}, true, "somewhere else"},
	} {
		t.Run(name, func(t *testing.T) {
			m := inPractice(t)
			withdraw := m.Inject(tc.fault)
			var fails []bool
			for range tc.fails {
				_, err := m.ApplyMember(t.Context(), aMember(practice, ada))
				if err != nil && !errors.Is(err, boom) {
					t.Fatal(err)
				}
				fails = append(fails, err != nil)
			}
			withdraw()
			if diff := cmp.Diff(tc.fails, fails); diff != "" {
				t.Errorf("which calls fail (%s):\n%s", tc.reason, diff)
			}
			if got := adaIsThere(t, m); got != tc.stored {
				t.Errorf("stored: %t, want %t: %s", got, tc.stored, tc.reason)
			}
			if got := m.Calls(MethodApplyMember); got != len(tc.fails) {
				t.Errorf("%d calls counted, want %d", got, len(tc.fails))
			}
			if _, err := m.ApplyMember(t.Context(), aMember(practice, ada)); err != nil {
				t.Errorf("after the fault was withdrawn: %v", err)
			}
		})
	}
}

func TestFaultGateHoldsACallBack(t *testing.T) {
	for name, after := range map[string]bool{"before effect": false, "after effect": true} {
		t.Run(name, func(t *testing.T) {
			m := inPractice(t)
			gate := NewGate()
			m.Inject(Fault{Method: MethodApplyMember, Gate: gate, After: after})
			done := make(chan error)
			go func() {
				_, err := m.ApplyMember(context.Background(), aMember(practice, ada))
				done <- err
			}()
			<-gate.Reached()
			if got := adaIsThere(t, m); got != after {
				t.Errorf("while the call is held back, stored: %t, want %t", got, after)
			}
			gate.Release()
			gate.Release()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if !adaIsThere(t, m) {
				t.Error("the call had no effect")
			}
		})
	}
}

func TestFaultGateEndsWithTheContext(t *testing.T) {
	m := inPractice(t)
	gate := NewGate()
	m.Inject(Fault{Method: MethodApplyMember, Gate: gate})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := m.ApplyMember(ctx, aMember(practice, ada))
		done <- err
	}()
	<-gate.Reached()
	cancel()
	if err := <-done; !directory.IsKind(err, directory.KindUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a call given up at a gate: %v", err)
	}
	if adaIsThere(t, m) {
		t.Error("a call that was given up had an effect")
	}
}

func TestOmitMakesListingsIncomplete(t *testing.T) {
	m := inPractice(t)
	for _, a := range []string{ada, grace} {
		if _, err := m.ApplyMember(t.Context(), aMember(practice, a)); err != nil {
			t.Fatal(err)
		}
	}
	for _, omitted := range [][]string{{ada}, nil} {
		if err := m.Omit(practice, omitted...); err != nil {
			t.Fatal(err)
		}
		page, err := m.ListMembers(t.Context(), practice, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Members) != 2-len(omitted) || page.Complete != (omitted == nil) {
			t.Errorf("with %d omitted, %d are listed and complete is %t", len(omitted), len(page.Members), page.Complete)
		}
		if !adaIsThere(t, m) {
			t.Error("who is left out of listings is gone")
		}
	}
	if err := m.Omit("clinic/none"); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("omit in a missing organization: %v", err)
	}
}

func TestWritesTellWhatChanged(t *testing.T) {
	m := inPractice(t)
	for range 2 {
		if _, err := m.ApplyMember(t.Context(), aMember(practice, ada)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.RemoveMember(t.Context(), practice, grace, directory.RemovalDrop); err != nil {
		t.Fatal(err)
	}
	want := []Write{{MethodApplyOrganization, practice, ""}, {MethodApplyMember, practice, ada}}
	if diff := cmp.Diff(want, m.Writes()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestActivateRefusesWhoCannotAccept(t *testing.T) {
	m := inPractice(t)
	if err := m.Activate(t.Context(), practice, ada, "Ada"); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("nobody accepted: %v", err)
	}
	if _, err := m.ApplyMember(t.Context(), in(directory.MemberDisabled, aMember(practice, ada))); err != nil {
		t.Fatal(err)
	}
	if err := m.Activate(t.Context(), practice, ada, "Ada"); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("a disabled person accepted: %v", err)
	}
}
