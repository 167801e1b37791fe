package controllers_test

import (
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// steps are those of a life that no mail and no page stands for.
var steps = []ledger.Action{
	ledger.ActionAccessDisabled, ledger.ActionAccessEnded, ledger.ActionAccessEnabled,
	ledger.ActionSuspended, ledger.ActionResumed, ledger.ActionReleased,
}

// wantTrail compares what the audit trail says about the steps of an address, or
// of the organization itself where it is empty, oldest first.
func (w *world) wantTrail(reason, email string, want ...ledger.Action) {
	w.Helper()
	db := databasetest.Open(w, w.database)
	defer func() { _ = db.Close() }()
	records, err := ledger.New(ledger.Options{DB: db, Clock: clock.RealClock{}})
	must(w.T, err)
	entries, err := records.Audit(w.ctx, w.tenant(), email, 0)
	must(w.T, err)
	var got []ledger.Action
	for i := range entries {
		if e := entries[i]; e.Address == email && slices.Contains(steps, e.Action) {
			got = append(got, e.Action)
		}
	}
	slices.Reverse(got)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s: the audit trail of %q (-want +got):\n%s", reason, email, diff)
	}
}

// wantEvents waits until so many events with these reasons were recorded about an
// object; they are written in the background.
func (w *world) wantEvents(reason string, about client.Object, want map[string]int) {
	w.Helper()
	w.eventually(reason+": the events of "+about.GetName(), func() (bool, string) {
		var list eventsv1.EventList
		must(w.T, suite.client.List(w.ctx, &list, client.InNamespace(w.namespace)))
		got := map[string]int{}
		for reason := range want {
			got[reason] = 0
		}
		for i := range list.Items {
			e := &list.Items[i]
			if _, asked := want[e.Reason]; !asked || e.Regarding.UID != about.GetUID() {
				continue
			}
			if e.Series != nil {
				got[e.Reason] += int(e.Series.Count)
			} else {
				got[e.Reason]++
			}
		}
		return cmp.Equal(want, got), fmt.Sprintf("%v, want %v", got, want)
	})
}

// seesAnew waits until an object was looked at as it is now.
func seesAnew(w *world, object client.Object) {
	w.Helper()
	w.eventually(object.GetName()+" is looked at", func() (bool, string) {
		must(w.T, suite.client.Get(w.ctx, client.ObjectKeyFromObject(object), object))
		c := meta.FindStatusCondition(conditions(object), v1alpha1.ConditionReady)
		return c != nil && c.ObservedGeneration == object.GetGeneration(), fmt.Sprintf("%+v", c)
	})
}
