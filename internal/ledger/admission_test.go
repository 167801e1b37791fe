package ledger_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// admission is somebody of the clinic.
func admission(address string, state directory.MemberState, change ...func(*directory.Admission)) directory.Admission {
	a := directory.Admission{Organization: clinic, Address: address, State: state}
	for _, c := range change {
		c(&a)
	}
	return a
}

// admit puts an admission in the place of whatever is there.
func (w *world) admit(a directory.Admission) {
	w.t.Helper()
	known, err := w.Admission(w.t.Context(), a.Organization, a.Address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		w.t.Fatal(err)
	}
	w.must(w.Admit(w.t.Context(), a, known))
}

func (w *world) wantAdmissions(reason string, want ...directory.Admission) {
	w.t.Helper()
	got, err := w.Admissions(w.t.Context(), clinic, "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: admissions (-want +got):\n%s", reason, diff)
	}
}

// What is admitted is what is told, by address and in a list.
func TestHE3_AdmissionsAreKept(t *testing.T) {
	eachDatabase(t, func(w *world) {
		_, err := w.Admission(w.t.Context(), clinic, ada)
		wantKind(w.t, "look up nobody", err, directory.KindNotFound)
		full := admission(ada, directory.MemberDisabled, func(a *directory.Admission) {
			a.Provisioned, a.JoinedAt, a.ConfirmedName, a.DeclaredName = true, start.Add(time.Microsecond), "Ada", "Augusta Ada"
			a.Awaiting = "{\n\"roles\": [\"clinician\"]}"
		})
		w.must(w.Admit(w.t.Context(), full, directory.Admission{}))
		got, err := w.Admission(w.t.Context(), clinic, ada)
		if diff := cmp.Diff(full, got); err != nil || diff != "" {
			w.t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		changed := admission(ada, directory.MemberActive)
		w.must(w.Admit(w.t.Context(), changed, full))
		w.wantAdmissions("every field is changed", changed)
		if head, err := w.Head(w.t.Context()); err != nil || head != 0 {
			w.t.Errorf("%d changes, %v; want none: whoever admits knows", head, err)
		}
	})
}

// Nobody writes over what they have not seen.
func TestHE3_AdmissionsAreComparedAndSet(t *testing.T) {
	invited, active := admission(ada, directory.MemberInvited), admission(ada, directory.MemberActive)
	none := directory.Admission{}
	for name, test := range map[string]struct {
		reason              string
		there, asked, known directory.Admission
		kind                directory.Kind
	}{
		"first":      {"nobody is there, and that is known", none, invited, none, ""},
		"known":      {"what is there is known", invited, active, invited, ""},
		"repeated":   {"the reply to the first attempt was lost", active, active, invited, ""},
		"unseen":     {"somebody came meanwhile", invited, active, none, directory.KindConflict},
		"gone":       {"somebody dismissed it meanwhile", none, active, invited, directory.KindConflict},
		"changed":    {"the person accepted meanwhile", active, admission(ada, directory.MemberDisabled), invited, directory.KindConflict},
		"other name": {"every field counts", admission(ada, directory.MemberInvited, func(a *directory.Admission) { a.DeclaredName = "Ada" }), active, invited, directory.KindConflict},
		"other wait": {"every field counts", admission(ada, directory.MemberInvited, func(a *directory.Admission) { a.Awaiting = "{}" }), active, invited, directory.KindConflict},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				if test.there != none {
					w.admit(test.there)
				}
				wantKind(w.t, test.reason, w.Admit(w.t.Context(), test.asked, test.known), test.kind)
				want := test.asked
				if test.kind != "" {
					want = test.there
				}
				if want == none {
					w.wantAdmissions(test.reason)
					return
				}
				w.wantAdmissions(test.reason, want)
			})
		})
	}
}

// A time is compared as it is kept: what no database can hold makes no difference.
func TestHE3_AdmissionsCompareTimesAsKept(t *testing.T) {
	eachDatabase(t, func(w *world) {
		fine := admission(ada, directory.MemberActive, func(a *directory.Admission) { a.JoinedAt = start.Add(999).In(time.FixedZone("", 3600)) })
		w.admit(fine)
		fine.Provisioned = true
		known := fine
		known.Provisioned = false
		w.must(w.Admit(w.t.Context(), fine, known))
		fine.JoinedAt = start
		w.wantAdmissions("cut to microseconds, in UTC", fine)
	})
}

