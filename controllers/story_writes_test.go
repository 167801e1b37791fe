package controllers_test

import (
	"context"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// many is enough that a write too many would show, and few enough for a story.
const many = 20

// versionsOf follows the Users of the story's namespace and returns, when each
// of so many is Ready, how often each was written since it was created.
func (w *world) versionsOf(users int, apply func()) map[string]int {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	changes, err := followUsers(ctx, w.namespace)
	must(w.T, err)
	apply()
	writes, ready := map[string]int{}, map[string]bool{}
	for u := range changes {
		if _, known := writes[u.Name]; known {
			writes[u.Name]++
		} else {
			writes[u.Name] = 0 // its creation
		}
		if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionReady) {
			if !meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionPending) {
				w.Errorf("%s is Ready, and not Pending", u.Name)
			}
			ready[u.Name] = true
		}
		if len(ready) == users {
			return writes
		}
	}
	w.Fatalf("%d of %d Users became ready", len(ready), users)
	return nil
}

// followUsers tells every version of every User of a namespace, until the
// context ends. A watch that the API server ends, as it does when a CRD changes,
// is taken up where it was.
func followUsers(ctx context.Context, namespace string) (<-chan *v1alpha1.User, error) {
	var list v1alpha1.UserList
	if err := suite.client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	versions := make(chan *v1alpha1.User)
	go func() {
		defer close(versions)
		for seen := list.ResourceVersion; ctx.Err() == nil; {
			events, err := suite.client.Watch(ctx, &v1alpha1.UserList{}, client.InNamespace(namespace),
				&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: seen}})
			if err != nil {
				return
			}
			for event := range events.ResultChan() {
				u, ok := event.Object.(*v1alpha1.User)
				if !ok {
					continue
				}
				seen = u.ResourceVersion
				select {
				case versions <- u:
				case <-ctx.Done():
				}
			}
		}
	}()
	return versions, nil
}

// atMost fails for whoever was written more often. A mail that takes longer than
// usual to leave is told in a write of its own: that must stay an exception.
func (w *world) atMost(most int, writes map[string]int) {
	w.Helper()
	late := 0
	for name, n := range writes {
		if n > most+1 {
			w.Errorf("%s was written %d times after its creation, want at most %d", name, n, most)
		}
		if n > most {
			late++
		}
	}
	if late > len(writes)/4 {
		w.Errorf("%d of %d Users were written more than %d times: %v", late, len(writes), most, writes)
	}
}

// From apply to Pending, with the invitation handed over: the finalizer, and one
// status.
func TestPromise_TwoWritesFromApplyToPending(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	w.atMost(2, w.versionsOf(many, func() {
		for i := range many {
			w.create(user(fmt.Sprintf("person-%d", i), fmt.Sprintf("person-%d@example.com", i)))
		}
	}))
}

// A batch makes its Users with the finalizer on: one status each.
func TestPromise_OneWriteForEachUserOfABatch(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	w.atMost(1, w.versionsOf(many, func() {
		batch := &v1alpha1.InviteBatch{
			ObjectMeta: metav1.ObjectMeta{Name: "autumn"}, Spec: v1alpha1.InviteBatchSpec{OrganizationRef: clinicRef},
		}
		for i := range many {
			batch.Spec.Emails = append(batch.Spec.Emails, fmt.Sprintf("person-%d@example.com", i))
		}
		w.create(batch)
	}))
}
