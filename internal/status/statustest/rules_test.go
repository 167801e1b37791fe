package statustest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rollcall-dev/rollcall/internal/status/statustest"
)

var then = metav1.NewTime(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))

// condition is one that breaks no rule, until an edit makes it.
func condition(kind string, is metav1.ConditionStatus, edits ...func(*metav1.Condition)) metav1.Condition {
	c := metav1.Condition{
		Type: kind, Status: is, Reason: "Succeeded", Message: "Everything is as declared.",
		ObservedGeneration: 2, LastTransitionTime: then,
	}
	for _, edit := range edits {
		edit(&c)
	}
	return c
}

func saying(message string) func(*metav1.Condition) {
	return func(c *metav1.Condition) { c.Message = message }
}

// object is one of some kind, at generation 2, whose status speaks of it.
func object(t *testing.T, conditions ...metav1.Condition) *unstructured.Unstructured {
	t.Helper()
	list := make([]any, 0, len(conditions))
	for i := range conditions {
		c, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&conditions[i])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	o := &unstructured.Unstructured{Object: map[string]any{
		"status": map[string]any{"observedGeneration": int64(2), "conditions": list},
	}}
	o.SetNamespace("team")
	o.SetName("ada")
	o.SetUID("1")
	o.SetGeneration(2)
	return o
}

func TestCheck(t *testing.T) {
	const (
		yes     = metav1.ConditionTrue
		no      = metav1.ConditionFalse
		unknown = metav1.ConditionUnknown
	)
	ready := condition("Ready", yes)
	for name, test := range map[string]struct {
		reason     string
		conditions []metav1.Condition
		edit       func(*unstructured.Unstructured)
		// want is part of the one violation; empty when there is none.
		want string
	}{
		"never written": {
			reason: "an object that nobody has looked at",
			edit:   func(o *unstructured.Unstructured) { delete(o.Object, "status") },
		},
		"done":    {reason: "Ready and nothing abnormal", conditions: []metav1.Condition{ready, condition("Provisioned", yes)}},
		"working": {reason: "Reconciling says why", conditions: []metav1.Condition{condition("Ready", no), condition("Reconciling", yes)}},
		"stuck":   {reason: "Stalled says why", conditions: []metav1.Condition{condition("Ready", no), condition("Stalled", yes)}},
		"leaving": {
			reason:     "an object that goes need not say why it is not ready",
			conditions: []metav1.Condition{condition("Ready", no)},
			edit:       func(o *unstructured.Unstructured) { o.SetDeletionTimestamp(&then) },
		},
		"a step speaks of an older generation": {
			reason:     "it did not run for this one",
			conditions: []metav1.Condition{ready, condition("Provisioned", unknown, func(c *metav1.Condition) { c.ObservedGeneration = 1 })},
		},
		"edited since": {
			reason:     "the spec is newer than the status",
			conditions: []metav1.Condition{ready}, edit: func(o *unstructured.Unstructured) { o.SetGeneration(3) },
		},

		"from the future": {
			reason:     "nobody can have seen that generation",
			conditions: []metav1.Condition{ready}, edit: func(o *unstructured.Unstructured) { o.SetGeneration(1) },
			want: "status.observedGeneration is 2 and metadata.generation 1",
		},
		"a condition ahead of the status": {
			reason:     "the status is written as a whole",
			conditions: []metav1.Condition{ready, condition("Provisioned", yes, func(c *metav1.Condition) { c.ObservedGeneration = 3 })},
			want:       "Provisioned speaks of generation 3",
		},
		"a summary of something older": {
			reason:     "kubectl wait would take the old Ready for the new",
			conditions: []metav1.Condition{condition("Ready", yes, func(c *metav1.Condition) { c.ObservedGeneration = 1 })},
			want:       "Ready sums up generation 1",
		},
		"no Ready":          {reason: "every kind has it", conditions: []metav1.Condition{condition("Provisioned", yes)}, want: "Ready is not among them"},
		"Reconciling False": {reason: "abnormal ones are absent when all is well", conditions: []metav1.Condition{ready, condition("Reconciling", no)}, want: "Reconciling is present and not True"},
		"Stalled False":     {reason: "abnormal ones are absent when all is well", conditions: []metav1.Condition{ready, condition("Stalled", no)}, want: "Stalled is present and not True"},
		"Reconciling and Stalled": {
			reason:     "kstatus would say in progress for ever",
			conditions: []metav1.Condition{condition("Ready", no), condition("Reconciling", yes), condition("Stalled", yes)},
			want:       "Reconciling and Stalled are both present",
		},
		"Ready and Stalled":     {reason: "they contradict each other", conditions: []metav1.Condition{ready, condition("Stalled", yes)}, want: "Ready and Stalled are both True"},
		"Ready and Reconciling": {reason: "they contradict each other", conditions: []metav1.Condition{ready, condition("Reconciling", yes)}, want: "Ready and Reconciling are both True"},
		"not Ready, no why":     {reason: "a reader is left alone", conditions: []metav1.Condition{condition("Ready", no)}, want: "neither Reconciling nor Stalled says why"},
		"Ready Unknown, no why": {reason: "a reader is left alone", conditions: []metav1.Condition{condition("Ready", unknown)}, want: "neither Reconciling nor Stalled says why"},
		"confirming an address": {reason: "who is in can wait for that", conditions: []metav1.Condition{ready, condition("Pending", yes, func(c *metav1.Condition) { c.Reason = "AwaitingConfirmation" }), condition("Accepted", yes)}},
		"pending and accepted":  {reason: "nobody is both", conditions: []metav1.Condition{ready, condition("Pending", yes), condition("Accepted", yes)}, want: "Pending and Accepted are both True"},
		"twice":                 {reason: "the list is a map by type", conditions: []metav1.Condition{ready, ready}, want: "Ready is there twice"},
		"no status":             {reason: "the API server would refuse it", conditions: []metav1.Condition{ready, condition("Provisioned", "Maybe")}, want: `the status is "Maybe"`},
		"no transition time": {
			reason:     "the API server would refuse it",
			conditions: []metav1.Condition{ready, condition("Provisioned", yes, func(c *metav1.Condition) { c.LastTransitionTime = metav1.Time{} })},
			want:       "there is no lastTransitionTime",
		},
		"a reason in words": {
			reason:     "the API server would refuse it",
			conditions: []metav1.Condition{condition("Ready", yes, func(c *metav1.Condition) { c.Reason = "all is well" })},
			want:       `the reason "all is well" is not in CamelCase`,
		},
		"a reason nobody declared": {
			reason:     "readers write programs on reasons",
			conditions: []metav1.Condition{condition("Ready", yes, func(c *metav1.Condition) { c.Reason = "Splendid" })},
			want:       `the reason "Splendid" is no constant of the API`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := object(t, test.conditions...)
			if test.edit != nil {
				test.edit(o)
			}
			got := statustest.Check(o, statustest.Vocabulary{"AwaitingConfirmation": true, "Succeeded": true, "all is well": true})
			wantOne(t, got, test.want, test.reason)
		})
	}
}