func TestHE3_AdmitRefusesWhatCanNeverBe(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	for reason, change := range map[string]func(*directory.Admission){
		"no address":        func(a *directory.Admission) { a.Address = "" },
		"no organization":   func(a *directory.Admission) { a.Organization = "" },
		"no state":          func(a *directory.Admission) { a.State = "" },
		"unknown state":     func(a *directory.Admission) { a.State = "Expired" },
		"NUL in a name":     func(a *directory.Admission) { a.ConfirmedName = "a\x00b" },
		"NUL in what waits": func(a *directory.Admission) { a.Awaiting = "a\x00b" },
		"no text waits":     func(a *directory.Admission) { a.Awaiting = "\xff" },
		"endlessly waiting": func(a *directory.Admission) { a.Awaiting = strings.Repeat("a", 64<<10+1) },
		"endless name":      func(a *directory.Admission) { a.DeclaredName = strings.Repeat("a", 10_000) },
	} {
		a := admission(ada, directory.MemberActive, change)
		wantKind(t, reason, w.Admit(t.Context(), a, directory.Admission{}), directory.KindInvalid)
	}
	wantKind(t, "an address that can never be", w.Readdress(t.Context(), clinic, ada, "a\nb@example.com"), directory.KindInvalid)
	w.wantAdmissions("nothing was stored")
}

// What is as it should be is only read.
func TestPromise_AdmissionsAreQuiet(t *testing.T) {
	eachDatabase(t, func(w *world) {
		observer := databasetest.Second(w.t, w.db)
		active := admission(ada, directory.MemberActive)
		w.admit(active)
		before := w.versionOf(observer, "admissions")
		for range 3 {
			w.must(w.Admit(w.t.Context(), active, directory.Admission{}))
			w.must(w.Readdress(w.t.Context(), clinic, "old@example.com", ada))
			w.must(w.Readdress(w.t.Context(), clinic, ada, ada))
			w.must(w.Dismiss(w.t.Context(), clinic, "nobody@example.com"))
			w.must(w.Dismiss(w.t.Context(), "team/other", ""))
			w.must(w.RemoveOrganization(w.t.Context(), "team/other"))
		}
		if diff := cmp.Diff(before, w.versionOf(observer, "admissions")); diff != "" {
			w.t.Errorf("something was written: %s", diff)
		}
		active.Provisioned = true
		w.admit(active)
		if before == w.versionOf(observer, "admissions") {
			w.t.Error("a difference was not written")
		}
	})
}

// Another address is the same person: everything known goes with it.
func TestHE2_AnAdmissionChangesItsAddress(t *testing.T) {
	const lovelace = "lovelace@example.com"
	for name, test := range map[string]struct {
		reason   string
		there    []string
		from, to string
		kind     directory.Kind
		want     []string
	}{
		"moved":        {"the usual", []string{ada}, ada, lovelace, "", []string{lovelace}},
		"repeated":     {"the reply was lost", []string{lovelace}, ada, lovelace, "", []string{lovelace}},
		"to itself":    {"nothing to do", []string{ada}, ada, ada, "", []string{ada}},
		"nobody":       {"neither is there", nil, ada, lovelace, directory.KindNotFound, nil},
		"nobody moves": {"neither is there", nil, ada, ada, directory.KindNotFound, nil},
		"taken":        {"both are there", []string{ada, lovelace}, ada, lovelace, directory.KindExists, []string{ada, lovelace}},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				person := admission("", directory.MemberActive, func(a *directory.Admission) {
					a.Provisioned, a.JoinedAt, a.ConfirmedName, a.DeclaredName, a.Awaiting = true, start, "Ada", "Augusta", "{}"
				})
				for _, person.Address = range test.there {
					w.admit(person)
				}
				err := w.Readdress(w.t.Context(), clinic, test.from, test.to)
				wantKind(w.t, test.reason, err, test.kind)
				if err != nil && (strings.Contains(err.Error(), ada) || strings.Contains(err.Error(), lovelace)) {
					w.t.Error("the error names a person")
				}
				var want []directory.Admission
				for _, person.Address = range test.want {
					want = append(want, person)
				}
				w.wantAdmissions(test.reason, want...)
			})
		})
	}
}

