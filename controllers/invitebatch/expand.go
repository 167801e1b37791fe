package invitebatch

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

const (
	// portion is how many Users one reconcile writes at most.
	portion = 200
	// soon is when the next portion follows.
	soon = 10 * time.Millisecond
	// reread is how often a ConfigMap or Secret with addresses is read again.
	// Watching them would mean to hold all of the cluster's in memory.
	reread = time.Minute
)

// expand brings the Users of the batch to what it lists.
func (r *Reconciler) expand(ctx context.Context, s *scope) phase.Answer {
	x := &expansion{batch: s.batch, left: portion}
	if err := r.existing(ctx, x); err != nil {
		return verdict.Of(err)
	}
	for i := range s.entries {
		if err := r.settle(ctx, x, &s.entries[i]); err != nil {
			return verdict.Of(err)
		}
	}
	if err := r.create(ctx, x); err != nil {
		return verdict.Of(err)
	}
	if err := r.withdraw(ctx, x, s.entries); err != nil {
		return verdict.Of(err)
	}
	x.summarize(s.entries)
	return x.answer(r.Clock.Now())
}

// expansion is what one run of expand knows and counts.
type expansion struct {
	batch *v1alpha1.InviteBatch
	// mine and others are the living Users of the organization, by address:
	// those that this batch made, and the rest.
	mine, others map[string]*v1alpha1.User
	// left is how many Users may still be written.
	left int
	// missing are the entries whose User is to be created, of the portion.
	missing []*entry
	counts  v1alpha1.BatchCounts
}

func (r *Reconciler) existing(ctx context.Context, x *expansion) error {
	var users v1alpha1.UserList
	err := r.Client.List(ctx, &users, client.InNamespace(x.batch.Namespace),
		client.MatchingFields{index.Organization: x.batch.Spec.OrganizationRef.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	x.mine, x.others = map[string]*v1alpha1.User{}, map[string]*v1alpha1.User{}
	for i := range users.Items {
		u := &users.Items[i]
		canonical, err := address.Canonical(u.Spec.Email)
		if err != nil || u.DeletionTimestamp != nil {
			continue
		}
		if u.Labels[v1alpha1.LabelBatch] == x.batch.Name {
			x.mine[canonical] = u
		} else {
			x.others[canonical] = u
		}
	}
	return nil
}

// settle finds the outcome of one entry, and writes its User if that is needed.
func (r *Reconciler) settle(ctx context.Context, x *expansion, e *entry) error {
	x.counts.Total++
	mine, others := x.mine[e.address], x.others[e.address]
	switch {
	case e.refused == v1alpha1.RefusedInvalid:
		x.counts.Invalid++
		return nil
	case e.refused == v1alpha1.RefusedDuplicate:
		x.counts.Duplicate++
		return nil
	case others != nil:
		x.counts.AlreadyMember++
		return r.yield(ctx, x, mine)
	case mine != nil:
		if err := r.update(ctx, x, mine, e); err != nil || e.refused != "" {
			return err
		}
		x.invited(mine)
		return nil
	}
	if x.left == 0 {
		// Those that are refused give their place back.
		if err := r.create(ctx, x); err != nil {
			return err
		}
	}
	if x.left == 0 {
		x.counts.Waiting++
		return nil
	}
	x.left--
	x.missing = append(x.missing, e)
	return nil
}

func (x *expansion) invited(u *v1alpha1.User) {
	x.counts.Invited++
	if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionPending) {
		x.counts.Pending++
	}
	if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted) {
		x.counts.Accepted++
	}
}

// refuse makes the API server's refusal of a User the outcome of its entry.
// Nothing was written: refused entries must not use a portion up, because they
// are tried at every look and would keep those after them waiting for ever.
func (x *expansion) refuse(e *entry, err error) {
	message := "the User made from it is refused: " + firstCause(err)
	if e.source == sourceFrom && x.batch.Spec.EmailsFrom.SecretKeyRef != nil {
		message = refusedOfSecret
	}
	*e = e.refuse(v1alpha1.RefusedInvalid, message)
	x.counts.Invalid++
	x.left++
}

// yield deletes our User when another one for the address has been declared:
// the membership is handed over to that one.
func (r *Reconciler) yield(ctx context.Context, x *expansion, mine *v1alpha1.User) error {
	if mine == nil || x.left == 0 {
		return nil
	}
	x.left--
	return client.IgnoreNotFound(r.Client.Delete(ctx, mine, client.Preconditions{UID: &mine.UID}))
}

// withdraw deletes the Users whose address is no longer listed, if the policy says so.
func (r *Reconciler) withdraw(ctx context.Context, x *expansion, entries []entry) error {
	if x.batch.Spec.RemovalPolicy != v1alpha1.BatchRemove {
		return nil
	}
	listed := make(map[string]bool, len(entries))
	for _, e := range entries {
		listed[e.address] = true
	}
	for canonical, u := range x.mine {
		if listed[canonical] {
			continue
		}
		if err := r.yield(ctx, x, u); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
	}
	return nil
}

func (x *expansion) answer(now time.Time) phase.Answer {
	c := x.counts
	if x.left == 0 || c.Waiting > 0 {
		return phase.WaitingFor(soon, v1alpha1.ReasonExpanding, fmt.Sprintf(
			"Users are being written: %d of %d entries are done.", c.Total-c.Waiting, c.Total))
	}
	reason, message := v1alpha1.ReasonSucceeded, fmt.Sprintf("All %d entries have an outcome.", c.Total)
	if refused := c.Invalid + c.Duplicate; refused > 0 {
		reason = v1alpha1.ReasonAddressesRefused
		message = fmt.Sprintf("All %d entries have an outcome; %d were refused, see status.refusals.", c.Total, refused)
	}
	if x.batch.Spec.EmailsFrom != nil {
		return phase.DoneUntil(now.Add(reread), reason, message)
	}
	return phase.Done(reason, message)
}
