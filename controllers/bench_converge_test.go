package controllers_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

const (
	// appliers is how many Users are applied at once, by whoever applies.
	appliers = 16
	// usersVariable says of how many Users the benchmark is; 1000 by default.
	usersVariable = "CONVERGE_USERS"
	// convergePatience bounds one convergence; it is far more than any takes.
	convergePatience = 30 * time.Minute
)

// BenchmarkConverge measures the time from applying many Users until all are
// Ready, which is until the mail server has taken every invitation, and divides
// it by what a bare client needs in the same run to create as many and to write
// the status of each once.
func BenchmarkConverge(b *testing.B) {
	b.Run("Users", func(b *testing.B) {
		measure(b, func(w *convergence, n int) { w.applyUsers(w.namespace, n) })
	})
	b.Run("InviteBatch", func(b *testing.B) {
		measure(b, func(w *convergence, n int) { w.applyBatch(n) })
	})
}

func users(b *testing.B) int {
	b.Helper()
	text := os.Getenv(usersVariable)
	if text == "" {
		return 1000
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

func measure(b *testing.B, apply func(w *convergence, n int)) {
	n := users(b)
	for b.Loop() {
		bare := newConvergence(b)
		took := bare.clientAlone(n)

		w := newConvergence(b)
		w.startManager()
		before := w.sample()
		watched := w.watchUsers(n)
		began := time.Now()
		apply(w, n)
		watched.wait()
		converged := time.Since(began)
		after := w.sample()

		b.ReportMetric(converged.Seconds()/took.Seconds(), "ratio")
		b.ReportMetric(float64(n)/converged.Seconds(), "users/s")
		b.ReportMetric(float64(watched.writes.Load())/float64(n), "writes/user")
		b.ReportMetric(float64(w.events())/float64(n), "events/user")
		b.ReportMetric((after.looks-before.looks)/float64(n), "looks/user")
		b.ReportMetric((after.memory-before.memory)/float64(n), "B-manager/user")
		b.ReportMetric((after.processor-before.processor)/float64(n)*1e6, "µs-manager/user")
		b.ReportMetric(took.Seconds()/float64(n)*1e6, "µs-bare/user")
		w.stop()
	}
}

// convergence is a namespace, and what works in it.
type convergence struct {
	*testing.B
	ctx       context.Context
	namespace string
	metrics   string
	manager   *exec.Cmd
}

func newConvergence(b *testing.B) *convergence {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), convergePatience)
	b.Cleanup(cancel)
	w := &convergence{B: b, ctx: ctx, namespace: "bench-" + hex.EncodeToString(randomBytes(5))}
	must(b, suite.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
	return w
}

// startManager starts the program as it is released, but for the clock.
func (w *convergence) startManager() {
	w.Helper()
	sink, err := mailtest.Start(mailtest.Options{})
	must(w.B, err)
	w.Cleanup(func() { _ = sink.Stop() })
	dir := w.TempDir()
	key := filepath.Join(dir, "link.key")
	must(w.B, os.WriteFile(key, []byte(hex.EncodeToString(randomBytes(32))), 0o600))
	w.metrics = freeAddress(w.B)
	output, err := os.Create(filepath.Join(dir, "manager.log"))
	must(w.B, err)
	defer func() { _ = output.Close() }()
	w.manager = exec.Command(suite.binary, "manager",
		"--kubeconfig", suite.kubeconfig, "--namespaces", w.namespace,
		"--database-url", databasetest.SQLiteURL(w.B), "--link-key-file", key, "--portal-url", "http://localhost:1",
		"--smtp-url", "smtp://"+sink.Addr()+"?tls=none", "--mail-from", "invitations@rollcall.example",
		"--metrics-bind-address", w.metrics, "--health-probe-bind-address", "0")
	w.manager.Stdout, w.manager.Stderr = output, output
	w.manager.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(w.B, w.manager.Start())
	w.Cleanup(w.stop)
	w.organization()
}

// organization applies one whose rails let everybody through, and waits for it.
func (w *convergence) organization() {
	w.Helper()
	all := int32(1_000_000)
	org := sunrise()
	org.Namespace = w.namespace
	org.Spec.Safety.MaxInvitations.Floor = &all
	must(w.B, suite.client.Create(w.ctx, org))
	err := testkit.Eventually(w.ctx, "the organization is ready", func(ctx context.Context) (bool, string, error) {
		err := suite.client.Get(ctx, client.ObjectKeyFromObject(org), org)
		return meta.IsStatusConditionTrue(org.Status.Conditions, v1alpha1.ConditionReady), "it is not", err
	})
	must(w.B, err)
}

func (w *convergence) stop() {
	if w.manager == nil {
		return
	}
	_ = w.manager.Process.Signal(syscall.SIGTERM)
	_ = w.manager.Wait()
	w.manager = nil
}

func someUser(namespace string, i int) *v1alpha1.User {
	u := user(fmt.Sprintf("person-%06d", i), fmt.Sprintf("person-%06d@example.com", i))
	u.Namespace = namespace
	u.Spec.Profile.DisplayName = fmt.Sprintf("Person %06d", i)
	return u
}

func (w *convergence) applyUsers(namespace string, n int) {
	w.Helper()
	must(w.B, w.each(n, func(i int) error { return suite.client.Create(w.ctx, someUser(namespace, i)) }))
}

func (w *convergence) applyBatch(n int) {
	w.Helper()
	batch := &v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "everybody"},
		Spec:       v1alpha1.InviteBatchSpec{OrganizationRef: clinicRef},
	}
	for i := range n {
		batch.Spec.Emails = append(batch.Spec.Emails, fmt.Sprintf("Person %06d <person-%06d@example.com>", i, i))
	}
	must(w.B, suite.client.Create(w.ctx, batch))
}

