package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/adopt"
)

// exporting is the verb export and its flags.
type exporting struct {
	asking

	all    bool
	format string
	into   string
}

func newExport(s *session) *cobra.Command {
	v := &exporting{asking: asking{session: s}}
	cmd := &cobra.Command{
		Use:   "export [ORGANIZATION]",
		Short: "Write the manifests of who is a member already",
		Long: `Write a User for every member of the backend whom none declares yet, or with --all
for everybody. Applying them adopts these people as they are: nobody is mailed,
nobody is changed. What is written is the same from run to run.

A role or unit of the backend that has no Role or BusinessUnit here is left out
of the manifest and told; the person keeps it until one declares it and lists it.
Members who were invited and have not come in are left out: applying them would
invite them.`,
		Example: `  kubectl rollcall export sunrise > people.yaml
  kubectl rollcall export sunrise --to people/   # a file for each`,
		Args:              arguments(0, 1, "at most one organization"),
		ValidArgsFunction: first(s.organizationNames()),
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	f.BoolVar(&v.all, "all", false, "Write those too whom a User declares already, as the backend has them.")
	f.StringVarP(&v.format, "output", "o", formatYAML, "Output format: yaml or json.")
	f.StringVar(&v.into, "to", "", "A folder to write one file for each User into. Files that are there are not overwritten.")
	complete(cmd, "output", formatYAML, formatJSON)
	v.addReportFlag(cmd)
	return cmd
}

func (v *exporting) run(ctx context.Context, args []string) error {
	if v.format != formatYAML && v.format != formatJSON {
		return wrongUsage("-o %q is not one of yaml, json", v.format)
	}
	name := ""
	if len(args) > 0 {
		t, err := parseTarget(args[0], kindOrganization)
		if err != nil {
			return err
		}
		name = t.name
	}
	c, err := v.cluster()
	if err != nil {
		return err
	}
	org, err := c.organization(ctx, name)
	if err != nil {
		return err
	}
	users, err := v.members(ctx, c, org)
	if err != nil {
		return err
	}
	return v.write(org.Name, users)
}

// members are the Users of an organization's members, and what there is to say
// about them is said.
func (v *exporting) members(ctx context.Context, c *cluster, org *v1alpha1.Organization) ([]*v1alpha1.User, error) {
	known, err := c.known(ctx, org.Name)
	if err != nil {
		return nil, err
	}
	refused, err := refusing(ctx)
	if err != nil {
		return nil, err
	}
	r, err := v.report(ctx, c, org)
	if err != nil {
		return nil, err
	}
	result := adopt.Users(adopt.Facts{
		Namespace: c.namespace, Organization: org.Name, Members: r.Members,
		Declared: known.users, Roles: known.roles, Units: known.units, All: v.all,
		Refused: func(u *v1alpha1.User) []string {
			var fields []string
			for _, e := range refused(u) {
				fields = append(fields, e.Field)
			}
			return fields
		},
	})
	for _, note := range result.Notes {
		v.say("%s", note)
	}
	if !r.Complete {
		v.say("The backend does not vouch that this is everybody.")
	}
	return result.Users, nil
}

func (v *exporting) write(organization string, users []*v1alpha1.User) error {
	objects, err := declaredUsers(users)
	if err != nil {
		return err
	}
	header := fmt.Sprintf("The members of Organization %q, as kubectl rollcall export found them.\n"+
		"Applying them adopts everybody; nobody is mailed.", organization)
	if v.into == "" {
		return v.printManifests(objects, header, v.format)
	}
	return v.writeFiles(v.into, objects)
}
