// Package setupenvtest pins setup-envtest, which downloads prebuilt control plane programs and verifies their SHA-512
// sums. It has no code of its own.
//
// It is a module apart because the packages it shares with Kubernetes are wanted here at the newest version and in
// the module above at that of the pinned release. setup-envtest follows the releases of controller-runtime, though not
// every one of them: take the newest that exists.
package setupenvtest
