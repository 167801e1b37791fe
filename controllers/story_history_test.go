package controllers_test

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// commits is how long the history is.
const commits = 200

// Two hundred commits, applied one after the other as a GitOps tool does, end
// where a fresh apply of the last one ends, and send exactly the mails that
// are due: whoever came, as often as they came.
func TestStory_BY1_BY8_AHistoryOfCommits(t *testing.T) {
	h := newHistory(2026)
	w := newWorld(t)
	w.start()
	w.clinicOfHistory()
	accepted := map[string]bool{}
	w.applyCommit(nil, h.head(), false)
	for n := range commits {
		before := h.head()
		after := h.next()
		t.Logf("commit %d: %s", n+1, h.last)
		w.travel(time.Hour)
		w.applyCommit(before, after, n%2 == 0)
		w.meets(n+1, after)
		w.answer(h, after, accepted)
	}
	t.Logf("done: %v", h.done)
	sent := map[string]int{}
	for _, m := range w.sink.Messages() {
		sent[strings.Trim(m.To, "<>")]++
		if m.Count != 1 {
			t.Errorf("a mail to %s was handed over %d times", m.To, m.Count)
		}
	}
	if diff := gocmp.Diff(h.mails(), sent); diff != "" {
		t.Errorf("mails by address (-due +sent):\n%s", diff)
	}
	got := w.endOf(accepted)

	fresh := anotherWorld(t)
	fresh.start()
	fresh.clinicOfHistory()
	fresh.applyCommit(nil, h.head(), false)
	fresh.meets(commits, h.head())
	if diff := gocmp.Diff(fresh.endOf(map[string]bool{}), got); diff != "" {
		t.Errorf("where it ends (-fresh +history):\n%s", diff)
	}
}

// clinicOfHistory is a clinic in which a history can happen in minutes.
func (w *world) clinicOfHistory() {
	w.Helper()
	objects := clinic()
	org, ok := objects[0].(*v1alpha1.Organization)
	if !ok {
		w.Fatal("the clinic does not begin with its organization")
	}
	many := int32(100000)
	org.Spec.Invitations.ExpiresAfter = &metav1.Duration{Duration: 30 * day}
	org.Spec.Safety.RemovalDelay = &metav1.Duration{Duration: 3 * time.Second}
	org.Spec.Safety.MaxRemovals.Floor = &many
	org.Spec.Safety.MaxInvitations.Floor = &many
	w.create(objects...)
	for _, o := range objects {
		sees(w, o, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	}
}

// applyCommit applies what a commit holds, and prunes what it does not hold any
// more: before, as Argo CD does, or after, as Flux does.
func (w *world) applyCommit(before, after commit, pruneFirst bool) {
	w.Helper()
	wanted := after.manifests(w.namespace)
	old := before.manifests(w.namespace)
	var gone []client.Object
	for _, o := range old {
		if !among(wanted, o) {
			gone = append(gone, o)
		}
	}
	// What is new comes first: a renamed manifest has to appear within the delay of
	// a removal, and all that stays takes as long as the machine takes.
	slices.SortStableFunc(wanted, func(a, b client.Object) int { return cmp.Compare(rank(old, a), rank(old, b)) })
	prune := func() {
		for _, o := range gone {
			must(w.T, client.IgnoreNotFound(suite.client.Delete(w.ctx, o)))
		}
	}
	if pruneFirst {
		prune()
	}
	for _, o := range wanted {
		must(w.T, suite.client.Patch(w.ctx, o, client.Apply, client.FieldOwner("git"), client.ForceOwnership)) //nolint:staticcheck // client.Apply is deprecated for generated apply configurations, and the kinds have none
	}
	if !pruneFirst {
		prune()
	}
}

func among(objects []client.Object, o client.Object) bool {
	return slices.ContainsFunc(objects, func(x client.Object) bool { return x.GetName() == o.GetName() && kindOf(x) == kindOf(o) })
}

// rank puts what is new before what is old.
func rank(old []client.Object, o client.Object) int {
	if among(old, o) {
		return 1
	}
	return 0
}

// meets waits until everything is as the commit says.
func (w *world) meets(n int, c commit) {
	w.Helper()
	w.eventually(fmt.Sprintf("commit %d is met", n), func() (bool, string) {
		var users v1alpha1.UserList
		must(w.T, suite.client.List(w.ctx, &users, client.InNamespace(w.namespace)))
		if len(users.Items) != len(c) {
			return false, fmt.Sprintf("%d Users, want %d", len(users.Items), len(c))
		}
		for i := range users.Items {
			u := &users.Items[i]
			d, is := c[u.Spec.Email]
			ready := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionReady)
			switch {
			case u.DeletionTimestamp != nil || !is:
				return false, u.Name + " is still there"
			case d.inBatch != (u.Labels[v1alpha1.LabelBatch] != ""), !d.inBatch && d.manifest != u.Name:
				return false, u.Name + " is not the User that has the address"
			case ready == nil || ready.Status != metav1.ConditionTrue || ready.ObservedGeneration != u.Generation:
				return false, fmt.Sprintf("%s: %+v", u.Name, ready)
			}
		}
		return true, ""
	})
}

