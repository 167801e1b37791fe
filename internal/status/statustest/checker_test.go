package statustest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rollcall-dev/rollcall/internal/status/statustest"
)

func TestChecker(t *testing.T) {
	const (
		yes = metav1.ConditionTrue
		no  = metav1.ConditionFalse
	)
	later := metav1.NewTime(then.Add(time.Hour))
	at := func(when metav1.Time) func(*metav1.Condition) {
		return func(c *metav1.Condition) { c.LastTransitionTime = when }
	}
	of := func(generation int64) func(*metav1.Condition) {
		return func(c *metav1.Condition) { c.ObservedGeneration = generation }
	}
	ready := condition("Ready", yes)
	for name, test := range map[string]struct {
		reason        string
		before, after []metav1.Condition
		edit          func(*unstructured.Unstructured)
		want          string
	}{
		"nothing changed": {reason: "a second look", before: []metav1.Condition{ready}, after: []metav1.Condition{ready}},
		"a new reason": {
			reason: "only a change of status is a transition",
			before: []metav1.Condition{ready}, after: []metav1.Condition{condition("Ready", yes, saying("Another sentence."))},
		},
		"a transition": {
			reason: "the status changed, and so the time",
			before: []metav1.Condition{ready, condition("Provisioned", no)},
			after:  []metav1.Condition{ready, condition("Provisioned", yes, at(later))},
		},
		"abnormal ones go": {
			reason: "they are present only while True",
			before: []metav1.Condition{condition("Ready", no), condition("Reconciling", yes)},
			after:  []metav1.Condition{condition("Ready", yes, at(later))},
		},
		"created again": {
			reason: "another object under the same name starts anew",
			before: []metav1.Condition{ready, condition("Provisioned", yes)}, after: []metav1.Condition{ready},
			edit: func(o *unstructured.Unstructured) { o.SetUID("2") },
		},

		"the status went back": {
			reason: "an old leader has overwritten a newer one",
			before: []metav1.Condition{ready}, after: []metav1.Condition{condition("Ready", yes, of(1))},
			edit: func(o *unstructured.Unstructured) {
				_ = unstructured.SetNestedField(o.Object, int64(1), "status", "observedGeneration")
			},
			want: "status.observedGeneration went back from 2 to 1",
		},
		"a condition went back": {
			reason: "what was found out is forgotten",
			before: []metav1.Condition{ready, condition("Provisioned", yes)},
			after:  []metav1.Condition{ready, condition("Provisioned", yes, of(1))},
			want:   "Provisioned went back from generation 2 to 1",
		},
		"a step vanished": {
			reason: "a program that waits for it waits for ever",
			before: []metav1.Condition{ready, condition("Provisioned", yes)}, after: []metav1.Condition{ready},
			want: "Provisioned is not there any more",
		},
		"a time without a transition": {
			reason: "every look would be a write",
			before: []metav1.Condition{ready}, after: []metav1.Condition{condition("Ready", yes, at(later))},
			want: "Ready is True as before, and its lastTransitionTime is another",
		},
		"a time that went back": {
			reason: "time does not",
			before: []metav1.Condition{ready, condition("Provisioned", no, at(later))},
			after:  []metav1.Condition{ready, condition("Provisioned", yes, at(then))},
			want:   "the lastTransitionTime of Provisioned went back",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := statustest.NewCheckerWith(nil)
			wantOne(t, c.Observe(object(t, test.before...)), "", "before")
			o := object(t, test.after...)
			if test.edit != nil {
				test.edit(o)
			}
			got := c.Observe(o)
			// A status that went back takes its conditions with it.
			if len(got) > 1 {
				got = got[:1]
			}
			wantOne(t, got, test.want, test.reason)
		})
	}
}

func TestChecker_Remembers(t *testing.T) {
	c := statustest.NewChecker()
	good := object(t, condition("Ready", metav1.ConditionTrue))
	bad := object(t, condition("Ready", metav1.ConditionTrue), condition("Stalled", metav1.ConditionTrue))
	var want []string
	want = append(want, c.Observe(bad)...)
	want = append(want, c.Observe(good)...)
	want = append(want, c.Observe(bad)...)
	if len(want) != 2 {
		t.Fatalf("%q, want one violation of each bad state", want)
	}
	if diff := cmp.Diff(want, c.Violations()); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestChecker_Forget(t *testing.T) {
	c := statustest.NewChecker()
	o := object(t, condition("Ready", metav1.ConditionTrue))
	c.Observe(o)
	restored := o.DeepCopy()
	delete(restored.Object, "status")
	c.Forget(o)
	if got := c.Observe(restored); len(got) > 0 {
		t.Errorf("%q after Forget, want no violation", got)
	}
}
