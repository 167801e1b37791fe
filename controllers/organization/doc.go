// Package organization makes a tenant known to its backend and to the ledger,
// counts its Users, compares its members with them, and removes the tenant when
// that is wanted.
//
// Phases: backend (BackendReady), provision (Provisioned). Beside them, and
// never holding them back: observe (DriftDetected), which lists the members in
// bulk about once an hour and when somebody asks; and the export of an
// organization into a Secret. While the mode is Plan nothing of that is done:
// plan computes what would be.
//
// # What it promises
//
//   - While nothing changes, listing ten thousand members writes nothing.
//   - Nobody is removed because of a listing that failed on its way, or that the
//     backend does not vouch for; nobody whom any User declares, also when the
//     cache does not know it yet; nobody without the rails.
//   - An Organization that is deleted never waits for its Users.
//
// # What it does not do
//
// It does not correct members: it tells the controller of Users which differ. It
// does not decide how many may be removed: the rails do.
package organization
