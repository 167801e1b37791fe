package controllers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// installed is the namespace of config/default.
const installed = "rollcall-system"

// manifests are what kustomize makes of a folder.
type manifests []*unstructured.Unstructured

// render builds a folder below config, or any with an absolute path.
func render(t *testing.T, folder string) manifests {
	t.Helper()
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(testkit.Repository(), "config", folder)
	}
	out := kubectl(t, "kustomize", folder)
	var found manifests
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(out), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(o)
		if errors.Is(err, io.EOF) {
			return found
		}
		must(t, err)
		found = append(found, o)
	}
}

// overlay builds a folder of the test's own, with config/default below the kustomization.
func overlay(t *testing.T, kustomization string, components ...string) string {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	config, err := filepath.Rel(folder, filepath.Join(testkit.Repository(), "config"))
	must(t, err)
	content := kustomization + "\nresources: [" + config + "/default]\ncomponents:\n"
	for _, c := range components {
		content += "- " + config + "/components/" + c + "\n"
	}
	must(t, os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(content), 0o600))
	return folder
}

func kubectl(t *testing.T, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), suite.plane.Kubectl(), append([]string{"--kubeconfig", suite.plane.Kubeconfig()}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// find returns the one object of T's kind with the name; a name that ends in a
// hyphen stands for one with a hash behind it.
func find[T any](t *testing.T, m manifests, kind, name string) T {
	t.Helper()
	var object T
	for _, o := range m {
		if o.GetKind() == kind && (o.GetName() == name || strings.HasSuffix(name, "-") && strings.HasPrefix(o.GetName(), name)) {
			must(t, runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &object, true))
			return object
		}
	}
	t.Fatalf("no %s %q among the manifests", kind, name)
	return object
}

func TestDeploy_KubectlApplyTakesItWithoutAWarning(t *testing.T) {
	t.Parallel()
	kubectl(t, "apply", "--warnings-as-errors", "-k", filepath.Join(testkit.Repository(), "config", "default"))
}

func TestDeploy_EveryKindIsThere(t *testing.T) {
	t.Parallel()
	m := render(t, "default")
	bases, err := filepath.Glob(filepath.Join(testkit.Repository(), "config", "crd", "bases", "*.yaml"))
	must(t, err)
	if len(bases) == 0 {
		t.Fatal("no CRDs")
	}
	editor, viewer := granting(t, m, "rollcall-editor"), granting(t, m, "rollcall-viewer")
	for _, base := range bases {
		plural := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(base), "iam.rollcall.dev_"), ".yaml")
		find[map[string]any](t, m, "CustomResourceDefinition", plural+".iam.rollcall.dev")
		key := plural + ".iam.rollcall.dev"
		if got := viewer[key]; got != "get list watch" {
			t.Errorf("rollcall-viewer may %q %s; add it to config/rbac/viewer_role.yaml", got, plural)
		}
		if got := editor[key]; got != "create delete deletecollection get list patch update watch" {
			t.Errorf("rollcall-editor may %q %s; add it to config/rbac/editor_role.yaml", got, plural)
		}
	}
	if len(editor) != len(bases) || len(viewer) != len(bases) {
		t.Errorf("rollcall-editor and rollcall-viewer may do more than handle the %d kinds: %v, %v", len(bases), editor, viewer)
	}
}

