package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "launch:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 4 && args[0] == "run":
		return outside(ctx, args[1:])
	case len(args) == 1 && args[0] == "try":
		return try(ctx)
	// The two below are what a copy of this program is started with.
	case len(args) == 4 && args[0] == "inside":
		return inside(ctx, args[1], args[2], args[3])
	case len(args) == 1 && args[0] == "nothing":
		return nil
	default:
		return errors.New("usage: launch run <program> <directory> <port>, or launch try")
	}
}
