// Package tools pins the programs that generate and check Rollcall's code: controller-gen, crd-ref-docs, and
// golangci-lint with kube-api-linter compiled into it as a module plugin. It has no code of its own.
//
// It is a module apart because linters bring some two hundred dependencies, none of which Rollcall may inherit.
// Its go.mod is the one place where their versions are written; "make tools" builds them into bin/tools, again only
// when go.mod or go.sum changed. kustomize is not among them: the kubectl of hack/controlplane has it.
//
// To move one, change its version in go.mod, run "go mod tidy" here and "make generate manifests docs lint" above.
package tools
