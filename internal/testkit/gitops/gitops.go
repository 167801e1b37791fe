package gitops

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"
)

// Health is how a tool shows an object, in the words of Argo CD.
type Health string

const (
	// Healthy: everything is done.
	Healthy Health = "Healthy"
	// Progressing: wait.
	Progressing Health = "Progressing"
	// Degraded: somebody must edit something.
	Degraded Health = "Degraded"
	// Suspended: nothing is done, on purpose. Only Argo CD knows it; for the
	// others such an object is [Healthy].
	Suspended Health = "Suspended"
)

// Views is how all tools see one object.
type Views struct {
	Argo, Flux, Kstatus Health
	// Message is what Argo CD shows beside its health.
	Message string
}

// Agree reports whether no tool contradicts another.
func (v Views) Agree() bool {
	argo := v.Argo
	if argo == Suspended {
		argo = Healthy
	}
	return v == Views{Argo: v.Argo, Flux: argo, Kstatus: argo, Message: v.Message}
}

// Tools evaluates what is shipped. It may be used by many goroutines at once.
type Tools struct {
	scheme *runtime.Scheme
	argo   map[string]*lua.FunctionProto
	flux   map[string]expressions
}

// Load reads the manifests of a checkout. The scheme tells the kinds of typed
// objects. It fails when a file is not there or does not parse.
func Load(repository string, scheme *runtime.Scheme) (*Tools, error) {
	if scheme == nil {
		return nil, errors.New("gitops: a scheme is required")
	}
	argo, err := loadArgo(filepath.Join(repository, "config", "gitops", "argocd", "component"))
	if err != nil {
		return nil, fmt.Errorf("load the health checks of Argo CD: %w", err)
	}
	flux, err := loadFlux(filepath.Join(repository, "config", "gitops", "flux", "people.yaml"))
	if err != nil {
		return nil, fmt.Errorf("load the expressions of Flux: %w", err)
	}
	return &Tools{scheme: scheme, argo: argo, flux: flux}, nil
}

// See evaluates all tools on an object. It fails where one of them would: when
// nothing is shipped for the kind, or what is shipped does not evaluate.
func (t *Tools) See(o client.Object) (Views, error) {
	u, err := t.unstructured(o)
	if err != nil {
		return Views{}, err
	}
	var v Views
	if v.Argo, v.Message, err = t.seeArgo(u); err != nil {
		return Views{}, fmt.Errorf("evaluate as Argo CD: %w", err)
	}
	if v.Flux, err = t.seeFlux(u); err != nil {
		return Views{}, fmt.Errorf("evaluate as Flux: %w", err)
	}
	result, err := kstatus.Compute(u)
	if err != nil {
		return Views{}, fmt.Errorf("evaluate as kstatus: %w", err)
	}
	v.Kstatus, err = fromKstatus(result.Status)
	return v, err
}

func (t *Tools) unstructured(o client.Object) (*unstructured.Unstructured, error) {
	gvk, err := apiutil.GVKForObject(o, t.scheme)
	if err != nil {
		return nil, fmt.Errorf("find the kind: %w", err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("read the object: %w", err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(gvk)
	return u, nil
}

func fromKstatus(s kstatus.Status) (Health, error) {
	switch s {
	case kstatus.CurrentStatus:
		return Healthy, nil
	case kstatus.InProgressStatus, kstatus.TerminatingStatus:
		return Progressing, nil
	case kstatus.FailedStatus:
		return Degraded, nil
	default:
		return "", fmt.Errorf("kstatus says %q", s)
	}
}

func readYAML(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
