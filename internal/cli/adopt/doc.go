// Package adopt turns the members whom a backend has into manifests that take
// them over as they are.
//
// It promises that applying what it makes mails nobody and changes nobody: a
// field is written only as the backend has it, and what cannot be said in full,
// such as a list of roles of which one has no Role here, is left unmanaged and
// noted. It is pure, and its result is sorted.
//
// It does not write members who were invited and have not come in: a manifest
// would invite them again.
package adopt
