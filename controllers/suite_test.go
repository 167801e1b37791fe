package controllers_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// managerAccount is who the manager is in a cluster: the stories run with
// exactly the rights that config/default gives it.
const managerAccount = "system:serviceaccount:rollcall-system:rollcall-manager"

// suite is what all stories share: one control plane with everything of
// config/default applied, and the program under test.
var suite struct {
	plane      *testkit.ControlPlane
	client     client.WithWatch
	binary     string
	kubeconfig string
	// addresses are those that stories have taken.
	addresses sync.Map
}

// crowd is how many stories are told at once for each processor, unless -parallel
// says otherwise: most of the time a story waits, for a lease, for a removal's
// delay, for a mail that is tried again.
const crowd = 3

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "controllers:", err)
		code = 1
	}
	os.Exit(code)
}

// gather makes the crowd.
func gather() error {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if said {
		return nil
	}
	return flag.Set("test.parallel", strconv.Itoa(crowd*goruntime.GOMAXPROCS(0)))
}

func run(m *testing.M) (int, error) {
	if err := gather(); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "rollcall-stories-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	suite.binary = filepath.Join(dir, "rollcall")
	if err := build(ctx, suite.binary); err != nil {
		return 0, err
	}
	suite.plane, err = testkit.StartControlPlane(ctx, testkit.ControlPlaneOptions{ControllerManager: true})
	if err != nil {
		return 0, err
	}
	defer func() { _ = suite.plane.Stop(context.Background()) }()
	if err := prepare(ctx, dir); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// build builds the program with the race detector when the test has it, and
// with a clock that stories can move; see internal/app/clock_timetravel.go.
func build(ctx context.Context, into string) error {
	args := []string{"build", "-tags", "timetravel", "-o", into}
	if raceEnabled {
		args = append(args, "-race")
	}
	command := exec.CommandContext(ctx, "go", append(args, "./cmd/rollcall")...)
	command.Dir = testkit.Repository()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build rollcall: %w\n%s", err, out)
	}
	return nil
}

func prepare(ctx context.Context, dir string) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	config := suite.plane.Config()
	config.QPS = -1
	var err error
	if suite.client, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	apply := exec.CommandContext(ctx, suite.plane.Kubectl(), "--kubeconfig", suite.plane.Kubeconfig(),
		"apply", "--server-side", "-k", filepath.Join(testkit.Repository(), "config", "default"))
	if out, err := apply.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl apply -k config/default: %w\n%s", err, out)
	}
	suite.kubeconfig = filepath.Join(dir, "manager.kubeconfig")
	return impersonate(suite.plane.Kubeconfig(), suite.kubeconfig)
}

// impersonate writes a kubeconfig with which a process is the manager's service
// account, and nobody else.
func impersonate(admin, into string) error {
	config, err := clientcmd.LoadFromFile(admin)
	if err != nil {
		return err
	}
	for _, info := range config.AuthInfos {
		info.Impersonate = managerAccount
	}
	return clientcmd.WriteToFile(*config, into)
}
