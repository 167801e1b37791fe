package app

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Run parses the arguments and runs the process they name until it ends by
// itself or the context does. It returns the exit code: 0 for success, 1 for a
// failure, which it has told on stderr in one line.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "GitOps for organisation membership",
		Long: "Rollcall makes an identity backend match the members declared as Kubernetes objects,\n" +
			"sends the invitations, and reports where each person stands.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(managerCommand(stderr), portalCommand(stderr), versionCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintln(stderr, "rollcall:", err)
		return 1
	}
	return 0
}

func managerCommand(stderr io.Writer) *cobra.Command {
	o := &managerOptions{}
	c := &cobra.Command{
		Use:   "manager",
		Short: "Run the controllers and the mail outbox, and optionally the portal",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := o.log.logger(stderr)
			if err != nil {
				return err
			}
			return runManager(c.Context(), log, o)
		},
	}
	o.addFlags(c.Flags())
	return c
}

func portalCommand(stderr io.Writer) *cobra.Command {
	o := &portalOptions{}
	c := &cobra.Command{
		Use:   "portal",
		Short: "Run the pages that invited people see",
		Long:  "Run the pages that invited people see. The process talks to the database only, and holds no Kubernetes credentials.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := o.log.logger(stderr)
			if err != nil {
				return err
			}
			return runPortal(c.Context(), log, o)
		},
	}
	o.addFlags(c.Flags())
	return c
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			version := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version = info.Main.Version
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "rollcall", version)
			return err
		},
	}
}
