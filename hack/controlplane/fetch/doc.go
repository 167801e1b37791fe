// Command fetch provides the four programs of a control plane in one folder: etcd, kube-apiserver,
// kube-controller-manager and kubectl, at the versions pinned in the go.mod of the module it belongs to. It is what
// "make controlplane" runs.
//
// It takes each program from the first place that has it:
//
//  1. the output folder, when its stamp says that the file was made from these very pins;
//  2. the folder named by KUBEBUILDER_ASSETS, when the kube-apiserver in it is of the pinned Kubernetes minor;
//  3. the archive that setup-envtest downloads for that minor, given 20 seconds. The archive has no
//     kube-controller-manager;
//  4. a build from the sources in the Go module proxy: some minutes the first time, seconds with a warm build cache.
//
// It promises that a file in the output folder is complete (it is written under another name and renamed), that
// finished programs survive an interruption, that two runs at once do not disturb each other, and that a run with
// nothing to do costs a fraction of a second. It needs the Go toolchain and nothing else. It does not promise that
// programs from places 2 and 3 are of the pinned patch release, and it knows no Windows.
package main
