package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/internal/cli/lint"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// linting is the verb lint and its flags.
type linting struct {
	*session
	output

	partial bool
}

// linted is the answer of lint as JSON and YAML.
type linted struct {
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
	Findings []lint.Finding `json:"findings"`
}

func newLint(s *session) *cobra.Command {
	v := &linting{session: s}
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Check manifests without a cluster",
		Long: `Check files and folders of manifests without a cluster: by the schemas and rules
that the API server has, and against each other. It finds references that lead
nowhere, one address declared twice, units and roles that lie in themselves, and
roles granted at the wrong level. The exit code is 1 when there are errors.

Objects that name no namespace lie in that of -n. With --partial what is referred
to may be elsewhere. - is standard input.`,
		Example: `  kubectl rollcall lint people/
  kustomize build people | kubectl rollcall lint - -o json`,
		Args: arguments(1, noLimit, "at least one file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.addFlag(cmd)
	cmd.Flags().BoolVar(&v.partial, "partial", false, "What is missing is a warning: it may be declared elsewhere.")
	return cmd
}

func (v *linting) run(ctx context.Context, paths []string) error {
	if err := v.check(); err != nil {
		return err
	}
	set, findings, err := v.load(ctx, paths, v.partial)
	if err != nil {
		return err
	}
	wrong := lint.Errors(findings)
	if v.isTable() {
		for _, f := range findings {
			fmt.Fprintln(v.Out, safe.Text(f.String()))
		}
	} else if err := v.print(v.Out, linted{Errors: wrong, Warnings: len(findings) - wrong, Findings: append([]lint.Finding{}, findings...)}); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%s", counted(wrong, "error"))
	}
	v.say("%s checked, %s", counted(set.Len(), "object"), counted(len(findings), "warning"))
	return nil
}

// load reads manifests and judges them.
func (s *session) load(ctx context.Context, paths []string, partial bool) (*lint.Set, []lint.Finding, error) {
	schemas, err := lint.NewSchemas()
	if err != nil {
		return nil, nil, err
	}
	documents, problems, err := manifest.Read(s.In, paths...)
	if err != nil {
		return nil, nil, err
	}
	namespace, _, err := s.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		// A kubeconfig that cannot be read is no matter here.
		namespace = "default"
	}
	set, findings := lint.Load(ctx, schemas, lint.Options{Namespace: namespace, Partial: partial}, documents, problems)
	return set, findings, nil
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
