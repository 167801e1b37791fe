package cli_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/fakeapi"
)

var update = flag.Bool("update", false, "write the golden files")

// hostile is what people are called who do not wish us well.
const hostile = "Eve\r\n\x1b[2J\u009b31m<b>\u202e𝔸"

// world is a cluster and a person with the plug-in.
type world struct {
	*testing.T
	api client.WithWatch
	// stdin is what the person types.
	stdin string
	// report is what a manager answers; nil never does.
	report func(asked string) report.Report
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	w := &world{T: t}
	w.api = interceptor.NewClient(fakeapi.New(t, objects...), interceptor.Funcs{Patch: w.patch})
	return w
}

// patch does what the manager does when somebody asks for a report.
func (w *world) patch(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	before := o.GetAnnotations()[v1alpha1.AnnotationReport]
	if err := c.Patch(ctx, o, patch, opts...); err != nil {
		return err
	}
	org, ok := o.(*v1alpha1.Organization)
	if !ok || w.report == nil || org.Annotations[v1alpha1.AnnotationReport] != before {
		return nil
	}
	org = org.DeepCopy()
	data, err := report.Encode(w.report(before))
	if err != nil {
		return err
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: org.Namespace, Name: org.Name + "-report"}, Type: v1alpha1.SecretTypeReport, Data: data}
	if err := c.Create(ctx, secret); err != nil {
		return err
	}
	org.Status.Report = &v1alpha1.OrganizationReport{RequestedAt: before, SecretRef: &v1alpha1.LocalReference{Name: secret.Name}}
	return c.Status().Update(ctx, org)
}

type said struct {
	code     int
	out, err string
}

// run runs the plug-in in the namespace of the builders.
func (w *world) run(args ...string) said {
	w.Helper()
	return w.exec(append(args, "-n", testkit.Namespace)...)
}

func (w *world) exec(args ...string) said {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	var out, stderr bytes.Buffer
	code := cli.Run(ctx, cli.Options{
		Args:    args,
		Streams: genericiooptions.IOStreams{In: strings.NewReader(w.stdin), Out: &out, ErrOut: &stderr},
		Clock:   clock.RealClock{},
		Connect: func(*genericclioptions.ConfigFlags) (client.WithWatch, error) { return w.api, nil },
	})
	return said{code: code, out: out.String(), err: stderr.String()}
}

// does runs the plug-in, and fails unless it is done.
func (w *world) does(args ...string) said {
	w.Helper()
	s := w.run(args...)
	if s.code != cli.ExitDone {
		w.Fatalf("%s: exit code %d\n%s%s", strings.Join(args, " "), s.code, s.out, s.err)
	}
	return s
}

// refuses runs the plug-in, and fails unless it ends so, says that, and answers nothing.
func (w *world) refuses(code int, says string, args ...string) {
	w.Helper()
	s := w.run(args...)
	if s.code != code || !strings.Contains(s.err, says) {
		w.Errorf("%s: exit code %d and\n%swant %d and %q", strings.Join(args, " "), s.code, s.err, code, says)
	}
	if s.out != "" {
		w.Errorf("%s answers beside an error:\n%s", strings.Join(args, " "), s.out)
	}
}

// get returns an object as it stands.
func get[T client.Object](w *world, name string, into T) T {
	w.Helper()
	if err := w.api.Get(w.Context(), client.ObjectKey{Namespace: testkit.Namespace, Name: name}, into); err != nil {
		w.Fatal(err)
	}
	return into
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// sound fails when a text could talk to a terminal.
func sound(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u202e' {
			t.Errorf("%U reaches the terminal in:\n%q", r, text)
			return
		}
	}
}

func with(kind string, status metav1.ConditionStatus, reason, message string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) {
		u.Status.Conditions = append(u.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message})
	}
}

func accepted(u *v1alpha1.User) {
	with(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")(u)
	with(v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonNotRequired, "")(u)
	with(v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee, "")(u)
}

func pending(u *v1alpha1.User) {
	with(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")(u)
	with(v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent, "")(u)
	with(v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance, "")(u)
	with(v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonAwaitingAcceptance, "")(u)
}

func ready(o *v1alpha1.Organization) {
	o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue})
}
