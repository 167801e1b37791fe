package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// Many addresses in every form people paste them; one role and unit for all; an
// outcome for each.
func TestStory_HR8_BY3_InviteMany(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	grace := user("grace", "grace@example.com")
	w.create(grace)
	sees(w, grace, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	batch := &v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "autumn"},
		Spec: v1alpha1.InviteBatchSpec{
			OrganizationRef: clinicRef,
			Emails:          []string{"a1@example.com", "Ada Lovelace <ada@example.com>", "a@b"},
			EmailsText:      "b1@example.com, b2@example.com; \"Hopper, Grace\" <Grace@example.com>\nADA@example.com\nnot an address",
			EmailsFrom:      &v1alpha1.EmailSource{ConfigMapKeyRef: &v1alpha1.KeyReference{Name: "people", Key: "list"}},
			Template: v1alpha1.UserTemplate{
				Roles: []v1alpha1.RoleGrant{{Name: "clinician"}}, BusinessUnits: []string{"north"},
			},
		},
	}
	w.create(batch)
	sees(w, batch, v1alpha1.ConditionReferencesResolved, metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound)
	w.create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "people"}, Data: map[string]string{"list": "c1@example.com\nc2@example.com\n"}})
	edit(w, batch, func(b *v1alpha1.InviteBatch) { b.Spec.Template.Invitation.Message = "Welcome!" })
	sees(w, batch, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	for _, address := range []string{"a1", "ada", "b1", "b2", "c1", "c2"} {
		w.mailTo(address + "@example.com")
	}
	w.eventually("the batch counts", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(batch), batch))
		diff := cmp.Diff(&v1alpha1.BatchCounts{Total: 10, Invited: 6, AlreadyMember: 1, Duplicate: 1, Invalid: 2, Pending: 6}, batch.Status.Outcomes)
		return diff == "", diff
	})
	var refused []string
	for _, r := range batch.Status.Refusals {
		refused = append(refused, fmt.Sprintf("%s %d %s", r.Source, r.Line, r.Reason))
	}
	if diff := cmp.Diff([]string{"emails 3 Invalid", "emailsText 2 Duplicate", "emailsText 3 Invalid"}, refused); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}
	w.person().accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	w.eventually("the batch shows progress", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(batch), batch))
		return batch.Status.Progress == "1/6", batch.Status.Progress
	})
	if distinct, times := w.mailsTo("grace@example.com"); distinct != 1 || times != 1 {
		t.Errorf("grace got %d mails %d times, want one, once: the declared User wins", distinct, times)
	}
}

// lines is how long the long list is; one in thirty-three is none of an address.
const lines = 1000

// longText is a list as it comes out of somebody's spreadsheet, with a count of
// each outcome. Some people stand in it twice, in another spelling.
func longText(n int) (string, v1alpha1.BatchCounts) {
	garbage := []string{
		"not an address", "a@b", "<script>alert(1)</script>", "Ada <ada@@example.com>", "\u202emoc.elpmaxe@ada", "🧮", "\"open", "ada@-bad.com", "@example.com",
	}
	var text strings.Builder
	counts := v1alpha1.BatchCounts{Total: int32(n)}
	for i := range n {
		switch {
		case i%33 == 7:
			fmt.Fprintln(&text, garbage[i/33%len(garbage)])
			counts.Invalid++
		case i%100 == 51 && (i-1)%33 != 7:
			fmt.Fprintf(&text, "PERSON%d@MÜLLER.example\n", i-1)
			counts.Duplicate++
		default:
			// The u and its dots are two characters here.
			fmt.Fprintf(&text, "\"%d, 🧮 Ada\" <person%d@mu\u0308ller.example>\n", i, i)
			counts.Invited++
		}
	}
	counts.Pending = counts.Invited
	return text.String(), counts
}

// A long list with garbage in it: everybody who can be is invited once, and
// everything else has its outcome.
func TestStory_BY3_ALongListWithGarbage(t *testing.T) {
	text, want := longText(lines)
	w := newWorld(t)
	w.start()
	w.settled()
	batch := &v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "long"},
		Spec:       v1alpha1.InviteBatchSpec{OrganizationRef: clinicRef, EmailsText: text},
	}
	w.create(batch)
	began := time.Now()
	w.comesTo("every line has its outcome", int(want.Pending), func() int {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(batch), batch))
		if batch.Status.Outcomes == nil {
			return 0
		}
		return int(batch.Status.Outcomes.Pending)
	})
	w.comesTo("every mail is sent", int(want.Invited), func() int { return len(w.sink.Messages()) })
	if diff := cmp.Diff(&want, batch.Status.Outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	t.Logf("%d lines took %s", lines, time.Since(began).Round(time.Second))
	sees(w, batch, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	if len(batch.Status.Refusals) != min(50, int(want.Invalid+want.Duplicate)) {
		t.Errorf("%d refusals are told", len(batch.Status.Refusals))
	}
	for _, m := range w.sink.Messages() {
		if m.Count != 1 {
			t.Errorf("the mail to %s was handed over %d times", m.To, m.Count)
		}
	}
}

// comesTo waits until a count is reached, for as long as it grows: how fast that
// is depends on the machine.
func (w *world) comesTo(what string, want int, count func() int) {
	w.Helper()
	for seen := -1; seen != want; {
		before := seen
		w.eventually(what, func() (bool, string) {
			seen = count()
			return seen > before, fmt.Sprintf("%d of %d", seen, want)
		})
		if seen > want {
			w.Fatalf("%s: %d, want %d", what, seen, want)
		}
	}
}
