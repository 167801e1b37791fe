package gitops

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// expressions are what Flux evaluates for one kind. See
// https://fluxcd.io/flux/components/kustomize/kustomizations/#health-check-expressions.
type expressions struct{ inProgress, failed, current cel.Program }

// loadFlux returns the expressions of a Kustomization, by apiVersion and kind.
func loadFlux(file string) (map[string]expressions, error) {
	var k struct {
		Spec struct {
			HealthCheckExprs []struct {
				APIVersion string `json:"apiVersion"`
				Kind       string `json:"kind"`
				InProgress string `json:"inProgress"`
				Failed     string `json:"failed"`
				Current    string `json:"current"`
			} `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	if err := readYAML(file, &k); err != nil {
		return nil, err
	}
	all := map[string]expressions{}
	for _, texts := range k.Spec.HealthCheckExprs {
		var e expressions
		for text, into := range map[string]*cel.Program{
			texts.InProgress: &e.inProgress, texts.Failed: &e.failed, texts.Current: &e.current,
		} {
			program, err := parse(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", texts.Kind, text, err)
			}
			*into = program
		}
		all[texts.APIVersion+" "+texts.Kind] = e
	}
	return all, nil
}

// parse parses an expression in the environment of github.com/fluxcd/pkg/runtime/cel.
// Flux does not check types before evaluating: it knows no fields of any kind.
func parse(text string) (cel.Program, error) {
	env, err := cel.NewEnv(
		cel.HomogeneousAggregateLiterals(), cel.EagerlyValidateDeclarations(true), cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), ext.Strings(), ext.Sets(), ext.Encoders(),
	)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
}

// seeFlux evaluates in the order of Flux's RFC 0009: a generation that is not
// observed yet, then inProgress, failed and current; none of them means in
// progress. An expression that fails makes Flux wait until its timeout.
func (t *Tools) seeFlux(u *unstructured.Unstructured) (Health, error) {
	e, ok := t.flux[u.GetAPIVersion()+" "+u.GetKind()]
	if !ok {
		return "", fmt.Errorf("there are no expressions for %s", u.GroupVersionKind())
	}
	observed, found, err := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	if err != nil {
		return "", err
	}
	if found && observed != u.GetGeneration() {
		return Progressing, nil
	}
	for _, rule := range []struct {
		program cel.Program
		health  Health
	}{{e.inProgress, Progressing}, {e.failed, Degraded}, {e.current, Healthy}} {
		value, _, err := rule.program.Eval(u.Object)
		if err != nil {
			return "", err
		}
		if value == types.True {
			return rule.health, nil
		}
	}
	return Progressing, nil
}
