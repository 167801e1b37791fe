package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "controlplane: interrupted; what is finished is kept, and the next run goes on from there")
		os.Exit(130)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fetch", flag.ExitOnError)
	module := flags.String("module", ".", "folder of the Go module that pins the versions")
	out := flags.String("out", filepath.Join("..", "..", "bin", "k8s"), "folder to put the programs in")
	limit := flags.Duration("prebuilt-timeout", 20*time.Second, "time that a download may take; 0 always builds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	outDir, err := filepath.Abs(*out)
	if err != nil {
		return fmt.Errorf("finding the output folder: %w", err)
	}
	f, err := newFetcher(options{
		module:        *module,
		out:           outDir,
		assets:        os.Getenv("KUBEBUILDER_ASSETS"),
		prebuiltLimit: *limit,
		goTool:        "go",
		console:       newConsole(os.Stdout, time.Now),
	})
	if err != nil {
		return err
	}
	return f.run(ctx)
}
