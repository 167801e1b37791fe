package controllers_test

import (
	"os/exec"
	"regexp"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// commandIn is the kubectl command in a condition's message, as somebody copies it.
func (w *world) commandIn(object client.Object, condition string) string {
	w.Helper()
	c := meta.FindStatusCondition(conditions(object), condition)
	if c == nil {
		w.Fatalf("%s has no condition %s", object.GetName(), condition)
	}
	found := regexp.MustCompile("kubectl [^`]*[^`. ]").FindString(c.Message)
	if found == "" {
		w.Fatalf("the message holds no command: %s", c.Message)
	}
	return found
}

// run runs a command in a shell that has our kubectl, as somebody with all
// rights does.
func (w *world) run(command string) string {
	w.Helper()
	shell := exec.CommandContext(w.ctx, "bash", "-euc", `kubectl() { "$KUBECTL" --kubeconfig "$CONFIG" "$@"; }; `+command)
	shell.Env = append(shell.Environ(), "KUBECTL="+suite.plane.Kubectl(), "CONFIG="+suite.plane.Kubeconfig())
	out, err := shell.CombinedOutput()
	if err != nil {
		w.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}
