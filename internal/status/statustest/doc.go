// Package statustest checks statuses against the rules of kstatus, as
// https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
// gives them, and against what we promise beyond them: a vocabulary of reasons,
// messages that do not change with the details of a failure, and no secrets.
//
// [Check] looks at one state of an object, [Checker] also at how states follow
// each other. Both read .status.observedGeneration and .status.conditions of
// any kind, and know no domain but the names of conditions.
//
// What passes is read rightly by whatever builds on kstatus: Flux, Argo CD,
// kubectl wait. Whether it is true is another matter.
package statustest
