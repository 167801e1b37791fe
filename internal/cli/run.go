package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// Options are what a run needs of the process it happens in.
type Options struct {
	// Args are the arguments, without the name of the program.
	Args []string
	// Streams are where it reads and writes. Out and ErrOut are escaped by Run.
	Streams genericiooptions.IOStreams
	// Clock tells the time. Required.
	Clock clock.WithTicker
	// Connect opens the Kubernetes API that the flags name. Default: as kubectl does.
	Connect func(*genericclioptions.ConfigFlags) (client.WithWatch, error)
}

// Run runs one command and returns the exit code; see the constants. It ends
// early when the context does.
func Run(ctx context.Context, o Options) int {
	if o.Clock == nil || o.Streams.In == nil || o.Streams.Out == nil || o.Streams.ErrOut == nil {
		return ExitFailed
	}
	if o.Connect == nil {
		o.Connect = connect
	}
	s := newSession(o)
	root := newRoot(s)
	root.SetArgs(o.Args)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errDiffers) {
		fmt.Fprintf(s.ErrOut, "error: %v\n", told(err))
	}
	return exitCode(err)
}

// session is one run: what all verbs share.
type session struct {
	// IOStreams are safe to write any text to. Out escapes for a terminal only;
	// a pipe gets what machines read as it is.
	genericiooptions.IOStreams

	// raw is the terminal itself, for what is drawn on it.
	raw      io.Writer
	terminal bool
	clock    clock.WithTicker
	flags    *genericclioptions.ConfigFlags
	open     func(*genericclioptions.ConfigFlags) (client.WithWatch, error)
}

func newSession(o Options) *session {
	s := &session{
		IOStreams: genericiooptions.IOStreams{In: o.Streams.In, Out: o.Streams.Out, ErrOut: safe.NewWriter(o.Streams.ErrOut)},
		raw:       o.Streams.Out, terminal: printers.IsTerminal(o.Streams.Out),
		clock: o.Clock, flags: genericclioptions.NewConfigFlags(true), open: o.Connect,
	}
	if s.terminal {
		s.Out = safe.NewWriter(o.Streams.Out)
	}
	return s
}

// say tells a person what happened, beside the answer.
func (s *session) say(format string, args ...any) { fmt.Fprintf(s.ErrOut, format+"\n", args...) }