func (w *convergence) each(n int, do func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(appliers)
	for i := range n {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}

// clientAlone is the yardstick: so many Users created, and the status of each
// written once, as large as a real one is.
func (w *convergence) clientAlone(n int) time.Duration {
	w.Helper()
	status := v1alpha1.UserStatus{ObservedGeneration: 1, MemberID: "00000000000000000000", Address: "person-000000@example.com"}
	for _, kind := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionProvisioned,
		v1alpha1.ConditionAccessApplied, v1alpha1.ConditionInvited, v1alpha1.ConditionPending, v1alpha1.ConditionAccepted,
	} {
		meta.SetStatusCondition(&status.Conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: "Everything that the spec names exists.",
		})
	}
	began := time.Now()
	must(w.B, w.each(n, func(i int) error {
		u := someUser(w.namespace, i)
		if err := suite.client.Create(w.ctx, u); err != nil {
			return err
		}
		before := u.DeepCopy()
		u.Status = status
		return suite.client.Status().Patch(w.ctx, u, client.MergeFrom(before))
	}))
	return time.Since(began)
}

// watching counts what is written to Users, and waits until enough are Ready.
type watching struct {
	w      *convergence
	writes atomic.Int64
	done   chan struct{}
	// ready is for the goroutine that follows alone.
	ready map[types.UID]bool
}

func (w *convergence) watchUsers(n int) *watching {
	w.Helper()
	watched := &watching{w: w, done: make(chan struct{}), ready: map[types.UID]bool{}}
	changes, err := followUsers(w.ctx, w.namespace)
	must(w.B, err)
	go func() {
		for u := range changes {
			watched.see(u, n)
		}
	}()
	return watched
}

func (o *watching) see(u *v1alpha1.User, n int) {
	o.writes.Add(1)
	if !meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionReady) || o.ready[u.UID] {
		return
	}
	o.ready[u.UID] = true
	if len(o.ready) == n {
		close(o.done)
	}
}

func (o *watching) wait() {
	o.w.Helper()
	select {
	case <-o.done:
	case <-o.w.ctx.Done():
		o.w.Fatal("not all Users became Ready")
	}
}

// events counts those that were recorded about Users; they are written in the
// background, and some may still be on their way.
func (w *convergence) events() int {
	w.Helper()
	var list eventsv1.EventList
	must(w.B, suite.client.List(w.ctx, &list, client.InNamespace(w.namespace)))
	return len(list.Items)
}

// sample is what the manager has used so far: bytes, seconds of processor, and
// looks at Users.
type sample struct{ memory, processor, looks float64 }

var sampled = regexp.MustCompile(
	`(?m)^(process_resident_memory_bytes|process_cpu_seconds_total|controller_runtime_reconcile_total\{controller="user".*\}) (\S+)$`)

func (w *convergence) sample() sample {
	w.Helper()
	var s sample
	err := testkit.Eventually(w.ctx, "the manager's metrics", func(ctx context.Context) (bool, string, error) {
		var err error
		s, err = w.scrape(ctx)
		return err == nil && s.memory > 0, fmt.Sprint(err), nil
	})
	must(w.B, err)
	return s
}

func parseSample(text string) (sample, error) {
	var s sample
	for _, match := range sampled.FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return sample{}, err
		}
		switch match[1] {
		case "process_resident_memory_bytes":
			s.memory = value
		case "process_cpu_seconds_total":
			s.processor = value
		default:
			s.looks += value
		}
	}
	return s, nil
}

func (w *convergence) scrape(ctx context.Context) (sample, error) {
	text, err := fetch(ctx, "http://"+w.metrics+"/metrics")
	if err != nil {
		return sample{}, err
	}
	return parseSample(text)
}