func TestPromise_PodsRunUnderTheRestrictedProfile(t *testing.T) {
	t.Parallel()
	m := render(t, "default")
	for name, tc := range map[string]struct {
		change func(*corev1.PodSpec)
		// refused is what the API server says; "" when it takes the pod.
		refused string
		reason  string
	}{
		"as it is": {
			change: func(*corev1.PodSpec) {},
			reason: "the promise",
		},
		"with the node's processes": {
			change:  func(s *corev1.PodSpec) { s.HostPID = true },
			refused: "hostPID", reason: "shows that the namespace's label is enforced",
		},
		"gaining privileges": {
			change: func(s *corev1.PodSpec) {
				yes := true
				s.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes
			},
			refused: "allowPrivilegeEscalation", reason: "a setuid file must be worth nothing",
		},
		"as root": {
			change: func(s *corev1.PodSpec) {
				no, root := false, int64(0)
				s.SecurityContext.RunAsNonRoot, s.SecurityContext.RunAsUser = &no, &root
			},
			refused: "runAsNonRoot", reason: "the namespace is restricted, not baseline",
		},
		"with the node's files": {
			change: func(s *corev1.PodSpec) {
				s.Volumes = append(s.Volumes, corev1.Volume{Name: "host", VolumeSource: corev1.VolumeSource{
					HostPath: &corev1.HostPathVolumeSource{Path: "/"},
				}})
			},
			refused: "hostPath", reason: "volumes are restricted too",
		},
	} {
		for _, deployment := range []string{"rollcall-manager", "rollcall-portal"} {
			t.Run(deployment+" "+name, func(t *testing.T) {
				template := find[appsv1.Deployment](t, m, "Deployment", deployment).Spec.Template
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
					Namespace: installed, GenerateName: deployment + "-", Labels: template.Labels,
				}, Spec: template.Spec}
				tc.change(&pod.Spec)
				err := suite.client.Create(t.Context(), pod, client.DryRunAll)
				switch {
				case tc.refused == "" && err != nil:
					t.Errorf("refused: %v; want it accepted: %s", err, tc.reason)
				case tc.refused != "" && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), tc.refused)):
					t.Errorf("got %v, want it refused for %s: %s", err, tc.refused, tc.reason)
				}
			})
		}
	}
}

// The restricted profile does not ask for these.
func TestPromise_ContainersAreReadOnlyBoundedAndProbed(t *testing.T) {
	t.Parallel()
	m := render(t, "default")
	for _, name := range []string{"rollcall-manager", "rollcall-portal"} {
		d := find[appsv1.Deployment](t, m, "Deployment", name)
		if len(d.Spec.Template.Spec.Containers) != 1 {
			t.Fatalf("%s has %d containers, want one", name, len(d.Spec.Template.Spec.Containers))
		}
		c := d.Spec.Template.Spec.Containers[0]
		if c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
			t.Errorf("%s may write its root file system", name)
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s has resources %v; want requests and a limit of memory", name, c.Resources)
		}
		if c.StartupProbe == nil || c.LivenessProbe == nil || c.ReadinessProbe == nil {
			t.Errorf("%s lacks a probe", name)
		}
	}
}

func TestPromise_ThePortalHoldsNoKubernetesCredentials(t *testing.T) {
	t.Parallel()
	m := render(t, "default")
	pod := find[appsv1.Deployment](t, m, "Deployment", "rollcall-portal").Spec.Template.Spec
	account := find[corev1.ServiceAccount](t, m, "ServiceAccount", pod.ServiceAccountName)
	for who, mounted := range map[string]*bool{"account": account.AutomountServiceAccountToken, "pod": pod.AutomountServiceAccountToken} {
		if mounted == nil || *mounted {
			t.Errorf("the portal's %s has its token mounted", who)
		}
	}
	for _, v := range pod.Volumes {
		if v.Secret == nil || v.Secret.SecretName != "rollcall-database" {
			t.Errorf("the portal mounts %q; want nothing but the database's URL", v.Name)
		}
	}
	if got := rightsOf(t, installed, account.Name, installed); len(got) != 0 {
		t.Errorf("the portal's account may %v, want nothing that nobody else may", got)
	}
}

// secrets are those that docs/dev/deploying.md has people create, by their
// names and keys.
func (w *world) secrets() map[string]map[string]string {
	key, err := os.ReadFile(w.key)
	must(w.T, err)
	values := map[string]string{
		"rollcall-database": w.database, "rollcall-link-key": string(key), "rollcall-smtp": "a password\n",
	}
	found := map[string]map[string]string{}
	for name, key := range secretsToldOf(w.T, "docs/dev/deploying.md") {
		found[name] = map[string]string{key: values[name]}
	}
	return found
}

// secretsToldOf are the names and keys of the Secrets that a file has commands for.
func secretsToldOf(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testkit.Repository(), file))
	must(t, err)
	command := regexp.MustCompile(`kubectl create secret generic (\S+)[^|]*?--from-(?:literal|file) (\w+)=`)
	found := map[string]string{}
	for _, match := range command.FindAllStringSubmatch(string(text), -1) {
		found[match[1]] = match[2]
	}
	return found
}

func TestDeploy_TheDocumentAndTheManifestsTellOfTheSameSecrets(t *testing.T) {
	t.Parallel()
	want := secretsToldOf(t, "docs/dev/deploying.md")
	if diff := cmp.Diff(want, secretsToldOf(t, "config/default/kustomization.yaml")); diff != "" || len(want) == 0 {
		t.Errorf("secrets in config/default/kustomization.yaml (-docs/dev/deploying.md +got):\n%s", diff)
	}
}

