package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pluginName is how people call it; the program itself is kubectl-rollcall.
const pluginName = "kubectl rollcall"

const (
	groupPeople  = "people"
	groupReview  = "review"
	groupRecords = "records"
)

// suggestWithin is how many letters a verb may be off to be suggested.
const suggestWithin = 2

func newRoot(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:         "kubectl-rollcall",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: pluginName},
		Short:       "Invite people and see where they stand",
		Long: `Invite people to the organizations that Rollcall manages, see where they stand,
and look before Git leaps.

The exit code is 0 when all is done, 1 when something failed, 2 when the command
was written wrongly, and 3 when a wait was not over within --timeout or plan
--exit-code found differences. kubectl options lists the flags about the connection
to the cluster, which all work here too.`,
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: suggestWithin,
		Args: noVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return wrongUsage("%w (%s --help lists the flags)", err, cmd.CommandPath())
	})
	s.flags.AddFlags(root.PersistentFlags())
	// kubectl options lists the others; here they would hide what a verb can do.
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		f.Hidden = !slices.Contains([]string{"namespace", "context", "kubeconfig"}, f.Name)
	})
	addVerbs(s, root)
	s.completeNamespaces(root)
	return root
}

func addVerbs(s *session, root *cobra.Command) {
	root.AddGroup(
		&cobra.Group{ID: groupPeople, Title: "People:"},
		&cobra.Group{ID: groupReview, Title: "Looking and approving:"},
		&cobra.Group{ID: groupRecords, Title: "Manifests and records:"})
	for group, verbs := range map[string][]*cobra.Command{
		groupPeople:  {newInvite(s), newResend(s), newRevoke(s), newLink(s)},
		groupReview:  {newStatus(s), newPlan(s), newApprove(s), newAudit(s)},
		groupRecords: {newExport(s), newLint(s), newImport(s)},
	} {
		for _, verb := range verbs {
			verb.GroupID = group
			root.AddCommand(verb)
		}
	}
}

// noVerb says that the first argument is none.
func noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return wrongUsage("there is no verb %q%s (%s --help lists them)", args[0], hint, pluginName)
}

// arguments checks how many there are, in words of the verb.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return wrongUsage("%s needs %s (%s --help shows how)", cmd.Name(), what, cmd.CommandPath())
		case most >= 0 && len(args) > most:
			return wrongUsage("%s takes %s, not %d arguments (%s --help shows how)", cmd.Name(), what, len(args), cmd.CommandPath())
		}
		return nil
	}
}

// noLimit is for arguments of any number.
const noLimit = -1
