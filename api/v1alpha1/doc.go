// Package v1alpha1 is the API of Rollcall: the kinds in which a platform team
// writes who belongs to an organization, and in whose status Rollcall answers.
//
// It holds types, conditions, reasons and names only. Specs belong to whoever
// applies them: nothing of ours ever writes a spec.
//
// +kubebuilder:object:generate=true
// +groupName=iam.rollcall.dev
package v1alpha1