// answer lets every other person accept once they are invited.
func (w *world) answer(h *history, c commit, accepted map[string]bool) {
	w.Helper()
	due := h.mails()
	for address := range maps.Clone(accepted) {
		if _, is := c[address]; !is {
			delete(accepted, address)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(c)) {
		if accepts := address[2]%2 == 0; !accepts || accepted[address] {
			continue
		}
		w.person().accept(w.nth(address, due[address]).Link, "Ada Lovelace")
		accepted[address] = true
	}
	w.eventually("the acceptances are seen", func() (bool, string) {
		var users v1alpha1.UserList
		must(w.T, suite.client.List(w.ctx, &users, client.InNamespace(w.namespace)))
		for i := range users.Items {
			u := &users.Items[i]
			if is := meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted); is != accepted[u.Spec.Email] {
				return false, fmt.Sprintf("%s (%s): %+v", u.Name, u.Spec.Email, u.Status)
			}
		}
		return true, ""
	})
}

// end is where everything stands, but for who has accepted.
type end struct {
	Users   map[string]v1alpha1.UserSpec
	Members map[string]string
}

// endOf stops the manager and looks at Users and members. Everybody in accepted
// must be in, and nobody else.
func (w *world) endOf(accepted map[string]bool) end {
	w.Helper()
	w.manager.stop(syscall.SIGTERM)
	e := end{Users: map[string]v1alpha1.UserSpec{}, Members: map[string]string{}}
	var users v1alpha1.UserList
	must(w.T, suite.client.List(w.ctx, &users, client.InNamespace(w.namespace)))
	for i := range users.Items {
		e.Users[users.Items[i].Name] = users.Items[i].Spec
	}
	for _, m := range w.members() {
		if in := !m.JoinedAt.IsZero(); in != accepted[m.Address] {
			w.Errorf("%s is in: %t", m.Address, in)
		}
		e.Members[m.Address] = fmt.Sprintf("%+v %+v", m.Profile, m.Access)
	}
	return e
}

// members lists everybody in the backend, while no manager runs.
func (w *world) members() []directory.ObservedMember {
	w.Helper()
	db, err := database.Open(w.ctx, database.Options{URL: w.database})
	must(w.T, err)
	defer func() { _ = db.Close() }()
	records, err := ledger.New(ledger.Options{DB: db, Clock: clock.RealClock{}})
	must(w.T, err)
	backend, err := embedded.New(embedded.Options{DB: db, Ledger: records, Clock: clock.RealClock{}, Rand: rand.Reader})
	must(w.T, err)
	var all []directory.ObservedMember
	for cursor := ""; ; {
		page, err := backend.ListMembers(w.ctx, directory.OrganizationID(w.namespace+"/sunrise"), cursor)
		must(w.T, err)
		all = append(all, page.Members...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}
