package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// The values of --dry-run.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

// inviting is the verb invite and its flags.
type inviting struct {
	*session
	person

	name   string
	dryRun string
	output string
	force  bool
}

func newInvite(s *session) *cobra.Command {
	v := &inviting{session: s}
	cmd := &cobra.Command{
		Use:   "invite ADDRESS...",
		Short: "Invite people, or write the manifests that do",
		Long: `Invite people by applying a User for each, or print the manifests for Git.

An address is ada@example.com or "Ada Lovelace <ada@example.com>". The User is
named by a function of organization and address, so that inviting somebody twice
changes nothing; --name chooses another. A User that is there and says something
else is left alone unless you say --force.`,
		Example: `  # Invite somebody into the only organization of the namespace
  kubectl rollcall invite ada@example.com

  # With a role, a unit, and a role within the unit
  kubectl rollcall invite "Ada <ada@example.com>" --role clinician --unit north --role lead@north

  # Write a manifest for Git, and touch nothing
  kubectl rollcall invite ada@example.com --name ada -o yaml --dry-run=client > people/ada.yaml`,
		Args: arguments(1, noLimit, "at least one address"),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.addFlags(s, cmd)
	f := cmd.Flags()
	f.StringVar(&v.name, "name", "", "Name of the User. Default: a function of organization and address.")
	f.StringVar(&v.dryRun, "dry-run", dryRunNone, "client: only print what would be applied. server: have the API server check it, and apply nothing.")
	f.Lookup("dry-run").NoOptDefVal = dryRunClient
	f.StringVarP(&v.output, "output", "o", "", "Print the Users as yaml or json.")
	f.BoolVar(&v.force, "force", false, "Change a User that is there, and take over its fields from whoever else applied them.")
	complete(cmd, "dry-run", dryRunNone, dryRunClient, dryRunServer)
	complete(cmd, "output", formatYAML, formatJSON)
	return cmd
}

func (v *inviting) check(args []string) error {
	switch {
	case !slices.Contains([]string{dryRunNone, dryRunClient, dryRunServer}, v.dryRun):
		return wrongUsage("--dry-run=%q is not one of none, client, server", v.dryRun)
	case v.output != "" && v.output != formatYAML && v.output != formatJSON:
		return wrongUsage("-o %q is not one of yaml, json", v.output)
	case v.name != "" && len(args) > 1:
		return wrongUsage("--name is for one address, and here are %d", len(args))
	case v.dryRun == dryRunClient && v.organization == "":
		return wrongUsage("--dry-run=client asks no cluster; say which --organization")
	}
	return nil
}

func (v *inviting) run(ctx context.Context, args []string) error {
	if err := v.check(args); err != nil {
		return err
	}
	entries, err := parseAddresses(args)
	if err != nil {
		return err
	}
	if v.dryRun == dryRunClient {
		return v.print(entries)
	}
	c, err := v.cluster()
	if err != nil {
		return err
	}
	org, err := c.organization(ctx, v.organization)
	if err != nil {
		return err
	}
	users, err := v.declare(entries, c.namespace, org.Name)
	if err != nil {
		return err
	}
	return v.apply(ctx, c, org.Name, users)
}

// print prints the manifests without asking a cluster.
func (v *inviting) print(entries []address.Entry) error {
	namespace, given, err := v.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil || !given {
		namespace = ""
	}
	users, err := v.declare(entries, namespace, v.organization)
	if err != nil {
		return err
	}
	return v.printed(users)
}

func parseAddresses(args []string) ([]address.Entry, error) {
	var entries []address.Entry
	var wrong []error
	for _, arg := range args {
		e := address.ParseEntry(arg)
		if e.Err != nil {
			wrong = append(wrong, e.Err)
		}
		entries = append(entries, e)
	}
	if len(wrong) > 0 {
		return nil, wrongUsage("%w", errors.Join(wrong...))
	}
	return entries, nil
}

// declare makes the Users; nobody is there yet.
func (v *inviting) declare(entries []address.Entry, namespace, organization string) ([]*v1alpha1.User, error) {
	var users []*v1alpha1.User
	for _, e := range entries {
		u, err := v.user(organization)
		if err != nil {
			return nil, err
		}
		u.Namespace, u.Name = namespace, v.name
		if u.Name == "" {
			u.Name = reference.UserName(organization, e.Address.String())
		}
		u.Spec.Email, u.Spec.Profile.DisplayName = e.Address.String(), e.Name
		users = append(users, u)
	}
	return users, nil
}

func (v *inviting) printed(users []*v1alpha1.User) error {
	objects, err := declaredUsers(users)
	if err != nil {
		return err
	}
	return v.printManifests(objects, "", v.output)
}

// apply applies all Users, or none when one of them must not be touched.
func (v *inviting) apply(ctx context.Context, c *cluster, organization string, users []*v1alpha1.User) error {
	existing, err := c.users(ctx, organization)
	if err != nil {
		return err
	}
	words := make([]string, 0, len(users))
	for _, u := range users {
		word, err := v.look(ctx, c, u, existing)
		if err != nil {
			return err
		}
		words = append(words, word)
	}
	for i, u := range users {
		if v.dryRun == dryRunNone {
			if _, err := v.send(ctx, c, u); err != nil {
				return err
			}
		}
		if v.output == "" {
			suffix := ""
			if v.dryRun == dryRunServer {
				suffix = " (server dry run)"
			}
			fmt.Fprintf(v.Out, "user/%s %s%s\n", u.Name, words[i], suffix)
		}
	}
	if v.output != "" {
		return v.printed(users)
	}
	return nil
}

// look asks the API server what applying a User would do, and does nothing. It
// returns what is then said of it.
func (v *inviting) look(ctx context.Context, c *cluster, u *v1alpha1.User, existing []v1alpha1.User) (string, error) {
	var before *v1alpha1.User
	for i := range existing {
		is := &existing[i]
		canonical, _ := address.Canonical(is.Spec.Email)
		switch {
		case is.Name == u.Name:
			before = is
		case canonical == u.Spec.Email:
			return "", fmt.Errorf("the User %q has that address already; to invite the person again: %s resend %s", is.Name, pluginName, is.Name)
		}
	}
	after, err := v.send(ctx, c, u, client.DryRunAll)
	if err != nil {
		return "", err
	}
	switch {
	case before == nil:
		return "invited", nil
	case reflect.DeepEqual(before.Spec, after.Spec):
		return "unchanged", nil
	case !v.force:
		return "", fmt.Errorf("the User %q exists and says something else; edit it, or say --force to change it (-o yaml --dry-run=server shows to what)", u.Name)
	}
	return "changed", nil
}

// send applies a User, and returns what the API server makes of it.
func (v *inviting) send(ctx context.Context, c *cluster, u *v1alpha1.User, extra ...client.ApplyOption) (*v1alpha1.User, error) {
	declared, err := manifest.Declared(kindUser, u)
	if err != nil {
		return nil, err
	}
	options := append([]client.ApplyOption{client.FieldOwner(fieldManager)}, extra...)
	if v.force {
		options = append(options, client.ForceOwnership)
	}
	switch err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(declared), options...); {
	case apierrors.IsConflict(err):
		return nil, fmt.Errorf("the User %q is kept by somebody else; edit it where it comes from, or say --force to take it over: %w", u.Name, err)
	case err != nil:
		return nil, err
	}
	return fromUnstructured(declared)
}
