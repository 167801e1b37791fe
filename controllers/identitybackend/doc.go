// Package identitybackend tells whether the system that an IdentityBackend
// stands for can be reached and accepts our credentials.
package identitybackend
