package user

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/linksecret"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// publish keeps the Secret with link and QR code while an invitation is pending
// and delivery asks for it, and deletes it otherwise.
func (r *Reconciler) publish(ctx context.Context, s *scope, standing invite.Standing) phase.Answer {
	wanted := linked(s.user.Spec.Invitation.Delivery) && standing == invite.StandingAwaiting
	published := s.user.Status.Invitation != nil && s.user.Status.Invitation.LinkSecretRef != nil
	var err error
	switch {
	case wanted:
		err = r.writeLink(ctx, s)
	case published || linked(s.user.Spec.Invitation.Delivery):
		err = r.deleteLink(ctx, s)
	}
	return secretOf(s.user).Answer(err, "User")
}

func (r *Reconciler) writeLink(ctx context.Context, s *scope) error {
	linker, ok := s.inviter.(directory.Linker)
	if !ok {
		return directory.Errorf(directory.KindUnsupported, "publish link", "spec.invitation.delivery: this backend gives no links")
	}
	link, err := linker.Link(ctx, s.id, s.person.Address)
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	secret := secretOf(s.user)
	if err := secret.Write(ctx, r.Secrets, link, s.user.Status.Invitation.ExpiresAt.Time); err != nil {
		return err
	}
	s.link().LinkSecretRef = &v1alpha1.LocalReference{Name: secret.Name}
	return nil
}

func (r *Reconciler) deleteLink(ctx context.Context, s *scope) error {
	if err := secretOf(s.user).Delete(ctx, r.Secrets); err != nil {
		return err
	}
	s.link().LinkSecretRef = nil
	if *s.link() == (v1alpha1.UserInvitationStatus{}) {
		s.user.Status.Invitation = nil
	}
	return nil
}

// link returns the part of the status that names the Secret.
func (s *scope) link() *v1alpha1.UserInvitationStatus {
	if s.user.Status.Invitation == nil {
		s.user.Status.Invitation = &v1alpha1.UserInvitationStatus{}
	}
	return s.user.Status.Invitation
}

func secretOf(u *v1alpha1.User) linksecret.Secret {
	return linksecret.Secret{
		Owner: u, Name: u.Name + "-invitation", Type: v1alpha1.SecretTypeInvitation, Label: v1alpha1.LabelUser,
	}
}
