package invitelink

import (
	"cmp"
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// create makes the User of somebody who joined, and returns its name; "" when
// the person was removed since and none is needed.
func (r *Reconciler) create(ctx context.Context, s *scope, j directory.Join) (string, error) {
	name := j.Name
	if !j.Approval {
		member, err := s.backend.Member(ctx, s.id, j.Address)
		if directory.IsKind(err, directory.KindNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		name = cmp.Or(member.ConfirmedName, member.Profile.DisplayName)
	}
	u := s.desired(j, name)
	err := r.Client.Create(ctx, u)
	if apierrors.IsInvalid(err) {
		// Whatever the person calls themselves, they are in, and must be declared.
		u = s.desired(j, "")
		err = r.Client.Create(ctx, u)
	}
	switch {
	case apierrors.IsAlreadyExists(err):
		return u.Name, r.same(ctx, u)
	case err != nil:
		return "", fmt.Errorf("create user: %w", err)
	}
	r.announce(s, u.Name, j.Approval)
	return u.Name, nil
}

// same makes sure that the User of the name is that of the address, and there to
// stay: the cache did not show it, or it is on its way out.
func (r *Reconciler) same(ctx context.Context, made *v1alpha1.User) error {
	u := &v1alpha1.User{}
	if err := r.Direct.Get(ctx, client.ObjectKeyFromObject(made), u); err != nil {
		return fmt.Errorf("get user: %w", err)
	}
	canonical, err := address.Canonical(u.Spec.Email)
	if err != nil || canonical != made.Spec.Email || u.DeletionTimestamp != nil {
		return directory.Errorf(directory.KindConflict, "create user", "User %q has the name and is another's, or is being deleted", u.Name)
	}
	return nil
}

// desired is the User that a join leads to. It has no owner: who has joined
// stays when the InviteLink goes.
func (s *scope) desired(j directory.Join, name string) *v1alpha1.User {
	t := s.object.Spec.Template
	access := v1alpha1.AccessEnabled
	if j.Approval {
		access = v1alpha1.AccessDisabled
	}
	return &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.object.Namespace, Name: reference.UserName(s.object.Spec.OrganizationRef.Name, j.Address),
			Labels: map[string]string{v1alpha1.LabelLink: s.object.Name},
		},
		Spec: v1alpha1.UserSpec{
			OrganizationRef: s.object.Spec.OrganizationRef, Email: j.Address,
			Profile: v1alpha1.Profile{DisplayName: name},
			Roles:   t.Roles, BusinessUnits: t.BusinessUnits,
			Invitation:    v1alpha1.UserInvitation{Invitation: v1alpha1.Invitation{Delivery: v1alpha1.DeliveryEmail}, Revision: 1},
			Access:        access,
			RemovalPolicy: t.RemovalPolicy,
		},
	}
}
