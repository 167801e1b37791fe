package controllers_test

import (
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// A manifest that is renamed keeps the person, whichever of the two objects the
// tool takes first: nobody is removed, and nobody is mailed again.
func TestStory_CH1_BY8_RenameAManifest(t *testing.T) {
	t.Parallel()
	for name, rename := range map[string]func(w *world, old, renamed *v1alpha1.User){
		"created first": func(w *world, old, renamed *v1alpha1.User) {
			w.create(renamed)
			must(w.T, suite.client.Delete(w.ctx, old))
		},
		"deleted first": func(w *world, old, renamed *v1alpha1.User) {
			must(w.T, suite.client.Delete(w.ctx, old))
			w.create(renamed)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.start()
			org := sunrise()
			org.Spec.Safety.RemovalDelay = &metav1.Duration{Duration: 20 * time.Second}
			w.create(org)
			in := w.arrived("ada")
			member := in.Status.MemberID
			waiting := user("grace", "grace@example.com")
			w.create(waiting)
			link := w.mailTo("grace@example.com").Link

			inAgain, waitingAgain := user("ada-lovelace", "Ada@example.com"), user("grace-hopper", "grace@example.com")
			rename(w, in, inAgain)
			rename(w, waiting, waitingAgain)
			w.gone(in)
			w.gone(waiting)
			sees(w, inAgain, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
			if inAgain.Status.MemberID != member {
				t.Error("the person is another member")
			}
			if !w.signsIn("ada@example.com") {
				t.Error("the person cannot sign in any more")
			}
			sees(w, waitingAgain, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
			w.person().accept(link, "Grace Hopper")
			sees(w, waitingAgain, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
			for _, email := range []string{"ada@example.com", "grace@example.com"} {
				if distinct, times := w.mailsTo(email); distinct != 1 || times != 1 {
					t.Errorf("%s: %d mails, handed over %d times; want one, once", email, distinct, times)
				}
			}
		})
	}
}

// A person moves from a batch to a manifest of their own and back.
func TestStory_CH1_BY8_MoveBetweenABatchAndAManifest(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	batch := &v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "autumn"},
		Spec:       v1alpha1.InviteBatchSpec{OrganizationRef: clinicRef, Emails: []string{"ada@example.com", "grace@example.com"}},
	}
	w.create(batch)
	w.person().accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	w.mailTo("grace@example.com")
	own, hers := user("ada", "ada@example.com"), user("grace", "grace@example.com")
	w.create(own, hers)
	sees(w, own, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	sees(w, hers, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
	w.eventually("the batch made way", func() (bool, string) { return w.usersOf(batch) == 0, "its Users are there" })

	must(t, suite.client.Delete(w.ctx, own))
	must(t, suite.client.Delete(w.ctx, hers))
	w.gone(own)
	w.gone(hers)
	w.eventually("the batch has them again", func() (bool, string) { return w.usersOf(batch) == 2, "its Users are not there" })
	w.eventually("everybody stands where they stood", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(batch), batch))
		o := batch.Status.Outcomes
		return o != nil && o.Accepted == 1 && o.Pending == 1, batch.Status.Progress
	})
	if !w.signsIn("ada@example.com") {
		t.Error("the person was removed on the way")
	}
	for _, email := range []string{"ada@example.com", "grace@example.com"} {
		if distinct, times := w.mailsTo(email); distinct != 1 || times != 1 {
			t.Errorf("%s: %d mails, handed over %d times; want one, once", email, distinct, times)
		}
	}
}

func (w *world) usersOf(batch *v1alpha1.InviteBatch) int {
	var users v1alpha1.UserList
	must(w.T, suite.client.List(w.ctx, &users, client.InNamespace(w.namespace), client.MatchingLabels{v1alpha1.LabelBatch: batch.Name}))
	return len(users.Items)
}

// The cluster is lost and everything applied again from Git, without a status:
// nobody is mailed, nobody is removed, and everybody stands where they stood.
func TestStory_BY8_RestoredWithoutStatus(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	in := w.arrived("ada")
	waiting, declined := user("grace", "grace@example.com"), user("joan", "joan@example.com")
	w.create(waiting, declined)
	link := w.mailTo("grace@example.com").Link
	w.person().submit(w.mailTo("joan@example.com").Link+"/decline", map[string][]string{"confirm": {"yes"}})
	sees(w, declined, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonDeclined)
	sees(w, waiting, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)

	w.manager.stop(syscall.SIGTERM)
	w.lose(append(clinic(), in, waiting, declined)...)
	in, waiting, declined = user("ada", "ada@example.com"), user("grace", "grace@example.com"), user("joan", "joan@example.com")
	w.create(in, waiting, declined)
	w.start()
	sees(w, in, v1alpha1.ConditionReferencesResolved, metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound)
	w.create(clinic()...)
	sees(w, in, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	sees(w, waiting, v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance)
	sees(w, declined, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonDeclined)
	w.person().accept(link, "Grace Hopper")
	sees(w, waiting, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	if !w.signsIn("ada@example.com") {
		t.Error("somebody lost their account")
	}
	for _, email := range []string{"ada@example.com", "grace@example.com", "joan@example.com"} {
		if distinct, times := w.mailsTo(email); distinct != 1 || times != 1 {
			t.Errorf("%s: %d mails, handed over %d times; want one, once", email, distinct, times)
		}
	}
}

// lose deletes objects as a lost cluster does: no finalizer runs.
func (w *world) lose(objects ...client.Object) {
	w.Helper()
	for _, o := range objects {
		o.SetNamespace(w.namespace)
		w.eventually(o.GetName()+" is lost", func() (bool, string) {
			err := suite.client.Get(w.ctx, client.ObjectKeyFromObject(o), o)
			if apierrors.IsNotFound(err) {
				return true, ""
			}
			must(w.T, err)
			if len(o.GetFinalizers()) > 0 {
				none := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
				must(w.T, suite.client.Patch(w.ctx, o, none))
			}
			must(w.T, client.IgnoreNotFound(suite.client.Delete(w.ctx, o)))
			return false, "it is there"
		})
	}
}
