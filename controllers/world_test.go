package controllers_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
	"github.com/rollcall-dev/rollcall/internal/status/statustest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// patience is how long a story waits for one thing. It is generous: a machine
// may be slow, and a story that waits this long has failed for another reason.
const patience = 4 * time.Minute

// attempt is how long the manager gives one mail in a hurry, so that stories about
// crashes do not take minutes.
const attempt = 5 * time.Second

// world is one story's own: a namespace, a mail server, a database, and a
// manager that works in that namespace only.
type world struct {
	*testing.T
	ctx       context.Context
	namespace string
	sink      *mailtest.Sink
	database  string
	manager   *process
	// portal is the URL at which people reach the portal.
	portal string
	key    string
	// home is where the members are held.
	home home
	// attempt is how long the manager gives one mail: a minute, which a mail does
	// not take on a busy machine either. Longer than that, and it may come twice.
	attempt time.Duration
	// ahead is by how much the clock of all processes is ahead of the real one.
	ahead time.Duration
}

type worldOption func(*world)

// onDatabase makes the story happen on this database instead of a new SQLite file.
func onDatabase(url string) worldOption { return func(w *world) { w.database = url } }

// inAHurry is for stories in which what became of a mail is not known.
func inAHurry(w *world) { w.attempt = attempt }

// withSecrets lets the manager write Secrets in the story's namespace.
func withSecrets(w *world) {
	w.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "rollcall-secrets"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "rollcall-secrets"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "rollcall-system", Name: "rollcall-manager"}},
	})
}

func newWorld(t *testing.T, options ...worldOption) *world {
	t.Helper()
	t.Parallel()
	return anotherWorld(t, options...)
}

// anotherWorld is a further one in the same story, with which it shares nothing.
func anotherWorld(t *testing.T, options ...worldOption) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	t.Cleanup(cancel)
	w := &world{T: t, ctx: ctx, namespace: "story-" + hex.EncodeToString(randomBytes(5)), home: homeOf(t), attempt: time.Minute}
	var err error
	if w.sink, err = mailtest.Start(mailtest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.sink.Stop() })
	must(t, suite.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
	w.key = filepath.Join(t.TempDir(), "link.key")
	must(t, os.WriteFile(w.key, []byte(hex.EncodeToString(randomBytes(32))), 0o600))
	for _, o := range options {
		o(w)
	}
	if w.database == "" {
		w.database = databasetest.SQLiteURL(t)
	}
	address := freeAddress(t)
	w.portal = "http://localhost:" + address[strings.LastIndex(address, ":")+1:]
	w.observe()
	w.manager = w.newProcess("manager", "manager",
		"--kubeconfig", suite.kubeconfig, "--namespaces", w.namespace,
		"--database-url", w.database, "--link-key-file", w.key,
		"--portal-bind-address", address, "--portal-url", w.portal,
		"--smtp-url", "smtp://"+w.sink.Addr()+"?tls=none", "--mail-from", "invitations@rollcall.example",
		"--mail-attempt-timeout", w.attempt.String(),
		"--metrics-bind-address", "0", "--health-probe-bind-address", "0")
	return w
}

// apart takes the portal out of the manager, into a process of its own that
// holds no Kubernetes credentials.
func (w *world) apart() *process {
	address := ""
	for i, arg := range w.manager.args {
		if arg == "--portal-bind-address" {
			address = w.manager.args[i+1]
			w.manager.args = slices.Delete(w.manager.args, i, i+2)
			break
		}
	}
	return w.newProcess("portal", "portal", "--database-url", w.database, "--bind-address", address,
		"--portal-url", w.portal, "--metrics-bind-address", "0")
}

// start starts the manager, and waits until its portal answers.
func (w *world) start() {
	w.Helper()
	w.manager.start()
	w.eventually("the portal answers", func() (bool, string) { return w.ready(w.portal) })
}

func (w *world) ready(url string) (bool, string) {
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url+"/readyz", http.NoBody)
	must(w.T, err)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err.Error()
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK, response.Status
}

// travel moves the clock of all the story's processes on, while they run.
// Timers that were set before do not notice.
func (w *world) travel(by time.Duration) {
	w.Helper()
	w.ahead += by
	next := w.offsetFile() + ".next"
	must(w.T, os.WriteFile(next, []byte(w.ahead.String()), 0o600))
	must(w.T, os.Rename(next, w.offsetFile()))
}