func TestCheck_Messages(t *testing.T) {
	for name, test := range map[string]struct{ reason, message, want string }{
		"one sentence":  {"the usual form", "Everything is as declared.", ""},
		"two sentences": {"what is so, and what to do", "The link expired. Raise spec.invitation.revision to invite again.", ""},
		"names":         {"what is quoted is the declaration's own", `User "ada. 2026-01-05. X. Y. 1.5s" has this address; delete one of the two.`, ""},
		"a version":     {"dots within words end no sentence", "The mail server answered 5.1.1 and no more.", ""},
		"bounded":       {"an ellipsis ends what is cut off", strings.Repeat("a", 1024) + "…", ""},
		"an address":    {"the declaration is full of them", `spec.email is wrong: "ada@": there is nothing after the @.`, ""},

		"empty":            {"a reader learns nothing", "", "the message is empty"},
		"no period":        {"it is a sentence", "Everything is as declared", "does not end with a period"},
		"two periods":      {"somebody else's sentence was put into ours", "It failed: no such user..", "ends with two periods"},
		"three sentences":  {"nobody reads that", "It failed. It is tried again. See the log.", "more than two sentences"},
		"a link":           {"whoever reads the status could accept", "Go to https://join.example.com/i/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA now.", "holds a link"},
		"a quoted link":    {"quoting makes it no less a secret", `Go to "https://join.example.com/i/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".`, "holds a link"},
		"a uuid":           {"it differs at every look", "The request 6f1d2c3b-0000-4000-8000-1234567890ab failed.", "holds an identifier"},
		"a long number":    {"it differs at every look", "The request 0123456789abcdef0 failed.", "holds an identifier"},
		"a date":           {"it differs at every look", "It is tried again on 2026-01-05.", "holds a time"},
		"a time of day":    {"it differs at every look", "It is tried again at 09:00:00.", "holds a time"},
		"a measured time":  {"it differs at every look", "It failed after 1m2.345s.", "holds a time"},
		"a line break":     {"kubectl prints conditions in columns", "It failed:\nno route.", "holds a line break"},
		"without end":      {"an object has to stay small", strings.Repeat("a", 2000) + ".", "too long"},
		"a bidi override?": {"only control characters are refused", "User \u202e has this address.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := statustest.Check(object(t, condition("Ready", metav1.ConditionTrue, saying(test.message))), nil)
			wantOne(t, got, test.want, test.reason)
		})
	}
}

// wantOne wants exactly one violation with this part, or none.
func wantOne(t *testing.T, got []string, part, reason string) {
	t.Helper()
	switch {
	case part == "" && len(got) > 0:
		t.Errorf("%s: %q, want no violation", reason, got)
	case part != "" && (len(got) != 1 || !strings.Contains(got[0], part)):
		t.Errorf("%s: %q, want one violation with %q", reason, got, part)
	case part != "" && !strings.Contains(got[0], "team/ada"):
		t.Errorf("%q does not name the object", got)
	}
}

func TestVocabulary(t *testing.T) {
	v := statustest.APIVocabulary()
	for _, reason := range []string{"Succeeded", "MailSent", "AllAccepted"} {
		if !v[reason] {
			t.Errorf("the vocabulary lacks %q", reason)
		}
	}
	for _, other := range []string{"Ready", "Pending", ""} {
		if v[other] {
			t.Errorf("%q is in the vocabulary, and no reason", other)
		}
	}
	if _, err := statustest.ReadVocabulary("no such file.go"); err == nil {
		t.Error("a missing file is no error")
	}
	if v, err := statustest.ReadVocabulary("doc.go"); err == nil {
		t.Errorf("a file without reasons is no error: %v", cmp.Diff(statustest.Vocabulary{}, v))
	}
}
