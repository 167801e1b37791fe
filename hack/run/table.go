package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// columns are those of kubectl get users, for the same words.
const columns = "NAME\tEMAIL\tREADY\tINVITED\tACCEPTED\tREASON\n"

// table is where everybody stands, what became of batches, and what is not as it should be.
func (c *clinic) table() string {
	users := slices.SortedFunc(slices.Values(c.users.Items), func(a, b v1alpha1.User) int { return strings.Compare(a.Name, b.Name) })
	var out, late strings.Builder
	people := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprint(people, columns)
	for _, u := range users {
		ready, invited, accepted := state(u, v1alpha1.ConditionReady), state(u, v1alpha1.ConditionInvited), state(u, v1alpha1.ConditionAccepted)
		_, _ = fmt.Fprintf(people, "%s\t%s\t%s\t%s\t%s\t%s\n",
			u.Name, u.Spec.Email, ready.Status, invited.Reason, accepted.Status, accepted.Reason)
		if !isReady(&u) {
			fmt.Fprintf(&late, "  %s is not ready: %s\n", u.Name, ready.Message)
		}
	}
	_ = people.Flush()
	return out.String() + "\n" + c.organizationLines() + c.batchLines() + late.String()
}

// state is a condition of a User; one that nobody has looked at yet is Unknown.
func state(u v1alpha1.User, kind string) metav1.Condition {
	if found := meta.FindStatusCondition(u.Status.Conditions, kind); found != nil {
		return *found
	}
	return metav1.Condition{Status: metav1.ConditionUnknown, Message: "nobody has looked at it yet"}
}

func (c *clinic) organizationLines() string {
	var out strings.Builder
	for _, o := range c.organizations.Items {
		fmt.Fprintf(&out, "  organization %s: %s", o.Name, o.Spec.DisplayName)
		if n := o.Status.Users; n != nil {
			fmt.Fprintf(&out, ", %d people, %d pending, %d accepted, %d unassigned", n.Total, n.Pending, n.Accepted, n.Unassigned)
		}
		out.WriteString("\n")
	}
	return out.String()
}

func (c *clinic) batchLines() string {
	var out strings.Builder
	for _, b := range c.batches.Items {
		n := b.Status.Outcomes
		if n == nil {
			fmt.Fprintf(&out, "  batch %s: no outcomes yet\n", b.Name)
			continue
		}
		fmt.Fprintf(&out, "  batch %s: %d addresses, %d invited, %d already a member, %d duplicate, %d invalid, %d waiting\n",
			b.Name, n.Total, n.Invited, n.AlreadyMember, n.Duplicate, n.Invalid, n.Waiting)
		for _, r := range b.Status.Refusals {
			fmt.Fprintf(&out, "    %s, line %d, %s: %s\n", r.Source, r.Line, r.Reason, r.Message)
		}
	}
	return out.String()
}