// Both Deployments are run as a kubelet would: their arguments with the
// settings filled in, their Secrets as files, the manager as its service account.
func TestDeploy_TheProcessesStartAsDeployed(t *testing.T) {
	w := newWorld(t)
	m := render(t, "default")
	listening := map[string]string{":8080": freeAddress(t), ":8081": freeAddress(t)}
	manager := w.newProcess("manager as deployed", append(w.command(m, "rollcall-manager", listening),
		"--kubeconfig", suite.kubeconfig, "--leader-election-namespace", installed, "--namespaces", w.namespace)...)
	manager.start()
	w.eventually("the manager is ready", func() (bool, string) { return w.ready("http://" + listening[":8081"]) })
	w.eventually("the manager leads", func() (bool, string) {
		var lease coordinationv1.Lease
		err := suite.client.Get(w.ctx, client.ObjectKey{Namespace: installed, Name: "rollcall-manager.iam.rollcall.dev"}, &lease)
		if err != nil {
			return false, err.Error()
		}
		return lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "", lease.String()
	})
	w.eventually("the manager has told that it leads", func() (bool, string) {
		var events corev1.EventList
		must(t, suite.client.List(w.ctx, &events, client.InNamespace(installed)))
		for _, e := range events.Items {
			if e.Reason == "LeaderElection" {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%d other events", len(events.Items))
	})

	listening = map[string]string{":8080": freeAddress(t), ":8443": freeAddress(t)}
	w.newProcess("portal as deployed", w.command(m, "rollcall-portal", listening)...).start()
	w.eventually("the portal is ready", func() (bool, string) { return w.ready("http://" + listening[":8443"]) })
}

// command is what the container of a Deployment runs, with its files in a
// folder of the test and other addresses to listen on.
func (w *world) command(m manifests, deployment string, listening map[string]string) []string {
	w.Helper()
	root := w.TempDir()
	pod := find[appsv1.Deployment](w.T, m, "Deployment", deployment).Spec.Template.Spec
	settings := find[corev1.ConfigMap](w.T, m, "ConfigMap", "rollcall-settings-")
	container := pod.Containers[0]
	values := map[string]string{}
	for _, e := range container.Env {
		if e.ValueFrom == nil || e.ValueFrom.ConfigMapKeyRef == nil {
			continue
		}
		ref := e.ValueFrom.ConfigMapKeyRef
		value, ok := settings.Data[ref.Key]
		if !ok || ref.Name != settings.Name {
			w.Fatalf("%s takes %s from key %q of ConfigMap %q, which is not there", deployment, e.Name, ref.Key, ref.Name)
		}
		values[e.Name] = value
	}
	w.mount(root, pod)
	variable := regexp.MustCompile(`\$\((\w+)\)`)
	var args []string
	for _, arg := range container.Args {
		arg = variable.ReplaceAllStringFunc(arg, func(name string) string {
			value, ok := values[strings.Trim(name, "$()")]
			if !ok {
				w.Fatalf("%s: %s stands for nothing", deployment, name)
			}
			return value
		})
		flag, value, _ := strings.Cut(arg, "=")
		switch {
		case strings.HasPrefix(value, "/"):
			arg = flag + "=" + root + value
		case strings.HasPrefix(value, ":"):
			arg = flag + "=" + listening[value]
			if listening[value] == "" {
				w.Fatalf("%s listens on %s, which the test does not know", deployment, value)
			}
		}
		args = append(args, arg)
	}
	return args
}

// mount writes the Secrets of the pod's volumes to where the container has them.
func (w *world) mount(root string, pod corev1.PodSpec) {
	w.Helper()
	from := map[string]string{}
	for _, v := range pod.Volumes {
		from[v.Name] = v.Secret.SecretName
	}
	for _, mount := range pod.Containers[0].VolumeMounts {
		data, ok := w.secrets()[from[mount.Name]]
		if !ok {
			w.Fatalf("nobody is told to create Secret %q", from[mount.Name])
		}
		folder := filepath.Join(root, mount.MountPath)
		must(w.T, os.MkdirAll(folder, 0o700))
		for key, value := range data {
			must(w.T, os.WriteFile(filepath.Join(folder, key), []byte(value), 0o600))
		}
	}
}
