package controllers_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// kubectl runs kubectl in the story's namespace, as an administrator does.
func (w *world) kubectl(args ...string) {
	w.Helper()
	args = append([]string{"--kubeconfig", suite.plane.Kubeconfig(), "-n", w.namespace}, args...)
	out, err := exec.CommandContext(w.ctx, suite.plane.Kubectl(), args...).CombinedOutput()
	if err != nil {
		w.Fatalf("kubectl %s: %v\n%s", strings.Join(args[4:], " "), err, out)
	}
}

// command is what a condition's message says to run.
var command = regexp.MustCompile("`kubectl ([^`]+)`")

// obey runs the command that an object's condition tells.
func obey(w *world, o client.Object, condition string) {
	w.Helper()
	message := meta.FindStatusCondition(conditions(o), condition).Message
	said := command.FindStringSubmatch(message)
	if said == nil {
		w.Fatalf("%q tells no command", message)
	}
	w.kubectl(strings.Fields(said[1])...)
}

// labelled counts the Users with a label, and of these the ones that a rail blocks.
func (w *world) labelled(selector client.MatchingLabels) (int, int) {
	w.Helper()
	var users v1alpha1.UserList
	must(w.T, suite.client.List(w.ctx, &users, client.InNamespace(w.namespace), selector))
	blocked := 0
	for i := range users.Items {
		if meta.IsStatusConditionTrue(users.Items[i].Status.Conditions, v1alpha1.ConditionRemovalBlocked) {
			blocked++
		}
	}
	return len(users.Items), blocked
}

// One kubectl deletes 30 % of an organization of 200: the floor goes, the rest is
// stopped, stays so over a crash, and one approval lets it go.
func TestStory_BY4_AThirdIsDeleted(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	const people, going, floor = 200, 60, 5
	leaving := client.MatchingLabels{"example.com/ward": "closed"}
	for n := range people {
		u := user(fmt.Sprintf("p%03d", n), fmt.Sprintf("p%03d@example.com", n), func(s *v1alpha1.UserSpec) {
			s.Invitation.Delivery = v1alpha1.DeliveryNone
		})
		if n < going {
			u.Labels = leaving
		}
		w.create(u)
	}
	org := sunrise()
	org.Namespace = w.namespace
	w.eventually("everybody is ready", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		c := org.Status.Users
		return c != nil && c.Total == people && c.NotReady == 0, fmt.Sprintf("%+v", c)
	})

	w.kubectl("delete", "users.iam.rollcall.dev", "-l", "example.com/ward=closed", "--wait=false")
	stopped := func() (bool, string) {
		left, blocked := w.labelled(leaving)
		if left < going-floor {
			t.Fatalf("%d of %d are gone, more than the floor of %d", going-left, going, floor)
		}
		return left == blocked, fmt.Sprintf("%d left, %d blocked", left, blocked)
	}
	sees(w, org, v1alpha1.ConditionRemovalsPaused, metav1.ConditionTrue, v1alpha1.ReasonTooManyRemovals)
	w.eventually("all that are left are blocked", stopped)
	must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
	held := org.Status.HeldRemovals
	if left, _ := w.labelled(leaving); held == nil || int(held.Waiting) != left || int(held.Done) != going-left || held.Limit != people/4 {
		t.Errorf("held %+v with %d left, want those that are left, and the limit of 50", held, left)
	}
	w.manager.kill()
	w.start()
	w.eventually("all that are left are blocked after a crash", stopped)

	w.kubectl("annotate", "organizations.iam.rollcall.dev", "sunrise", "--overwrite", v1alpha1.AnnotationApproveRemovals+"=somethingelse")
	obey(w, sees(w, org, v1alpha1.ConditionRemovalsPaused, metav1.ConditionTrue, v1alpha1.ReasonTooManyRemovals), v1alpha1.ConditionRemovalsPaused)
	w.eventually("the rest goes", func() (bool, string) {
		left, blocked := w.labelled(leaving)
		return left == 0, fmt.Sprintf("%d left, %d blocked", left, blocked)
	})
	sees(w, org, v1alpha1.ConditionRemovalsPaused, metav1.ConditionFalse, v1alpha1.ReasonNothingHeld)
	w.eventually("everybody else stays", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		c := org.Status.Users
		return c != nil && c.Total == people-going && c.NotReady == 0, fmt.Sprintf("%+v", c)
	})
	if org.Status.HeldRemovals != nil {
		t.Errorf("held %+v, want nothing", org.Status.HeldRemovals)
	}
}