func (w *world) offsetFile() string { return filepath.Join(filepath.Dir(w.key), "clock") }

// restart is what the world looks like after a night: everything is looked at anew.
func (w *world) restart() {
	w.Helper()
	w.manager.stop(syscall.SIGTERM)
	w.start()
}

// observe checks every status that anybody could have seen in the namespace,
// and that all GitOps tools see the same in it.
func (w *world) observe() {
	checker := statustest.NewChecker()
	var watching sync.WaitGroup
	ctx, cancel := context.WithCancel(w.ctx)
	for _, list := range []client.ObjectList{
		&v1alpha1.OrganizationList{}, &v1alpha1.BusinessUnitList{}, &v1alpha1.RoleList{},
		&v1alpha1.UserList{}, &v1alpha1.InviteBatchList{}, &v1alpha1.IdentityBackendList{}, &v1alpha1.InviteLinkList{},
	} {
		events, err := suite.client.Watch(ctx, list, client.InNamespace(w.namespace))
		must(w.T, err)
		watching.Go(func() {
			for event := range events.ResultChan() {
				object, ok := event.Object.(client.Object)
				if !ok {
					continue
				}
				checker.Observe(object)
				if what := disagreement(object); what != "" {
					w.Errorf("GitOps tools disagree: %s", what)
				}
			}
		})
	}
	w.Cleanup(func() {
		cancel()
		watching.Wait()
		for _, violation := range checker.Violations() {
			w.Errorf("kstatus: %s", violation)
		}
	})
}

// process is one that a story starts, kills and starts again.
type process struct {
	w       *world
	args    []string
	log     string
	running *exec.Cmd
}

func (w *world) newProcess(name string, args ...string) *process {
	p := &process{w: w, log: filepath.Join(w.TempDir(), name+".log"), args: append(args, "--log-format", "text", "--log-level", "debug")}
	w.Cleanup(func() {
		p.stop(syscall.SIGTERM)
		if w.Failed() {
			w.Logf("end of the log of %s:\n%s", name, tail(p.log, 60))
		}
	})
	return p
}

func (p *process) start() {
	p.w.Helper()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.w.T, err)
	// It ends by the signals of the story, not with a context.
	command := exec.Command(suite.binary, p.args...)
	command.Env = append(os.Environ(), "ROLLCALL_CLOCK_OFFSET_FILE="+p.w.offsetFile())
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(p.w.T, command.Start())
	_ = out.Close()
	p.running = command
}

// kill ends the process at once, wherever it is.
func (p *process) kill() { p.stop(syscall.SIGKILL) }

func (p *process) stop(signal syscall.Signal) {
	if p.running == nil {
		return
	}
	_ = p.running.Process.Signal(signal)
	_ = p.running.Wait()
	p.running = nil
}

func (w *world) create(objects ...client.Object) {
	w.Helper()
	for _, o := range objects {
		o.SetNamespace(w.namespace)
		if org, is := o.(*v1alpha1.Organization); is {
			w.home.take(w, org)
		}
		must(w.T, suite.client.Create(w.ctx, o))
	}
}

// edit changes an object as somebody with kubectl would, again on conflict.
func edit[T client.Object](w *world, object T, change func(T)) {
	w.Helper()
	w.eventually("edit "+object.GetName(), func() (bool, string) {
		must(w.T, suite.client.Get(w.ctx, client.ObjectKeyFromObject(object), object))
		change(object)
		if err := suite.client.Update(w.ctx, object); err != nil {
			return false, err.Error()
		}
		return true, ""
	})
}

// eventually waits until something is so, and fails with what was seen last.
func (w *world) eventually(what string, done func() (bool, string)) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	err := testkit.Eventually(ctx, what, func(context.Context) (bool, string, error) {
		ok, observed := done()
		return ok, observed, nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// freeAddress is one for the whole story, in which a process is killed and started
// again: none that the kernel gives to whoever connects or listens meanwhile,
// which is what a port of 0 asks for.
func freeAddress(t testing.TB) string {
	t.Helper()
	const first, last = 10_000, 30_000 // the kernel's begin at 32768
	for range 1000 {
		port := first + int(binary.BigEndian.Uint32(randomBytes(4))%(last-first))
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if _, taken := suite.addresses.LoadOrStore(address, true); taken {
			continue
		}
		if listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
	t.Fatal("no address is free")
	return ""
}

func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
