package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// resending is the verb resend and its flags.
type resending struct {
	*session

	wait    bool
	timeout time.Duration
}

func newResend(s *session) *cobra.Command {
	v := &resending{session: s}
	cmd := &cobra.Command{
		Use:   "resend USER...",
		Short: "Invite people again",
		Long: `Ask for a new invitation for people who are not in yet: because the mail was
lost, the link has expired, or they had declined. The older link dies.

This sets the annotation iam.rollcall.dev/resend-requested-at, which is nobody's
in Git; raising spec.invitation.revision in Git does the same. A person is mailed
at most once in five minutes and five times a day; what comes too early waits.`,
		Example: `  kubectl rollcall resend ada
  kubectl rollcall resend ada bob --wait --timeout 10m`,
		Args:              arguments(1, noLimit, "the name of at least one User"),
		ValidArgsFunction: s.userNames(),
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	cmd.Flags().BoolVar(&v.wait, "wait", false, "Wait until the new invitations have been handed over.")
	cmd.Flags().DurationVar(&v.timeout, "timeout", 0, "How long to wait at most. Default: as long as it takes.")
	return cmd
}

func (v *resending) run(ctx context.Context, args []string) error {
	c, err := v.cluster()
	if err != nil {
		return err
	}
	users, err := c.usersNamed(ctx, args, resendable)
	if err != nil {
		return err
	}
	for _, u := range users {
		if err := c.annotate(ctx, u, v1alpha1.AnnotationResend, v.clock.Now().UTC().Format(time.RFC3339Nano)); err != nil {
			return fmt.Errorf("ask for a new invitation of %q: %w", u.Name, err)
		}
		fmt.Fprintf(v.Out, "user/%s invitation requested\n", u.Name)
	}
	if !v.wait {
		return nil
	}
	ctx, cancel := v.within(ctx, v.timeout)
	defer cancel()
	for _, u := range users {
		if err := v.sent(ctx, c, u); err != nil {
			return err
		}
	}
	return nil
}

// resendable says why somebody cannot be invited again.
func resendable(u *v1alpha1.User) error {
	switch {
	case u.DeletionTimestamp != nil:
		return fmt.Errorf("the User %q is being deleted", u.Name)
	case meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted):
		return fmt.Errorf("%q is in already, so there is nothing to send", u.Name)
	case u.Spec.Access == v1alpha1.AccessDisabled:
		return fmt.Errorf("%q is kept out by spec.access: Disabled; set it to Enabled, which invites anew", u.Name)
	case u.Spec.Invitation.Delivery == v1alpha1.DeliveryNone:
		return fmt.Errorf("%q is not to be invited: spec.invitation.delivery is None", u.Name)
	case u.Spec.Suspend:
		return fmt.Errorf("the User %q is suspended; set spec.suspend to false", u.Name)
	}
	return nil
}

// sent waits until the request was answered and the invitation handed over, and
// tells why it is not yet: five minutes without a word are long.
func (v *resending) sent(ctx context.Context, c *cluster, u *v1alpha1.User) error {
	asked, said := u.Annotations[v1alpha1.AnnotationResend], ""
	err := v.await(ctx, c, u, &v1alpha1.UserList{}, func() (bool, error) {
		invited := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionInvited)
		if invited != nil {
			if invited.Status == metav1.ConditionFalse && invited.Message != said {
				v.say("user/%s waits: %s", u.Name, invited.Message)
			}
			said = invited.Message
		}
		i := u.Status.Invitation
		return i != nil && i.ResendRequestedAt == asked && meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionInvited), nil
	})
	switch {
	case err != nil && timedOut(ctx):
		return unfinished("the invitation of %q was not handed over within %s; it says: %s", u.Name, v.timeout, said)
	case err != nil:
		return err
	}
	fmt.Fprintf(v.Out, "user/%s invited\n", u.Name)
	return nil
}
