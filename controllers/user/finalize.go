package user

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// finalize ends the membership as the removal policy says and the rails allow,
// revokes what is pending, and lets the object go. When another living User has
// the address, the membership is that one's, and nothing is removed.
func (r *Reconciler) finalize(ctx context.Context, u *v1alpha1.User) phase.Outcome {
	if !controllerutil.ContainsFinalizer(u, v1alpha1.Finalizer) {
		return phase.Outcome{}
	}
	ending, a := r.release(ctx, u)
	if a.Word != phase.WordDone {
		return phase.Only(a)
	}
	if err := finalizer.Remove(ctx, r.Client, u, v1alpha1.Finalizer); err != nil {
		return phase.Only(verdict.Of(err))
	}
	r.seen.Grew(string(u.UID), nil)
	// Told last: a removal of the finalizer that conflicts is repeated, and is no
	// second happening.
	if isSuspended(u) {
		h := resumed()
		r.Recorder.Eventf(u, nil, h.Type, h.Reason, h.Action, "%s", h.Note)
	}
	if ending.reason != "" {
		r.Recorder.Eventf(u, nil, corev1.EventTypeNormal, ending.reason, "Delete", "%s", ending.note)
	}
	return phase.Outcome{}
}

// release gives up what the User manages. The answer is Done when that is done.
func (r *Reconciler) release(ctx context.Context, u *v1alpha1.User) (ending, phase.Answer) {
	d, err := r.farewell(ctx, u)
	if err != nil {
		return ending{}, verdict.Of(err)
	}
	stays := d.organization == nil || d.tornDown() && d.organization.Spec.DeletionPolicy != v1alpha1.DeletionRemove
	if !stays {
		if a, halted := reference.Halted(d.organization); halted {
			return ending{}, a
		}
	}
	if err := r.recordSuspension(ctx, d.held, false); err != nil {
		return ending{}, verdict.Of(err)
	}
	if stays {
		// The tenant stays as it is, and everybody in it.
		return r.end(ctx, d, "", retained())
	}
	if d.displaced {
		return r.end(ctx, d, "", retained())
	}
	if err := r.passOn(ctx, d); err != nil {
		return ending{}, verdict.Of(err)
	}
	if a := r.canGo(ctx, d); a.Word != phase.WordDone {
		return ending{}, a
	}
	if len(d.addresses) > 0 && !d.tornDown() {
		if a := r.mayGo(ctx, d); a.Word != phase.WordDone {
			return ending{}, a
		}
	}
	how := ability.RemovalOf(u.Spec.RemovalPolicy)
	return r.end(ctx, d, how, endingOf(how))
}

// farewell is a deleted User with what it still manages.
type farewell struct {
	user *v1alpha1.User
	id   directory.OrganizationID
	// organization is nil when it is gone.
	organization *v1alpha1.Organization
	// displaced is true when another organization uses the backend that it names.
	displaced bool
	backend   directory.Backend
	// declared is the address in the spec, in canonical form; empty when it is none.
	declared string
	// held is what this User holds, as it was found.
	held []directory.Holding
	// addresses are those that this User holds and no living one has.
	addresses []string
	// heirs are the Users that take over the other addresses that it holds.
	heirs map[string]string
	// ending is that of a User that manages nothing any more.
	ending ending
}

// tornDown reports whether the whole organization goes, on purpose.
func (d *farewell) tornDown() bool { return d.organization.DeletionTimestamp != nil }

// farewell finds out what the User holds, and who takes it over. An address
// that it declares and does not hold was never given to a backend for it.
func (r *Reconciler) farewell(ctx context.Context, u *v1alpha1.User) (*farewell, error) {
	d := &farewell{user: u, id: reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef), heirs: map[string]string{}}
	held, err := r.heldBy(ctx, d.id, u.Name)
	if err != nil {
		return nil, err
	}
	d.held = held
	asked := make([]string, 0, len(held)+1)
	for _, h := range held {
		asked = append(asked, h.Address)
	}
	if d.declared, err = address.Canonical(u.Spec.Email); err != nil {
		d.declared = ""
	} else if !slices.Contains(asked, d.declared) {
		asked = append(asked, d.declared)
	}
	for i, at := range asked {
		heir, err := r.heir(ctx, u, at)
		if err == nil && heir == nil {
			// Whoever declares the changed address of somebody who has not confirmed
			// it yet takes the former one over too: it is the same person.
			heir, err = r.heir(ctx, u, d.declared)
		}
		switch {
		case err != nil:
			return nil, err
		case heir != nil:
			d.heirs[at] = heir.Name
			d.ending = ending{v1alpha1.ReasonHandedOver, fmt.Sprintf("User %q has the same address; the membership is now its.", heir.Name)}
		case i < len(held):
			d.addresses = append(d.addresses, at)
		}
	}
	return d, r.findBackend(ctx, d)
}

