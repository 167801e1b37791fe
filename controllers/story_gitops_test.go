package controllers_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/gitops"
)

// gitopsTools are those that every story's objects are shown to.
var gitopsTools = sync.OnceValues(func() (*gitops.Tools, error) {
	return gitops.Load(testkit.Repository(), suite.client.Scheme())
})

// disagreement says how GitOps tools differ about an object; "" when they do not.
func disagreement(o client.Object) string {
	tools, err := gitopsTools()
	if err != nil {
		return err.Error()
	}
	seen, err := tools.See(o)
	switch {
	case err != nil:
		return o.GetName() + ": " + err.Error()
	case !seen.Agree():
		return o.GetName() + ": Argo CD sees " + string(seen.Argo) + ", Flux " + string(seen.Flux) + ", kstatus " + string(seen.Kstatus)
	}
	return ""
}

// gitopsTool applies manifests and looks for differences, in one of the two ways
// in which kubectl, and so every tool, does it.
type gitopsTool struct {
	*world
	flags []string
	file  string
	kinds manifests
}

func (w *world) gitopsTool(flags ...string) *gitopsTool {
	w.Helper()
	tool := &gitopsTool{world: w, flags: flags, file: filepath.Join(w.TempDir(), "samples.yaml")}
	var content bytes.Buffer
	for _, o := range render(w.T, "samples") {
		if o.GetKind() == "Namespace" {
			continue
		}
		o.SetNamespace(w.namespace)
		document, err := yaml.Marshal(o)
		must(w.T, err)
		content.WriteString("---\n")
		content.Write(document)
		tool.kinds = append(tool.kinds, o)
	}
	must(w.T, os.WriteFile(tool.file, content.Bytes(), 0o600))
	return tool
}

func (g *gitopsTool) apply() {
	g.Helper()
	kubectl(g.T, append([]string{"apply", "-f", g.file}, g.flags...)...)
}

// wantNoDiff fails when the tool would show a difference between Git and cluster.
func (g *gitopsTool) wantNoDiff(when string) {
	g.Helper()
	args := append([]string{"--kubeconfig", suite.plane.Kubeconfig(), "diff", "-f", g.file}, g.flags...)
	out, err := exec.CommandContext(g.ctx, suite.plane.Kubectl(), args...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		g.Errorf("%s, kubectl diff %s shows:\n%s", when, strings.Join(g.flags, " "), out)
	case err != nil:
		g.Fatalf("kubectl diff: %v\n%s", err, out)
	}
}

// versions is what changes with every write, by kind and name.
func (g *gitopsTool) versions() map[string]string {
	g.Helper()
	seen := map[string]string{}
	for _, o := range g.kinds {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(o.GroupVersionKind())
		must(g.T, suite.client.Get(g.ctx, client.ObjectKeyFromObject(o), live))
		managers, err := yaml.Marshal(live.GetManagedFields())
		must(g.T, err)
		seen[live.GetKind()+" "+live.GetName()] = live.GetResourceVersion() + "\n" + string(managers)
	}
	return seen
}

// wantNothingWritten applies again until nothing else writes, and fails when
// applying does.
func (g *gitopsTool) wantNothingWritten(when string) {
	g.Helper()
	g.eventually("applying again writes nothing "+when, func() (bool, string) {
		before := g.versions()
		g.apply()
		diff := cmp.Diff(before, g.versions())
		return diff == "", diff
	})
}

// A GitOps tool shows no difference before, while and after people are invited,
// and applying everything once more writes nothing.
func TestStory_BY1_NoToolEverShowsADifference(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"server-side": {"--server-side", "--field-manager=gitops"},
		"client-side": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, withSecrets)
			git := w.gitopsTool(flags...)
			git.apply()
			git.wantNoDiff("before anything was looked at")
			w.start()
			for _, o := range git.kinds {
				if o.GroupVersionKind().Group == v1alpha1.Group {
					w.becomes(o, v1alpha1.ConditionReady)
				}
			}
			w.becomes(userNamed(w, "sam"), v1alpha1.ConditionPending)
			git.wantNoDiff("while people are invited")
			git.wantNothingWritten("while people are invited")

			w.person().accept(w.mailTo("sam.okafor@example.com").Link, "Sam Okafor")
			w.person().accept(w.mailTo("alina.novak@example.com").Link, "Alina Novak") // of the batch
			sam := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "sam"}}
			sees(w, sam, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
			kubectl(t, "wait", "--namespace", w.namespace, "--for=condition=Accepted", "user/sam", "--timeout="+patience.String())
			w.eventually("the batch counts who accepted", func() (bool, string) {
				batch := &v1alpha1.InviteBatch{}
				must(t, suite.client.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "front-desk"}, batch))
				return strings.HasPrefix(batch.Status.Progress, "1/"), batch.Status.Progress
			})
			git.wantNoDiff("after people accepted")
			git.wantNothingWritten("after people accepted")
		})
	}
}

// A tool that waits for an object to be ready does not take one for ready that
// nobody has looked at.
func TestStory_BY1_AFreshObjectIsInProgress(t *testing.T) {
	w := newWorld(t)
	ada := user("ada", "ada@example.com")
	w.create(ada)
	tools, err := gitopsTools()
	must(t, err)
	seen, err := tools.See(ada)
	must(t, err)
	if want := (gitops.Views{
		Argo: gitops.Progressing, Flux: gitops.Progressing, Kstatus: gitops.Progressing, Message: "Waits to be looked at.",
	}); seen != want {
		t.Errorf("seen as %+v, want %+v", seen, want)
	}
}

// userNamed is a User as a tool has it, without its Go type.
func userNamed(w *world, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind("User"))
	u.SetNamespace(w.namespace)
	u.SetName(name)
	return u
}

// becomes waits until a condition of an object of any kind is True.
func (w *world) becomes(o *unstructured.Unstructured, condition string) {
	w.Helper()
	kubectl(w.T, "wait", "--namespace", w.namespace, "--for=condition="+condition, "--timeout="+patience.String(),
		strings.ToLower(o.GetKind())+"."+o.GroupVersionKind().Group+"/"+o.GetName())
}
