package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/live"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// The values of --wait.
const (
	goalReady    = "ready"
	goalAccepted = "accepted"
)

// redraw is how often a live table is drawn at most.
const redraw = 200 * time.Millisecond

// reporting is the verb status and its flags.
type reporting struct {
	*session
	output

	watch   bool
	goal    string
	timeout time.Duration
}

func newStatus(s *session) *cobra.Command {
	v := &reporting{session: s}
	cmd := &cobra.Command{
		Use:   "status [ORGANIZATION | batch/NAME]",
		Short: "Show where everybody stands",
		Long: `Show where everybody of an organization or of a batch stands, with a progress bar;
whoever needs something comes first. Without an argument it is the only
organization of the namespace.

With --watch the table is drawn anew whenever something changes, until you stop
it. With --wait it is until everybody is ready, which is all that Rollcall can do,
or accepted, which is up to people: then the exit code is 0, and 3 when --timeout
was over before. Where output is no terminal, each change is a line.`,
		Example: `  kubectl rollcall status
  kubectl rollcall status batch/autumn --watch
  kubectl rollcall status sunrise --wait --timeout 5m
  kubectl rollcall status batch/autumn --wait=accepted --timeout 48h`,
		Args: arguments(0, 1, "at most one organization or batch"),
		ValidArgsFunction: first(either(s.organizationNames(),
			s.names(func() client.ObjectList { return &v1alpha1.InviteBatchList{} }, "batch/"))),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.addFlag(cmd)
	f := cmd.Flags()
	f.BoolVarP(&v.watch, "watch", "w", false, "Go on showing changes.")
	f.StringVar(&v.goal, "wait", "", "Wait until everybody is ready or accepted.")
	f.Lookup("wait").NoOptDefVal = goalReady
	f.DurationVar(&v.timeout, "timeout", 0, "How long to watch or wait at most. Default: as long as it takes.")
	complete(cmd, "wait", goalReady, goalAccepted)
	return cmd
}

func (v *reporting) run(ctx context.Context, args []string) error {
	if err := v.check(); err != nil {
		return err
	}
	if v.goal != "" && v.goal != goalReady && v.goal != goalAccepted {
		return wrongUsage("--wait=%q is not one of ready, accepted", v.goal)
	}
	if v.watch && !v.isTable() {
		return wrongUsage("--watch shows a table; with -o %s use --wait, or kubectl get users --watch", v.format)
	}
	c, err := v.cluster()
	if err != nil {
		return err
	}
	b, err := c.board(ctx, args)
	if err != nil {
		return err
	}
	if v.watch || v.goal != "" {
		return v.follow(ctx, c, b)
	}
	if err := b.load(ctx, c); err != nil {
		return err
	}
	return v.show(b.standing())
}

// show writes a standing once.
func (v *reporting) show(s standing) error {
	if !v.isTable() {
		return v.print(v.Out, s)
	}
	lines, err := s.lines(0)
	for _, line := range lines {
		fmt.Fprintln(v.Out, safe.Text(line))
	}
	return err
}

// board is an empty one of what the arguments name.
func (c *cluster) board(ctx context.Context, args []string) (*board, error) {
	b := &board{target: target{kind: kindOrganization}}
	if len(args) == 0 {
		org, err := c.organization(ctx, "")
		if err != nil {
			return nil, err
		}
		b.name = org.Name
		return b, nil
	}
	var err error
	b.target, err = parseTarget(args[0], kindOrganization, kindBatch)
	return b, err
}

// load reads all that a board shows.
func (b *board) load(ctx context.Context, c *cluster) error {
	b.users = map[string]*v1alpha1.User{}
	if b.kind == kindBatch {
		b.batch = &v1alpha1.InviteBatch{}
		if err := c.get(ctx, b.name, b.batch); err != nil {
			return err
		}
	} else {
		b.organization = &v1alpha1.Organization{}
		if err := c.get(ctx, b.name, b.organization); err != nil {
			return err
		}
	}
	var all v1alpha1.UserList
	options := []client.ListOption{client.InNamespace(c.namespace)}
	if b.kind == kindBatch {
		options = append(options, client.MatchingLabels{v1alpha1.LabelBatch: b.name})
	}
	if err := c.List(ctx, &all, options...); err != nil {
		return err
	}
	for i := range all.Items {
		b.put(&all.Items[i])
	}
	return nil
}

func (b *board) put(u *v1alpha1.User) {
	if b.belongs(u) {
		b.users[u.Name] = u
	}
}

// follow shows a board until what is waited for has happened.
func (v *reporting) follow(ctx context.Context, c *cluster, b *board) error {
	within, cancel := v.within(ctx, v.timeout)
	defer cancel()
	face := v.face()
	var last standing
	err := v.changes(within, c, b, func() (bool, error) {
		last = b.standing()
		if err := face.show(last); err != nil {
			return false, err
		}
		return v.goal != "" && last.reached(v.goal), nil
	})
	if v.goal != "" && !v.isTable() && (err == nil || timedOut(within)) {
		if printErr := v.print(v.Out, last); printErr != nil {
			return printErr
		}
	}
	switch {
	case err == nil:
		return nil
	case timedOut(within) && v.goal == "":
		return nil
	case timedOut(within):
		return unfinished("%s %q is not %s within %s: %s", b.kind, b.name, v.goal, v.timeout, last.headline())
	case ctx.Err() != nil && v.goal == "":
		// Whoever watches stops when they have seen enough.
		return nil
	}
	return err
}

func (v *reporting) face() face {
	switch {
	case !v.isTable():
		return silent{}
	case v.terminal:
		return &drawing{screen: live.NewScreen(v.raw, nil)}
	default:
		return &telling{session: v.session, seen: map[string]standingPerson{}}
	}
}
