package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
	"github.com/rollcall-dev/rollcall/internal/cli/people"
)

// importing is the verb import and its flags.
type importing struct {
	*session
	person

	skipBad bool
	format  string
	into    string
}

func newImport(s *session) *cobra.Command {
	v := &importing{session: s}
	cmd := &cobra.Command{
		Use:   "import FILE --organization NAME",
		Short: "Turn a table of people into manifests",
		Long: `Turn a CSV file of people into manifests, a User for each line. The first line has
the headers; email is the only one needed:

  ` + strings.Join(people.Headers(), ", ") + `

roles and businessUnits hold names separated by spaces or semicolons; a role that
holds within a unit is ROLE@UNIT. accessUntil is a day or a time. Commas, semicolons
and tabs all do between columns. What the flags say holds for lines that say nothing.

Every line that is wrong is told with its number, and nothing is written then,
unless you say --skip-bad. No cluster is asked. - is standard input.`,
		Example: `  kubectl rollcall import staff.csv --organization sunrise --role clinician > people.yaml
  kubectl rollcall import staff.csv --organization sunrise --to people/ --skip-bad`,
		Args: arguments(1, 1, "one CSV file"),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args[0]) },
	}
	v.addFlags(s, cmd)
	f := cmd.Flags()
	f.BoolVar(&v.skipBad, "skip-bad", false, "Write the good lines although others are wrong.")
	f.StringVarP(&v.format, "output", "o", formatYAML, "Output format: yaml or json.")
	f.StringVar(&v.into, "to", "", "A folder to write one file for each User into. Files that are there are not overwritten.")
	complete(cmd, "output", formatYAML, formatJSON)
	return cmd
}

func (v *importing) run(ctx context.Context, path string) error {
	switch {
	case v.organization == "":
		return wrongUsage("import asks no cluster; say which --organization")
	case v.format != formatYAML && v.format != formatJSON:
		return wrongUsage("-o %q is not one of yaml, json", v.format)
	}
	options, err := v.options(ctx)
	if err != nil {
		return err
	}
	users, problems, err := v.read(path, options)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	for _, p := range problems {
		v.say("%s: %s", path, p)
	}
	if len(problems) > 0 && !v.skipBad {
		return fmt.Errorf("%s; nothing was written (--skip-bad writes the others)", counted(len(problems), "problem"))
	}
	objects, err := declaredUsers(users)
	if err != nil {
		return err
	}
	v.say("%s read, %s", counted(len(users), "User"), counted(len(problems), "problem"))
	if v.into != "" {
		return v.writeFiles(v.into, objects)
	}
	source := filepath.Base(path)
	if path == manifest.Stdin {
		source = "standard input"
	}
	return v.printManifests(objects, fmt.Sprintf("Made by kubectl rollcall import from %s.", source), v.format)
}

func (v *importing) read(path string, options people.Options) ([]*v1alpha1.User, []people.Problem, error) {
	if path == manifest.Stdin {
		return people.Read(v.In, options)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = file.Close() }()
	return people.Read(file, options)
}

func (v *importing) options(ctx context.Context) (people.Options, error) {
	template, err := v.user(v.organization)
	if err != nil {
		return people.Options{}, err
	}
	refused, err := refusing(ctx)
	if err != nil {
		return people.Options{}, err
	}
	o := people.Options{
		Organization: v.organization,
		Template:     template.DeepCopy,
		Refused: func(u *v1alpha1.User) []error {
			var all []error
			for _, e := range refused(u) {
				all = append(all, e)
			}
			return all
		},
	}
	if namespace, given, err := v.flags.ToRawKubeConfigLoader().Namespace(); err == nil && given {
		o.Namespace = namespace
	}
	return o, nil
}
