// Package organization makes a tenant known to its backend and to the ledger,
// and counts its Users.
//
// Phases: backend (BackendReady), provision (Provisioned). Deleting an
// Organization leaves the tenant as it is: the people in it go with their Users.
package organization