// The last administrator stays, whatever is applied; the word in the condition
// lets them go.
func TestStory_BY4_TheLastAdministrator(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	owner := role("owner", "Owner", v1alpha1.RoleLevelOrganization, "users.manage")
	owner.Spec.Administers = true
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) { s.Roles = []v1alpha1.RoleGrant{{Name: "owner"}} })
	w.create(owner, ada)
	somebody := w.person()
	somebody.accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)

	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{} })
	sees(w, ada, v1alpha1.ConditionRemovalBlocked, metav1.ConditionTrue, v1alpha1.ReasonLastAdministrator)
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
	w.kubectl("delete", "users.iam.rollcall.dev", "ada", "--wait=false")
	w.eventually("the deletion is blocked", func() (bool, string) {
		sees(w, ada, v1alpha1.ConditionRemovalBlocked, metav1.ConditionTrue, v1alpha1.ReasonLastAdministrator)
		c := meta.FindStatusCondition(ada.Status.Conditions, v1alpha1.ConditionRemovalBlocked)
		return ada.DeletionTimestamp != nil && c.ObservedGeneration == ada.Generation, c.Message
	})
	if p := somebody.get(w.portal + "/welcome"); !contains(p.text, "Ada Lovelace") {
		t.Errorf("the last administrator is not signed in any more:\n%s", p.text)
	}
	obey(w, ada, v1alpha1.ConditionRemovalBlocked)
	w.gone(ada)
	if p := somebody.get(w.portal + "/welcome"); contains(p.text, "Ada Lovelace") {
		t.Errorf("somebody who was removed is still signed in:\n%s", p.text)
	}
}

// A manifest that is deleted first and created afterwards under another name
// removes nobody, and invites nobody again.
func TestStory_HE5_RenamedByDeletingFirst(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com")
	w.create(ada)
	somebody := w.person()
	somebody.accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	w.kubectl("delete", "users.iam.rollcall.dev", "ada", "--wait=false")
	renamed := user("lovelace", "ADA@example.com")
	w.create(renamed)
	w.gone(ada)
	sees(w, renamed, v1alpha1.ConditionAccepted, metav1.ConditionTrue, "")
	if p := somebody.get(w.portal + "/welcome"); !contains(p.text, "Ada Lovelace") {
		t.Errorf("a renamed manifest ended the membership:\n%s", p.text)
	}
	if distinct, _ := w.mailsTo("ada@example.com"); distinct != 1 {
		t.Errorf("%d mails, want one", distinct)
	}
}

// Far more invitations than usual are stopped before the first of them leaves,
// those of a batch are not, and one word lets them leave.
func TestStory_BY4_ASurgeOfInvitations(t *testing.T) {
	w := newWorld(t)
	org := sunrise()
	three := int32(3)
	org.Spec.Safety.MaxInvitations.Floor = &three
	w.create(org)
	var users []*v1alpha1.User
	for n := range 8 {
		u := user(fmt.Sprintf("p%d", n), fmt.Sprintf("p%d@example.com", n))
		users = append(users, u)
		w.create(u)
	}
	w.create(&v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "many"},
		Spec:       v1alpha1.InviteBatchSpec{OrganizationRef: clinicRef, Emails: []string{"b1@example.com", "b2@example.com"}},
	})
	w.start()
	sees(w, org, v1alpha1.ConditionInvitationsPaused, metav1.ConditionTrue, v1alpha1.ReasonTooManyInvitations)
	w.mailTo("b1@example.com")
	w.mailTo("b2@example.com")
	w.eventually("all that wait are held", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		mailed, held := 0, org.Status.HeldInvitations
		for _, m := range w.sink.Messages() {
			if !strings.Contains(m.To, "b1@") && !strings.Contains(m.To, "b2@") {
				mailed++
			}
		}
		return held != nil && int(held.Waiting) == len(users)-mailed && mailed <= int(three), fmt.Sprintf("%d mailed, held %+v", mailed, held)
	})
	w.eventually("whoever is held says so", func() (bool, string) {
		paused := 0
		for _, u := range users {
			must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(u), u))
			if c := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionInvited); c != nil && c.Reason == v1alpha1.ReasonInvitationsPaused {
				paused++
			}
		}
		return paused == int(org.Status.HeldInvitations.Waiting), fmt.Sprintf("%d of %d", paused, org.Status.HeldInvitations.Waiting)
	})
	obey(w, org, v1alpha1.ConditionInvitationsPaused)
	for n, u := range users {
		w.mailTo(fmt.Sprintf("p%d@example.com", n))
		sees(w, u, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
	}
	sees(w, org, v1alpha1.ConditionInvitationsPaused, metav1.ConditionFalse, v1alpha1.ReasonNothingHeld)
}
