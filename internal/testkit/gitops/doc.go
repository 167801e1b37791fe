// Package gitops looks at objects as GitOps tools do: as Argo CD with the health
// checks of config/gitops/argocd, as Flux with the expressions of
// config/gitops/flux, and as everything that has kstatus built in.
//
// It promises to evaluate what the repository ships, with the evaluators that
// these tools have: the Lua interpreter and the libraries that Argo CD opens,
// the CEL environment and the order of expressions of Flux, and kstatus itself.
//
// It does not render the manifests, and does not run the tools.
package gitops
