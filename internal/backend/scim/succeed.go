package scim

import "maps"

// Succeed takes over the names of units and roles that a former Backend of the
// same service provider was told by ApplyUnit and ApplyRole, where attributes
// hold them: nobody tells them anew because a credential was rotated. It is
// called before the Backend is used, and leaves the former one as it is.
func (b *Backend) Succeed(former *Backend) {
	former.names.mu.Lock()
	defer former.names.mu.Unlock()
	// The sets themselves are never changed, but replaced.
	b.names.all = maps.Clone(former.names.all)
}
