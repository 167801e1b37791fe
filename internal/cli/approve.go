package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/gitops"
)

// What can be approved.
const (
	approveRemovals    = "removals"
	approveInvitations = "invitations"
	approveRemoval     = "removal"
	approveJoin        = "join"
)

// approving is the verb approve and its flags.
type approving struct {
	*session

	yes bool
}

func newApprove(s *session) *cobra.Command {
	v := &approving{session: s}
	cmd := &cobra.Command{
		Use:   "approve removals|invitations [ORGANIZATION] | removal USER | join USER...",
		Short: "Let pass what a rail has stopped, or somebody join",
		Long: `Let pass what a safety rail has stopped, or let people in who joined by a link.

  removals      the removals of an organization that were more than its limit
  invitations   the same for invitations
  removal       the one removal that a User's condition RemovalBlocked tells of
  join          people who joined by an InviteLink with approval: Required

You are shown what waits, with the numbers, and asked. An approval is for exactly
what was seen: when more joins it meanwhile, nothing passes and you look again.`,
		Example: `  kubectl rollcall approve removals
  kubectl rollcall approve invitations sunrise --yes
  kubectl rollcall approve removal ada
  kubectl rollcall approve join bob eve`,
		Args:              v.args,
		ValidArgsFunction: v.complete,
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	cmd.Flags().BoolVarP(&v.yes, "yes", "y", false, "Do not ask.")
	return cmd
}

func (v *approving) args(cmd *cobra.Command, args []string) error {
	what := []string{approveRemovals, approveInvitations, approveRemoval, approveJoin}
	if len(args) == 0 || !slices.Contains(what, args[0]) {
		return wrongUsage("say what to approve: one of %s", strings.Join(what, ", "))
	}
	bounds := map[string][2]int{approveRemovals: {0, 1}, approveInvitations: {0, 1}, approveRemoval: {1, 1}, approveJoin: {1, noLimit}}[args[0]]
	words := map[string]string{
		approveRemovals: "at most one Organization", approveInvitations: "at most one Organization",
		approveRemoval: "one User", approveJoin: "at least one User",
	}
	return arguments(bounds[0], bounds[1], words[args[0]])(cmd, args[1:])
}

func (v *approving) complete(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return []string{approveInvitations, approveJoin, approveRemoval, approveRemovals}, cobra.ShellCompDirectiveNoFileComp
	case args[0] == approveJoin || args[0] == approveRemoval && len(args) == 1:
		return v.userNames()(cmd, args, typed)
	case len(args) == 1:
		return v.organizationNames()(cmd, args, typed)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func (v *approving) run(ctx context.Context, args []string) error {
	c, err := v.cluster()
	if err != nil {
		return err
	}
	switch args[0] {
	case approveRemoval:
		return v.removal(ctx, c, args[1])
	case approveJoin:
		return v.joins(ctx, c, args[1:])
	default:
		return v.wave(ctx, c, args[0], args[1:])
	}
}

// wave approves what an organization's rail holds.
func (v *approving) wave(ctx context.Context, c *cluster, what string, args []string) error {
	name := ""
	if len(args) > 0 {
		t, err := parseTarget(args[0], kindOrganization)
		if err != nil {
			return err
		}
		name = t.name
	}
	org, err := c.organization(ctx, name)
	if err != nil {
		return err
	}
	held, annotation := org.Status.HeldRemovals, v1alpha1.AnnotationApproveRemovals
	if what == approveInvitations {
		held, annotation = org.Status.HeldInvitations, v1alpha1.AnnotationApproveInvitations
	}
	if held == nil {
		fmt.Fprintf(v.Out, "organization/%s holds no %s\n", org.Name, what)
		return nil
	}
	if org.Annotations[annotation] == held.Wave {
		fmt.Fprintf(v.Out, "organization/%s %s are approved already\n", org.Name, what)
		return nil
	}
	question := fmt.Sprintf("Organization %q holds %d %s; %d went through within the window, and the limit is %d. Let these %d pass?",
		org.Name, held.Waiting, what, held.Done, held.Limit, held.Waiting)
	if err := v.confirm(question); err != nil {
		return err
	}
	if err := c.annotate(ctx, org, annotation, held.Wave); err != nil {
		return fmt.Errorf("approve %s of Organization %q: %w", what, org.Name, err)
	}
	fmt.Fprintf(v.Out, "organization/%s %d %s approved\n", org.Name, held.Waiting, what)
	return nil
}

// removal approves the removal that a User's condition tells of.
func (v *approving) removal(ctx context.Context, c *cluster, arg string) error {
	t, err := parseTarget(arg, kindUser)
	if err != nil {
		return err
	}
	u := &v1alpha1.User{}
	if err := c.get(ctx, t.name, u); err != nil {
		return err
	}
	blocked := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionRemovalBlocked)
	if blocked == nil {
		return fmt.Errorf("no rail keeps %q: the User has no condition RemovalBlocked", u.Name)
	}
	token := approvalIn(blocked.Message)
	if token == "" {
		return fmt.Errorf("this removal cannot be approved: %s", blocked.Message)
	}
	if err := v.confirm(fmt.Sprintf("User %q is kept: %s\nLet this removal pass?", u.Name, blocked.Message)); err != nil {
		return err
	}
	if err := c.annotate(ctx, u, v1alpha1.AnnotationApproveRemoval, token); err != nil {
		return fmt.Errorf("approve the removal of %q: %w", u.Name, err)
	}
	fmt.Fprintf(v.Out, "user/%s removal approved\n", u.Name)
	return nil
}

// approvalIn is the word by which a message says that it can be approved.
func approvalIn(message string) string {
	found := regexp.MustCompile(regexp.QuoteMeta(v1alpha1.AnnotationApproveRemoval) + `=([A-Za-z0-9._-]+)`).FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	// A sentence may end right after it.
	return strings.TrimRight(found[1], ".")
}

// joins lets people in who wait for it.
func (v *approving) joins(ctx context.Context, c *cluster, args []string) error {
	users, err := c.usersNamed(ctx, args, joinable)
	if err != nil {
		return err
	}
	var names []string
	for _, u := range users {
		names = append(names, fmt.Sprintf("%s <%s>", u.Name, u.Spec.Email))
	}
	if err := v.confirm("Let in " + strings.Join(names, ", ") + "?"); err != nil {
		return err
	}
	for _, u := range users {
		before := u.DeepCopy()
		u.Spec.Access = v1alpha1.AccessEnabled
		// Only as it was seen: whoever refuses at this moment must not be overruled.
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if err := c.Patch(ctx, u, patch, client.FieldOwner(fieldManager)); err != nil {
			return fmt.Errorf("let in %q: %w", u.Name, err)
		}
		fmt.Fprintf(v.Out, "user/%s may join\n", u.Name)
	}
	return nil
}

func joinable(u *v1alpha1.User) error {
	if u.DeletionTimestamp != nil {
		return fmt.Errorf("the User %q is being deleted", u.Name)
	}
	if u.Spec.Access != v1alpha1.AccessDisabled {
		return fmt.Errorf("%q waits for no approval: spec.access is Enabled", u.Name)
	}
	if owner, kept := gitops.OwnerOf(u); kept {
		return fmt.Errorf("the User %q is kept by %s; set spec.access: Enabled in Git", u.Name, owner)
	}
	if u.Labels[v1alpha1.LabelLink] == "" {
		return fmt.Errorf("%q did not join by a link; edit spec.access to let them in: kubectl edit user %s", u.Name, u.Name)
	}
	return nil
}

// confirm asks, unless it is not to be asked.
func (v *approving) confirm(question string) error {
	if v.yes {
		return nil
	}
	fmt.Fprintf(v.ErrOut, "%s [y/N] ", question)
	answer, err := bufio.NewReader(v.In).ReadString('\n')
	if err != nil && answer == "" {
		return wrongUsage("nobody answered; say --yes where nobody can")
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("not approved; nothing was done")
	}
	return nil
}
