package controllers_test

import (
	"fmt"
	"testing"

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
