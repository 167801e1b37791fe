package invitelink

import (
	"cmp"
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
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
	creator := reference.Creator{Client: r.Client, Direct: r.Direct}
	u, created, err := creator.Create(ctx, s.desired(j, name))
	if apierrors.IsInvalid(err) {
		// Whatever the person calls themselves, they are in, and must be declared.
		u, created, err = creator.Create(ctx, s.desired(j, ""))
	}
	if err != nil {
		return "", fmt.Errorf("create user: %w", err)
	}
	if created {
		r.announce(s, u.Name, j.Approval)
	}
	return u.Name, nil
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