// Pages are in order, leave nobody out, and stay in their organization; so does
// forgetting them, which an organization that is removed does too.
func TestPromise_AdmissionsInPages(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people = 57
		together(people, func(i int) {
			if err := w.Admit(w.t.Context(), admission(fmt.Sprintf("p%02d@example.com", i), directory.MemberInvited), directory.Admission{}); err != nil {
				w.t.Error(err)
			}
		})
		other := admission(ada, directory.MemberActive)
		other.Organization = "team/other"
		w.admit(other)
		var seen, want []string
		for after := ""; ; {
			page, err := w.Admissions(w.t.Context(), clinic, after, 10)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, a := range page {
				seen, after = append(seen, a.Address), a.Address
			}
			if len(page) < 10 {
				break
			}
		}
		for i := range people {
			want = append(want, fmt.Sprintf("p%02d@example.com", i))
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			w.t.Errorf("pages (-want +got):\n%s", diff)
		}
		w.must(w.Dismiss(w.t.Context(), clinic, "p00@example.com"))
		if n := w.count("SELECT COUNT(*) FROM admissions"); n != people {
			w.t.Errorf("%d are left after one was dismissed; want %d", n, people)
		}
		w.must(w.Dismiss(w.t.Context(), clinic, ""))
		w.wantAdmissions("all dismissed")
		w.admit(admission(ada, directory.MemberActive))
		w.must(w.RemoveOrganization(w.t.Context(), clinic))
		w.wantAdmissions("the organization is removed")
		if left, err := w.Admissions(w.t.Context(), "team/other", "", 0); err != nil || len(left) != 1 {
			w.t.Errorf("another organization has %d, %v; want its own", len(left), err)
		}
	})
}

// A thousand at most are told, and more than that are forgotten.
func TestPromise_ManyAdmissions(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people = 2100
		together(people, func(i int) {
			if err := w.Admit(w.t.Context(), admission(fmt.Sprintf("p%04d@example.com", i), directory.MemberInvited), directory.Admission{}); err != nil {
				w.t.Error(err)
			}
		})
		for _, limit := range []int{0, 1000, 5000} {
			if page, err := w.Admissions(w.t.Context(), clinic, "", limit); err != nil || len(page) != 1000 {
				w.t.Errorf("%d of at most %d, %v; want 1000", len(page), limit, err)
			}
		}
		w.must(w.Dismiss(w.t.Context(), clinic, ""))
		w.wantAdmissions("all dismissed")
	})
}

// Of many who take the place of one admission at once, one does, and all others
// are told to look again.
func TestPromise_AdmitAtOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		second := w.second()
		var created, moved atomic.Int64
		together(40, func(i int) {
			l := []*ledger.Ledger{w.Ledger, second}[i%2]
			a := admission(ada, directory.MemberInvited, func(a *directory.Admission) { a.DeclaredName = fmt.Sprint("name ", i) })
			switch err := l.Admit(w.t.Context(), a, directory.Admission{}); {
			case err == nil:
				created.Add(1)
			case !directory.IsKind(err, directory.KindConflict):
				w.t.Error(err)
			}
		})
		together(40, func(i int) {
			l := []*ledger.Ledger{w.Ledger, second}[i%2]
			switch err := l.Readdress(w.t.Context(), clinic, ada, fmt.Sprintf("p%02d@example.com", i)); {
			case err == nil:
				moved.Add(1)
			case !directory.IsKind(err, directory.KindNotFound):
				w.t.Error(err)
			}
		})
		if n := w.count("SELECT COUNT(*) FROM admissions"); created.Load() != 1 || moved.Load() != 1 || n != 1 {
			w.t.Errorf("%d created, %d moved, %d rows; want 1 of each", created.Load(), moved.Load(), n)
		}
	})
}
