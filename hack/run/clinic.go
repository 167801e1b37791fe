package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// clinic is what the cluster says of the samples.
type clinic struct {
	organizations v1alpha1.OrganizationList
	batches       v1alpha1.InviteBatchList
	users         v1alpha1.UserList
	// problem is why the last look failed; the next may not.
	problem error
}

func (c *clinic) read(ctx context.Context, reader client.Reader) {
	var next clinic
	for _, list := range []client.ObjectList{&next.organizations, &next.batches, &next.users} {
		if c.problem = reader.List(ctx, list, client.InNamespace(sampleNamespace)); c.problem != nil {
			return
		}
	}
	*c = next
}

func isTrue(conditions []metav1.Condition, kind string, generation int64) bool {
	c := meta.FindStatusCondition(conditions, kind)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == generation
}

func isReady(u *v1alpha1.User) bool {
	return isTrue(u.Status.Conditions, v1alpha1.ConditionReady, u.Generation)
}

// settled tells whether nothing more will happen by itself: batches have made
// their Users, and each of those is ready or waits for an edit.
func (c *clinic) settled() bool {
	for _, b := range c.batches.Items {
		if !isTrue(b.Status.Conditions, v1alpha1.ConditionReady, b.Generation) {
			return false
		}
	}
	for i := range c.users.Items {
		u := &c.users.Items[i]
		if !isReady(u) && !isTrue(u.Status.Conditions, v1alpha1.ConditionStalled, u.Generation) {
			return false
		}
	}
	return c.problem == nil && len(c.users.Items) > 0 && c.counted()
}

// counted tells whether what the organizations say agrees with their Users.
func (c *clinic) counted() bool {
	var want, got v1alpha1.OrganizationCounts
	for _, u := range c.users.Items {
		want.Total++
		if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionPending) {
			want.Pending++
		}
		if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted) {
			want.Accepted++
		}
	}
	for _, o := range c.organizations.Items {
		if n := o.Status.Users; n != nil {
			got.Total, got.Pending, got.Accepted = got.Total+n.Total, got.Pending+n.Pending, got.Accepted+n.Accepted
		}
	}
	return got == want
}

func (c *clinic) progress() string {
	if c.problem != nil {
		return "the people cannot be read: " + c.problem.Error()
	}
	n := 0
	for i := range c.users.Items {
		if isReady(&c.users.Items[i]) {
			n++
		}
	}
	return fmt.Sprintf("%d of %d people are ready", n, len(c.users.Items))
}
