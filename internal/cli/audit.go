package cli

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// auditing is the verb audit and its flags.
type auditing struct {
	asking
	output

	limit int
}

func newAudit(s *session) *cobra.Command {
	v := &auditing{asking: asking{session: s}}
	cmd := &cobra.Command{
		Use:   "audit [ORGANIZATION | user/NAME | ADDRESS]",
		Short: "Show who was invited, and what became of it",
		Long: `Show the audit trail of an organization or of one person, newest first: what was
done, when, and on whose behalf. The manager writes the newest entries into a
Secret for it, which is deleted again. An address is looked for in the only
organization of the namespace, or in --organization; it need not have a User.`,
		Example: `  kubectl rollcall audit
  kubectl rollcall audit user/ada
  kubectl rollcall audit ada@example.com -o json`,
		Args: arguments(0, 1, "at most one organization, User or address"),
		ValidArgsFunction: first(either(s.organizationNames(),
			s.names(func() client.ObjectList { return &v1alpha1.UserList{} }, "user/"))),
	}
	var organization string
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args, organization) }
	s.organizationFlag(cmd, &organization)
	v.addFlag(cmd)
	v.addReportFlag(cmd)
	cmd.Flags().IntVar(&v.limit, "limit", 0, "How many entries to show at most. Default: all that there are.")
	return cmd
}

func (v *auditing) run(ctx context.Context, args []string, organization string) error {
	if err := v.check(); err != nil {
		return err
	}
	about, organization, err := aboutWhom(args, organization)
	if err != nil {
		return err
	}
	c, err := v.cluster()
	if err != nil {
		return err
	}
	if about.kind == kindUser {
		if about.address, organization, err = c.addressOf(ctx, about.name); err != nil {
			return err
		}
	}
	org, err := c.organization(ctx, organization)
	if err != nil {
		return err
	}
	r, err := v.report(ctx, c, org)
	if err != nil {
		return err
	}
	entries := r.Audit
	if about.address != "" {
		entries = slices.DeleteFunc(entries, func(e report.AuditEntry) bool { return e.Address != about.address })
	}
	if v.limit > 0 && len(entries) > v.limit {
		entries = entries[:v.limit]
	}
	return v.show(entries, r.AuditTruncated)
}

// addressOf is the canonical address of a User, and the organization it is of.
func (c *cluster) addressOf(ctx context.Context, name string) (string, string, error) {
	u := &v1alpha1.User{}
	if err := c.get(ctx, name, u); err != nil {
		return "", "", err
	}
	canonical, err := address.Canonical(u.Spec.Email)
	return canonical, u.Spec.OrganizationRef.Name, err
}

// subject is whom a trail is about; the zero one is a whole organization.
type subject struct {
	target
	address string
}

func aboutWhom(args []string, organization string) (subject, string, error) {
	if len(args) == 0 {
		return subject{}, organization, nil
	}
	if canonical, err := address.Canonical(args[0]); err == nil {
		return subject{address: canonical}, organization, nil
	}
	t, err := parseTarget(args[0], kindOrganization, kindUser)
	if err != nil || t.kind == kindUser {
		return subject{target: t}, organization, err
	}
	if organization != "" && organization != t.name {
		return subject{}, "", wrongUsage("%q and --organization=%q are not the same", args[0], organization)
	}
	return subject{}, t.name, nil
}

func (v *auditing) show(entries []report.AuditEntry, truncated bool) error {
	if truncated {
		v.say("Older entries exist that are not shown.")
	}
	if !v.isTable() {
		if entries == nil {
			entries = []report.AuditEntry{}
		}
		return v.print(v.Out, entries)
	}
	if len(entries) == 0 {
		v.say("Nothing is recorded.")
	}
	t := &table{columns: []string{"Time", "Actor", "Action", "Address", "Revision", "Note"}}
	for _, e := range entries {
		revision := ""
		if e.Revision > 0 {
			revision = strconv.FormatInt(e.Revision, 10)
		}
		t.add(e.At.UTC().Format(time.RFC3339), e.Actor, e.Action, e.Address, revision, e.Note)
	}
	return t.write(v.Out)
}
