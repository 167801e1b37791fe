package testkit_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func startControlPlane(t *testing.T, o testkit.ControlPlaneOptions) *testkit.ControlPlane {
	t.Helper()
	c, err := testkit.StartControlPlane(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// clientOf goes by the kubeconfig file, as people do.
func clientOf(t *testing.T, c *testkit.ControlPlane) client.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	k, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func organization(name string) *v1alpha1.Organization {
	return &v1alpha1.Organization{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       v1alpha1.OrganizationSpec{DisplayName: "Sunrise Clinic"},
	}
}

func TestControllerManagerCollectsGarbageAndNamespaces(t *testing.T) {
	ctx := t.Context()
	k := clientOf(t, startControlPlane(t, testkit.ControlPlaneOptions{ControllerManager: true}))
	owner := organization("owner")
	if err := k.Create(ctx, owner); err != nil {
		t.Fatal(err)
	}
	owned := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "owned", OwnerReferences: []metav1.OwnerReference{
			*metav1.NewControllerRef(owner, v1alpha1.GroupVersion().WithKind("Organization")),
		},
	}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "passing"}}
	for _, o := range []client.Object{owned, namespace} {
		if err := k.Create(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []client.Object{owner, namespace} {
		if err := k.Delete(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []client.Object{owned, namespace} {
		err := testkit.Eventually(ctx, o.GetName()+" to be gone", func(ctx context.Context) (bool, string, error) {
			err := k.Get(ctx, client.ObjectKeyFromObject(o), o)
			return apierrors.IsNotFound(err), "it is there", client.IgnoreNotFound(err)
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestDataDirContinuesWhereTheLastOneStopped(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	first := startControlPlane(t, testkit.ControlPlaneOptions{DataDir: dir})
	if err := clientOf(t, first).Create(ctx, organization("kept")); err != nil {
		t.Fatal(err)
	}
	kubeconfig := read(t, first.Kubeconfig())
	if err := first.Stop(ctx); err != nil {
		t.Fatal(err)
	}

	second := startControlPlane(t, testkit.ControlPlaneOptions{DataDir: dir})
	if diff := cmp.Diff(kubeconfig, read(t, second.Kubeconfig())); diff != "" {
		t.Errorf("the kubeconfig of the first run is not good any more (-first +second):\n%s", diff)
	}
	got := &v1alpha1.Organization{}
	if err := clientOf(t, second).Get(ctx, client.ObjectKey{Namespace: "default", Name: "kept"}, got); err != nil {
		t.Error(err)
	}
	if err := second.Stop(ctx); err != nil {
		t.Fatal(err)
	}

	port := read(t, filepath.Join(dir, "port"))
	other, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	third := startControlPlane(t, testkit.ControlPlaneOptions{DataDir: dir})
	if err := clientOf(t, third).Get(ctx, client.ObjectKey{Namespace: "default", Name: "kept"}, got); err != nil {
		t.Errorf("with the usual port taken: %v", err)
	}
}

func TestLostTellsOfAProgramThatEndedByItself(t *testing.T) {
	dir := t.TempDir()
	c := startControlPlane(t, testkit.ControlPlaneOptions{DataDir: dir})
	kill(t, read(t, filepath.Join(dir, "kube-apiserver.pid")))
	err := <-c.Lost()
	if !strings.Contains(err.Error(), "kube-apiserver ended by itself (signal: killed)") {
		t.Errorf("got: %v", err)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		reason   string
		programs map[string]string
		want     string
	}{
		"NoPrograms": {
			reason: "whoever has not run make controlplane is told to",
			want:   "no etcd in BINARIES: run make controlplane",
		},
		"ProgramFails": {
			reason: "the log of a program that failed is shown, because its file is in a temporary directory",
			programs: map[string]string{
				"etcd":           "#!/bin/sh\necho the disk is on fire\nexit 3\n",
				"kube-apiserver": "", "kubectl": "",
			},
			want: "the disk is on fire",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			binaries := t.TempDir()
			for program, content := range tt.programs {
				if err := os.WriteFile(filepath.Join(binaries, program), []byte(content), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			_, err := testkit.StartControlPlane(t.Context(), testkit.ControlPlaneOptions{Binaries: binaries})
			if want := strings.ReplaceAll(tt.want, "BINARIES", binaries); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got error %v, want one with %q", tt.reason, err, want)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
