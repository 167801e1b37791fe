package invitebatch

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// batchKind is the kind of a batch in an owner reference.
const batchKind = "InviteBatch"

// desired is the User that an entry leads to.
func desired(b *v1alpha1.InviteBatch, e *entry) *v1alpha1.User {
	t := b.Spec.Template
	u := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: b.Namespace, Name: reference.UserName(b.Spec.OrganizationRef.Name, e.address),
			Labels: map[string]string{v1alpha1.LabelBatch: b.Name},
			// It would be put on at the first look, with a write for each.
			Finalizers: []string{v1alpha1.Finalizer},
		},
		Spec: v1alpha1.UserSpec{
			OrganizationRef: b.Spec.OrganizationRef, Email: e.address,
			Profile: v1alpha1.Profile{DisplayName: e.name},
			Roles:   t.Roles, BusinessUnits: t.BusinessUnits,
			Invitation:    v1alpha1.UserInvitation{Invitation: t.Invitation, Revision: 1},
			RemovalPolicy: t.RemovalPolicy,
		},
	}
	u.OwnerReferences = owners(b)
	return u
}

// owners makes the garbage collector delete the Users of a batch whose policy
// is Remove when it goes.
func owners(b *v1alpha1.InviteBatch) []metav1.OwnerReference {
	if b.Spec.RemovalPolicy != v1alpha1.BatchRemove {
		return nil
	}
	return []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion().String(), Kind: batchKind, Name: b.Name, UID: b.UID,
	}}
}

// update brings a User of the batch to the template. What a person with
// kubectl added beside it, such as a title or a revision, stays.
func (r *Reconciler) update(ctx context.Context, x *expansion, u *v1alpha1.User, e *entry) error {
	owners := append(othersOwners(u), owners(x.batch)...)
	// u is the cache's and nearly always as it should be: it is copied only when
	// it is not.
	spec := u.Spec
	t := x.batch.Spec.Template
	spec.Roles, spec.BusinessUnits, spec.RemovalPolicy = t.Roles, t.BusinessUnits, t.RemovalPolicy
	spec.Invitation.Invitation = t.Invitation
	if e.name != "" {
		spec.Profile.DisplayName = e.name
	}
	// Not equality.Semantic: to it an omitted list and an empty one are the same,
	// and to a User the one means "not managed" and the other "none".
	if reflect.DeepEqual(u.Spec, spec) && slices.EqualFunc(u.OwnerReferences, owners, sameOwner) || x.left == 0 {
		return nil
	}
	x.left--
	is := u.DeepCopy()
	is.OwnerReferences = owners
	spec.DeepCopyInto(&is.Spec)
	err := r.Client.Patch(ctx, is, client.MergeFromWithOptions(u, client.MergeFromWithOptimisticLock{}))
	switch {
	case apierrors.IsInvalid(err):
		x.refuse(e, err)
		return nil
	case client.IgnoreNotFound(err) != nil:
		return fmt.Errorf("update user: %w", err)
	}
	return nil
}

// othersOwners are the owners of a User that are no batches.
func othersOwners(u *v1alpha1.User) []metav1.OwnerReference {
	var others []metav1.OwnerReference
	for _, o := range u.OwnerReferences {
		if o.APIVersion != v1alpha1.GroupVersion().String() || o.Kind != batchKind {
			others = append(others, o)
		}
	}
	return others
}

func sameOwner(a, b metav1.OwnerReference) bool { return a.UID == b.UID && a.Name == b.Name }

// firstCause is the API server's own words about the first field that is wrong.
func firstCause(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		if d := status.Status().Details; d != nil && len(d.Causes) > 0 {
			return d.Causes[0].Field + ": " + d.Causes[0].Message
		}
	}
	return "it does not pass validation"
}
