package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

// world is all that runs.
type world struct {
	layout layout
	out    *console
	// fail ends the run, with what broke.
	fail  context.CancelCauseFunc
	ports ports
	// ends are what stops the parts, in the order of their start.
	ends []func(context.Context) error
}

func (w *world) start(ctx context.Context) error {
	ports, err := choosePorts(ctx, w.layout)
	if err != nil {
		return err
	}
	w.ports = ports
	cluster := w.startControlPlane
	if w.layout.kubeconfig != "" {
		cluster = w.useCluster
	}
	for _, step := range []func(context.Context) error{cluster, w.startMail, w.startManager, w.applySamples, w.showPeople} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return w.tell()
}

// stop ends the parts, the last one first. now ends when that shall be quick.
func (w *world) stop(now context.Context) error {
	err := w.layout.notReady()
	if len(w.ends) == 0 {
		return err
	}
	return errors.Join(err, w.out.step("stopping", func(func(string)) (string, error) {
		var errs []error
		for _, end := range slices.Backward(w.ends) {
			errs = append(errs, end(now))
		}
		return "everything is stopped; make run goes on from here", errors.Join(errs...)
	}))
}

func (w *world) onStop(end func(context.Context) error) { w.ends = append(w.ends, end) }

// startMail starts the mail server and the page on which its mail is read.
func (w *world) startMail(ctx context.Context) error {
	sink, err := mailtest.Start(mailtest.Options{Addr: loopback(w.ports.SMTP), Dir: w.layout.dev("mail"), SMTPUTF8: true})
	if err != nil {
		return err
	}
	w.onStop(func(context.Context) error { return sink.Stop() })
	server := &http.Server{Addr: loopback(w.ports.Inbox), Handler: mailtest.Inbox(sink), ReadHeaderTimeout: time.Minute}
	w.onStop(func(context.Context) error { return server.Close() })
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			w.fail(fmt.Errorf("inbox: %w", err))
		}
	}()
	return ctx.Err()
}

// tell prints where to go on, and then says that all is ready.
func (w *world) tell() error {
	portal, inbox := browse(w.ports.Portal), browse(w.ports.Inbox)
	w.out.printf(`
  Inbox      %s   the invitations; follow a link to accept one
  Portal     %s
  Database   %s
  Log        %s

  export KUBECONFIG=%s
  %s get users -n %s

`, inbox, portal, w.layout.databaseName(), w.layout.dev("rollcall.log"), w.layout.usedKubeconfig(), w.layout.bin("k8s", "kubectl"), sampleNamespace)
	ready := fmt.Sprintf("PORTAL_URL=%s\nINBOX_URL=%s\nSMTP_ADDRESS=%s\nKUBECONFIG=%q\nRUN_PID=%d\n",
		portal, inbox, loopback(w.ports.SMTP), w.layout.usedKubeconfig(), os.Getpid())
	if err := writeFile(w.layout.dev("ready"), ready); err != nil {
		return err
	}
	w.out.note("Rollcall runs. Ctrl-C stops everything.")
	return nil
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func browse(port int) string { return fmt.Sprintf("http://localhost:%d", port) }
