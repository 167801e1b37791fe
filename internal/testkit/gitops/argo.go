package gitops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	luaparse "github.com/yuin/gopher-lua/parse"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// healthKey begins the keys of argocd-cm that hold health checks; the group, an
// underscore and the kind follow. See
// https://argo-cd.readthedocs.io/en/stable/operator-manual/health/.
const healthKey = "resource.customizations.health."

// scriptMax ends a script that would never end. Argo CD ends every script after a
// second, of which ours need a small part; what can be done within a second depends
// on the machine, so that no test is held to it.
const scriptMax = 2 * time.Minute

// loadArgo returns the scripts that the component generates, by group and kind.
func loadArgo(component string) (map[string]*lua.FunctionProto, error) {
	var k struct {
		ConfigMapGenerator []struct {
			Files []string `json:"files"`
		} `json:"configMapGenerator"`
	}
	if err := readYAML(filepath.Join(component, "kustomization.yaml"), &k); err != nil {
		return nil, err
	}
	scripts := map[string]*lua.FunctionProto{}
	for _, generator := range k.ConfigMapGenerator {
		for _, entry := range generator.Files {
			key, file, _ := strings.Cut(entry, "=")
			kind, isHealth := strings.CutPrefix(key, healthKey)
			if !isHealth {
				return nil, fmt.Errorf("%q is no key of a health check", key)
			}
			script, err := compile(filepath.Join(component, file))
			if err != nil {
				return nil, err
			}
			scripts[kind] = script
		}
	}
	return scripts, nil
}

func compile(file string) (*lua.FunctionProto, error) {
	script, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	chunk, err := luaparse.Parse(bytes.NewReader(script), file)
	if err != nil {
		return nil, err
	}
	return lua.Compile(chunk, file)
}

func (t *Tools) seeArgo(u *unstructured.Unstructured) (Health, string, error) {
	gvk := u.GroupVersionKind()
	script, ok := t.argo[gvk.Group+"_"+gvk.Kind]
	if !ok {
		return "", "", fmt.Errorf("there is no health check for %s", gvk.GroupKind())
	}
	table, err := runLua(script, u)
	if err != nil {
		return "", "", err
	}
	health := Health(table.RawGetString("status").String())
	message, ok := table.RawGetString("message").(lua.LString)
	if !ok {
		return "", "", errors.New("the message is no string")
	}
	switch health {
	case Healthy, Progressing, Degraded, Suspended:
		return health, string(message), nil
	default:
		return "", "", fmt.Errorf("the script says %q, which is no health", health)
	}
}

// runLua runs a script as Argo CD does: with the libraries package, base, table
// and os only, with the object as the global obj.
func runLua(script *lua.FunctionProto, u *unstructured.Unstructured) (*lua.LTable, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, fmt.Errorf("open the library %q: %w", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptMax)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", toLua(state, u.Object))
	if err := state.CallByParam(lua.P{Fn: state.NewFunctionFromProto(script), NRet: 1, Protect: true}); err != nil {
		return nil, err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the script returns a %s, not a table", state.Get(-1).Type())
	}
	return table, nil
}

// toLua turns what JSON can hold into Lua's values; a list counts from 1.
func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case string:
		return lua.LString(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case []any:
		list := state.CreateTable(len(value), 0)
		for _, item := range value {
			list.Append(toLua(state, item))
		}
		return list
	case map[string]any:
		table := state.CreateTable(0, len(value))
		for key, item := range value {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
