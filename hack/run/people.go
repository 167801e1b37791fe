package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

const (
	// sampleNamespace is where config/samples lies.
	sampleNamespace = "sunrise-clinic"
	// columns of the table are those of kubectl get users, for the same words.
	columns = "NAME\tEMAIL\tREADY\tINVITED\tACCEPTED\tREASON"
)

// showPeople waits until everybody of the samples is ready or stuck, and prints
// where they stand. It prints that too when the wait takes too long.
func (w *world) showPeople(ctx context.Context) error {
	reader, err := w.reader()
	if err != nil {
		return err
	}
	c := clinic{}
	err = w.out.step("waiting for the people of the samples", func(say func(string)) (string, error) {
		err := testkit.Eventually(ctx, "the people of the samples", func(ctx context.Context) (bool, string, error) {
			if err := c.read(ctx, reader); err != nil {
				return false, err.Error(), nil
			}
			say(c.progress())
			return c.settled(), c.progress(), nil
		})
		if wait.Interrupted(err) && ctx.Err() == nil {
			err = nil
		}
		return c.progress(), err
	})
	if err != nil {
		return err
	}
	w.out.printf("\n%s", c.table())
	return nil
}

func (w *world) reader() (client.Reader, error) {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: strings.Split(w.layout.usedKubeconfig(), ":")}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}

// clinic is what the cluster says of the samples.
type clinic struct {
	organizations v1alpha1.OrganizationList
	batches       v1alpha1.InviteBatchList
	users         v1alpha1.UserList
}

func (c *clinic) read(ctx context.Context, reader client.Reader) error {
	for _, list := range []client.ObjectList{&c.organizations, &c.batches, &c.users} {
		if err := reader.List(ctx, list, client.InNamespace(sampleNamespace)); err != nil {
			return err
		}
	}
	return nil
}

func isTrue(conditions []metav1.Condition, kind string, generation int64) bool {
	c := meta.FindStatusCondition(conditions, kind)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == generation
}

func ready(u *v1alpha1.User) bool {
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
		if !ready(u) && !isTrue(u.Status.Conditions, v1alpha1.ConditionStalled, u.Generation) {
			return false
		}
	}
	return len(c.users.Items) > 0 && c.counted()
}

// counted tells whether the organizations have taken note of everybody.
func (c *clinic) counted() bool {
	counted := 0
	for _, o := range c.organizations.Items {
		if n := o.Status.Users; n != nil && n.Pending+n.Accepted == n.Total {
			counted += int(n.Total)
		}
	}
	return counted == len(c.users.Items)
}

func (c *clinic) progress() string {
	n := 0
	for i := range c.users.Items {
		if ready(&c.users.Items[i]) {
			n++
		}
	}
	return fmt.Sprintf("%d of %d people are ready", n, len(c.users.Items))
}

// table is where everybody stands, what became of batches, and what is not as it should be.
func (c *clinic) table() string {
	var out strings.Builder
	tab := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(tab, columns)
	slices.SortFunc(c.users.Items, func(a, b v1alpha1.User) int { return strings.Compare(a.Name, b.Name) })
	var lagging strings.Builder
	for i := range c.users.Items {
		u := &c.users.Items[i]
		state := func(kind string) metav1.Condition {
			if found := meta.FindStatusCondition(u.Status.Conditions, kind); found != nil {
				return *found
			}
			return metav1.Condition{Status: metav1.ConditionUnknown}
		}
		accepted := state(v1alpha1.ConditionAccepted)
		_, _ = fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\n", u.Name, u.Spec.Email, state(v1alpha1.ConditionReady).Status,
			state(v1alpha1.ConditionInvited).Reason, accepted.Status, accepted.Reason)
		if !ready(u) {
			fmt.Fprintf(&lagging, "  %s is not ready: %s\n", u.Name, state(v1alpha1.ConditionReady).Message)
		}
	}
	_ = tab.Flush()
	return out.String() + "\n" + c.organizationLines() + c.batchLines() + lagging.String()
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
