package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// errInterrupted is why everything stops when a person asked for it.
var errInterrupted = errors.New("interrupted")

func main() {
	// The libraries would tell of every retry; what matters is in the errors.
	log.SetLogger(logr.Discard())
	out := newConsole(os.Stdout, isTerminal(os.Stdout) && os.Getenv("TERM") != "dumb")
	l := layoutBelow(testkit.Repository(), os.Getenv)
	ctx, now := untilInterrupted()
	if err := run(ctx, now, l, out); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// untilInterrupted returns a context that ends with the first signal, and one
// that ends with the second.
func untilInterrupted() (context.Context, context.Context) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, stop := context.WithCancelCause(context.Background())
	now, kill := context.WithCancelCause(context.Background())
	go func() {
		<-signals
		stop(errInterrupted)
		<-signals
		kill(errInterrupted)
	}()
	return ctx, now
}

// run starts everything, waits until the context ends or something breaks, and
// stops everything; now ends when that shall be quick. It returns nil when it
// was interrupted.
func run(ctx, now context.Context, l layout, out *console) error {
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.notReady(); err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	w := &world{layout: l, out: out, fail: fail}
	err = w.start(ctx)
	if err == nil {
		<-ctx.Done()
	}
	// What broke tells more than the step that was interrupted by it.
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, errInterrupted) {
		err = nil
	}
	return errors.Join(err, w.stop(now))
}
