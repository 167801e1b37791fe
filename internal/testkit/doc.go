// Package testkit is what tests stand on that run the whole product: a control
// plane of their own, and a way to wait for what it makes true. "make run"
// stands on the same.
//
// [StartControlPlane] starts etcd, kube-apiserver and, on request,
// kube-controller-manager, at the versions that "make controlplane" provides.
// It promises that they listen on the loopback interface only, that they are
// gone when [ControlPlane.Stop] returns, and that they die with the process
// that started them. On Linux the kernel sees to that; elsewhere, and only with
// a directory that is kept, what was left over is ended by the next start.
//
// [User] and its like build objects as the API server would have them. Package
// stage, below, is where one controller is tried without a control plane.
//
// It does not isolate tests from each other: a package shares one control
// plane, and every test makes a namespace of its own. There is no scheduler and
// no kubelet, so pods never run.
package testkit