// heldBy is what a User holds, that included whose removal was begun.
func (r *Reconciler) heldBy(ctx context.Context, id directory.OrganizationID, name string) ([]directory.Holding, error) {
	var all []directory.Holding
	for _, holder := range []string{name, directory.Leaving(name)} {
		held, err := r.Holdings.HeldBy(ctx, id, holder)
		if err != nil {
			return nil, err
		}
		all = append(all, held...)
	}
	return all, nil
}

// passOn makes heirs the holders of what they take over, as far as the User
// still holds it.
func (r *Reconciler) passOn(ctx context.Context, d *farewell) error {
	for at, heir := range d.heirs {
		known, err := r.Holdings.Holding(ctx, d.id, at)
		if directory.IsKind(err, directory.KindNotFound) || err == nil && known.Holder != d.user.Name {
			continue
		}
		if err != nil {
			return err
		}
		known.Holder = heir
		if err := r.Holdings.Hold(ctx, known, d.user.Name); err != nil {
			return err
		}
	}
	return nil
}

// heir is the other living User that the address belongs to; nil when there is none.
func (r *Reconciler) heir(ctx context.Context, u *v1alpha1.User, at string) (*v1alpha1.User, error) {
	if at == "" {
		return nil, nil
	}
	as := u.DeepCopy()
	as.Spec.Email = at
	heirs, err := r.sameAddress(ctx, as)
	if err != nil || len(heirs) == 0 {
		return nil, err
	}
	return slices.MinFunc(heirs, declared.Precedence), nil
}

// findBackend finds the backend also when the Organization is gone already, and
// what it named with it: then only the ledger is left to be told.
func (r *Reconciler) findBackend(ctx context.Context, d *farewell) error {
	org := &v1alpha1.Organization{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: d.user.Namespace, Name: d.user.Spec.OrganizationRef.Name}, org)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("get organization: %w", err)
	}
	if !apierrors.IsNotFound(err) {
		d.organization, d.displaced = org, reference.Displaced(org.Status.Conditions)
	}
	d.backend, err = r.Backends.For(ctx, d.user.Namespace, org.Spec.BackendRef)
	if directory.IsKind(err, directory.KindNotFound) && (d.organization == nil || d.tornDown()) {
		d.backend, err = r.Backends.For(ctx, d.user.Namespace, nil)
	}
	return err
}

// mayGo waits for the delay, and asks the rails. A User that removes nobody is
// not asked about. Who has the address is looked at once more at the end.
func (r *Reconciler) mayGo(ctx context.Context, d *farewell) phase.Answer {
	uid := string(d.user.UID)
	due := rails.Due(d.user.DeletionTimestamp.Time, r.seen.Grew(uid, []string{uid}), census.RemovalDelay(&d.organization.Spec.Safety))
	if left := due.Sub(r.Clock.Now()); left > 0 {
		return phase.WaitingFor(left, v1alpha1.ReasonProgressing,
			"Waits for safety.removalDelay: another User with the same address would take the membership over.")
	}
	if d.user.Spec.RemovalPolicy == v1alpha1.RemovalPolicyRetain {
		return phase.Done("", "")
	}
	named := d.declared
	if named == "" {
		named = d.addresses[0]
	}
	return r.guard(ctx, leaving{
		user: d.user, organization: d.organization, backend: d.backend, address: named, current: d.addresses,
	})
}

// fence records that the member is being removed, unless somebody has taken the
// address over meanwhile: then it is not this User's any more. Whoever comes now
// waits until the removal is over.
func (r *Reconciler) fence(ctx context.Context, d *farewell, at string) (bool, error) {
	known, err := r.Holdings.Holding(ctx, d.id, at)
	if directory.IsKind(err, directory.KindNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	known.Holder = directory.Leaving(d.user.Name)
	err = r.Holdings.Hold(ctx, known, d.user.Name)
	if directory.IsKind(err, directory.KindConflict) {
		return false, nil
	}
	return err == nil, err
}

// end revokes what is pending and removes the person in the way given; "" removes
// nobody.
func (r *Reconciler) end(ctx context.Context, d *farewell, how directory.Removal, as ending) (ending, phase.Answer) {
	for _, at := range d.addresses {
		if mine, err := r.fence(ctx, d, at); err != nil {
			return ending{}, verdict.Of(err)
		} else if !mine {
			continue
		}
		// The link dies before the member goes: otherwise somebody could accept in between.
		if err := r.Backends.Inviter(d.backend).Close(ctx, d.id, at); err != nil {
			return ending{}, verdict.Of(fmt.Errorf("revoke invitation: %w", err))
		}
		if how != "" {
			if err := d.backend.RemoveMember(ctx, d.id, at, how); err != nil {
				return ending{}, verdict.Of(fmt.Errorf("end membership: %w", err))
			}
		}
		if err := r.Holdings.Release(ctx, d.id, at, directory.Leaving(d.user.Name)); err != nil {
			return ending{}, verdict.Of(fmt.Errorf("release address: %w", err))
		}
	}
	unblock(d.user)
	if len(d.addresses) == 0 && (d.declared == "" || d.ending.reason != "") {
		return d.ending, phase.Done("", "")
	}
	// Also when nothing is held any more: an earlier attempt got that far.
	return as, phase.Done("", "")
}
