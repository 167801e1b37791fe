package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/gitops"
)

func newRevoke(s *session) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "revoke USER...",
		Short: "Take back invitations that are pending",
		Long: `Take back the invitations of people who are not in yet, by deleting their Users:
the link dies at once, and what is queued is never sent.

Where a GitOps tool or an InviteBatch keeps the User, deleting it would only make
it come back and mail again. Nothing is deleted then, and you are told what to
change instead. Whoever is in is never touched by revoke.`,
		Example: `  kubectl rollcall revoke ada
  kubectl rollcall revoke ada bob --dry-run`,
		Args:              arguments(1, noLimit, "the name of at least one User"),
		ValidArgsFunction: s.userNames(),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.revoke(cmd.Context(), args, dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "Only say what would be done.")
	return cmd
}

func (s *session) revoke(ctx context.Context, args []string, dryRun bool) error {
	c, err := s.cluster()
	if err != nil {
		return err
	}
	users, err := c.usersNamed(ctx, args, func(u *v1alpha1.User) error { return c.revocable(ctx, u) })
	if err != nil {
		return err
	}
	for _, u := range users {
		if dryRun {
			fmt.Fprintf(s.Out, "user/%s would be revoked\n", u.Name)
			continue
		}
		// Only as it was seen: the person may accept at this very moment.
		seen := client.Preconditions{UID: &u.UID, ResourceVersion: &u.ResourceVersion}
		switch err := c.Delete(ctx, u, seen); {
		case apierrors.IsConflict(err):
			return fmt.Errorf("the User %q has just changed, so it was left alone; look again: kubectl get user %s", u.Name, u.Name)
		case client.IgnoreNotFound(err) != nil:
			return fmt.Errorf("delete User %q: %w", u.Name, err)
		}
		fmt.Fprintf(s.Out, "user/%s revoked\n", u.Name)
	}
	return nil
}

// revocable says why deleting a User is not the way to take its invitation back.
func (c *cluster) revocable(ctx context.Context, u *v1alpha1.User) error {
	if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionAccepted) {
		return fmt.Errorf("%q is in already; to take the person out delete the User, to keep them out for a while set spec.access to Disabled", u.Name)
	}
	if owner, kept := gitops.OwnerOf(u); kept {
		return fmt.Errorf("the User %q is kept by %s, which would bring it back; remove its manifest from Git, or set spec.access: Disabled there to keep the record", u.Name, owner)
	}
	name := u.Labels[v1alpha1.LabelBatch]
	if name == "" {
		return nil
	}
	batch := &v1alpha1.InviteBatch{}
	switch err := c.get(ctx, name, batch); {
	case isMissing(err):
		return nil
	case err != nil:
		return err
	}
	where := "take the address out of InviteBatch " + fmt.Sprintf("%q", name)
	if owner, kept := gitops.OwnerOf(batch); kept {
		where += fmt.Sprintf(" in Git (it is kept by %s)", owner)
	}
	if batch.Spec.RemovalPolicy == v1alpha1.BatchRemove {
		return fmt.Errorf("the User %q would be made again by its batch; %s, which deletes the User", u.Name, where)
	}
	return fmt.Errorf("the User %q would be made again by its batch; %s, and then delete the User", u.Name, where)
}
