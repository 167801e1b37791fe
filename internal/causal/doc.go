// Package causal keeps controllers from acting on an object with an Organization
// that is older than it.
//
// The cache of every kind follows the API server on its own, so that what is
// applied in an order may be seen in another: an Organization that was told to
// plan, and a User that was added in the next moment, as one commit does it,
// would be seen as a new User of an Organization that enforces, and somebody
// would be mailed of whom nothing was to be sent.
//
// It promises that an object of a generation that no status has told yet is
// reconciled with a cache in which its Organization is at least as new as it was
// when the object was taken up, and so at least as new as the object; and that
// this holds for the first look of a process at anything of an Organization,
// whose cache may begin with an old list. Looks that come together share a read.
//
// It does not promise anything about other kinds, nor about labels and
// annotations, which raise no generation; and an Organization may change while an
// object is reconciled.
package causal
