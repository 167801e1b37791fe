package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/lint"
	"github.com/rollcall-dev/rollcall/internal/cli/preview"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// planning is the verb plan and its flags.
type planning struct {
	asking
	output

	organization string
	prune        bool
	exitCode     bool
}

func newPlan(s *session) *cobra.Command {
	v := &planning{asking: asking{session: s}}
	cmd := &cobra.Command{
		Use:   "plan PATH...",
		Short: "Show what applying manifests would do to people",
		Long: `Show what would follow if these files and folders were applied: which objects
would be created, changed and deleted; who would be invited, adopted, changed,
disabled and removed, compared with what the backend has now; and which safety
rails would stop it. Nothing is changed.

What is in the cluster and not in the manifests counts as deleted, as GitOps
tools prune it; --prune=false is for a part of the manifests. Users that a batch
or a link made stay. The manifests are checked first, as lint does.`,
		Example: `  kubectl rollcall plan people/
  kubectl rollcall plan people/ --exit-code -o json   # 3 when there are differences
  kubectl rollcall plan new-people.yaml --prune=false`,
		Args: arguments(1, noLimit, "at least one file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	s.organizationFlag(cmd, &v.organization)
	v.addFlag(cmd)
	v.addReportFlag(cmd)
	cmd.Flags().BoolVar(&v.prune, "prune", true, "Count what no manifest declares as deleted.")
	cmd.Flags().BoolVar(&v.exitCode, "exit-code", false, "End with 3 when anything would change.")
	return cmd
}

func (v *planning) run(ctx context.Context, paths []string) error {
	if err := v.check(); err != nil {
		return err
	}
	c, err := v.cluster()
	if err != nil {
		return err
	}
	set, findings, err := v.load(ctx, paths, true)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Severity == lint.SeverityError {
			v.say("%s", f)
		}
	}
	if n := lint.Errors(findings); n > 0 {
		return fmt.Errorf("%s in the manifests; nothing is planned", counted(n, "error"))
	}
	names, err := v.organizations(set, c.namespace)
	if err != nil {
		return err
	}
	var previews []preview.Preview
	for _, name := range names {
		p, err := v.preview(ctx, c, set, name)
		if err != nil {
			return err
		}
		previews = append(previews, p)
	}
	return v.show(previews)
}

// organizations are those that the manifests are about, in our namespace.
func (v *planning) organizations(set *lint.Set, namespace string) ([]string, error) {
	names := map[string]bool{}
	for key, o := range declaredIn(set, namespace) {
		names[organizationOf(key, o)] = true
	}
	delete(names, "")
	if v.organization != "" {
		if !names[v.organization] {
			return nil, wrongUsage("the manifests declare nothing of Organization %q in namespace %q", v.organization, namespace)
		}
		return []string{v.organization}, nil
	}
	if len(names) == 0 {
		return nil, wrongUsage("the manifests declare nothing in namespace %q; choose another with -n", namespace)
	}
	var sorted []string
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted, nil
}

func (v *planning) preview(ctx context.Context, c *cluster, set *lint.Set, name string) (preview.Preview, error) {
	facts := preview.Facts{
		Now: v.clock.Now(), Organization: name, Prune: v.prune,
		Declared: ofOrganization(declaredIn(set, c.namespace), name),
	}
	there, err := c.everything(ctx)
	if err != nil {
		return preview.Preview{}, err
	}
	facts.There = ofOrganization(there, name)
	if org, ok := facts.There[preview.Key{Kind: kindOrganization, Name: name}].(*v1alpha1.Organization); ok {
		r, err := v.report(ctx, c, org)
		if err != nil {
			return preview.Preview{}, err
		}
		facts.Report = &r
	}
	return preview.Compute(facts)
}

func (v *planning) show(previews []preview.Preview) error {
	differs := slices.ContainsFunc(previews, preview.Preview.Differs)
	if !v.isTable() {
		if err := v.print(v.Out, previews); err != nil {
			return err
		}
	} else {
		for i := range previews {
			if err := v.tell(&previews[i]); err != nil {
				return err
			}
		}
	}
	if v.exitCode && differs {
		return errDiffers
	}
	return nil
}

func (v *planning) tell(p *preview.Preview) error {
	line := func(text string) { fmt.Fprintln(v.Out, safe.Text(text)) }
	line("organization " + p.Organization)
	for _, c := range p.Objects {
		line("  " + c.String())
	}
	if len(p.People) > 0 {
		t := &table{columns: []string{"Action", "User", "Detail"}}
		for _, e := range p.People {
			who := e.User
			if who == "" {
				who = "(undeclared member " + e.MemberID + ")"
			}
			t.add(string(e.Action), who, e.Detail)
		}
		if err := t.write(v.Out); err != nil {
			return err
		}
	}
	for _, r := range p.Rails {
		line("rail " + r.String())
	}
	if p.Undeclared > 0 {
		line(counted(p.Undeclared, "member") + " of the backend would be declared by no User")
	}
	n := p.Counts
	line(fmt.Sprintf("%s; people: %d to invite, %d to adopt, %d to change, %d to disable, %d to remove",
		counted(len(p.Objects), "object")+" to apply or delete", n.Invite, n.Adopt, n.Change, n.Disable, n.Remove))
	return nil
}
