package cli

import (
	"context"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/qr"
)

// linking is the verb link and its flags.
type linking struct {
	*session

	qr, invert bool
}

func newLink(s *session) *cobra.Command {
	v := &linking{session: s}
	cmd := &cobra.Command{
		Use:   "link USER|INVITELINK",
		Short: "Print the link of a person, or one for many",
		Long: `Print the link by which a person accepts, or by which many join: of a User whose
spec.invitation.delivery is Link or EmailAndLink, or of an InviteLink. It is read
from the Secret that the status names, so you need the right to get that.

Whoever has the link can follow it. Do not paste it where others read.`,
		Example: `  kubectl rollcall link ada
  kubectl rollcall link invitelink/summer --qr`,
		Args: arguments(1, 1, "one User or InviteLink"),
		ValidArgsFunction: first(either(s.userNames(),
			s.names(func() client.ObjectList { return &v1alpha1.UserList{} }, "user/"),
			s.names(func() client.ObjectList { return &v1alpha1.InviteLinkList{} }, "invitelink/"))),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args[0]) },
	}
	cmd.Flags().BoolVar(&v.qr, "qr", false, "Draw the link as a QR code too.")
	cmd.Flags().BoolVar(&v.invert, "invert", false, "Draw the QR code for a terminal with a light background.")
	return cmd
}

func (v *linking) run(ctx context.Context, arg string) error {
	t, err := parseTarget(arg, kindUser, kindLink)
	if err != nil {
		return err
	}
	c, err := v.cluster()
	if err != nil {
		return err
	}
	ref, kind, err := c.linkOf(ctx, t)
	if err != nil {
		return err
	}
	secret := &corev1.Secret{}
	switch err := c.Get(ctx, c.key(ref.Name), secret); {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the link is in Secret %q, which you may not read; ask for the right to get it: %w", ref.Name, err)
	case err != nil:
		return err
	}
	if secret.Type != kind {
		return fmt.Errorf("the Secret %q is of the type %q, not %q: it is not Rollcall's", ref.Name, secret.Type, kind)
	}
	link := string(secret.Data[v1alpha1.SecretKeyLink])
	if parsed, err := url.Parse(link); err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
		return fmt.Errorf("what Secret %q holds is no link", ref.Name)
	}
	fmt.Fprintln(v.Out, link)
	if expires := string(secret.Data[v1alpha1.SecretKeyExpiresAt]); expires != "" {
		v.say("It expires at %s.", expires)
	}
	if v.qr {
		return qr.Draw(v.Out, link, v.invert)
	}
	return nil
}

// linkOf finds the Secret that holds the link, and the type that it must have.
func (c *cluster) linkOf(ctx context.Context, t target) (*v1alpha1.LocalReference, corev1.SecretType, error) {
	if t.kind == kindUser {
		u := &v1alpha1.User{}
		if err := c.get(ctx, t.name, u); err != nil {
			return nil, "", err
		}
		if i := u.Status.Invitation; i != nil && i.LinkSecretRef != nil {
			return i.LinkSecretRef, v1alpha1.SecretTypeInvitation, nil
		}
		return nil, "", noLink(u)
	}
	l := &v1alpha1.InviteLink{}
	if err := c.get(ctx, t.name, l); err != nil {
		return nil, "", err
	}
	if l.Status.LinkSecretRef == nil {
		return nil, "", fmt.Errorf("the InviteLink %q has no link now; %s", t.name, because(l.Status.Conditions, v1alpha1.ConditionOpen, v1alpha1.ConditionPublished, v1alpha1.ConditionReady))
	}
	return l.Status.LinkSecretRef, v1alpha1.SecretTypeLink, nil
}

func noLink(u *v1alpha1.User) error {
	switch u.Spec.Invitation.Delivery {
	case v1alpha1.DeliveryLink, v1alpha1.DeliveryEmailAndLink:
		return fmt.Errorf("the User %q has no link now; %s", u.Name, because(u.Status.Conditions, v1alpha1.ConditionPending, v1alpha1.ConditionInvited, v1alpha1.ConditionReady))
	default:
		return fmt.Errorf("the link of %q is in the mail alone; set spec.invitation.delivery to Link or EmailAndLink to have it in a Secret", u.Name)
	}
}
