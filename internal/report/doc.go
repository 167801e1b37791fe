// Package report is what an export of an organization is made of: everybody
// whom the backend holds, the newest invitation of every address, and the
// newest entries of the audit trail. The manager writes one into a Secret,
// kubectl-rollcall reads it there.
//
// It promises that the data of a report is a function of its content, fits
// into a Secret, and is read back as it was written. When not all of it fits,
// the oldest audit entries are left out and the report says so; members and
// invitations are all there or the report is refused, because absence is
// something that readers conclude from.
//
// It does no I/O, and knows neither Kubernetes nor the ledger. A report holds
// addresses and names of people and belongs in a Secret alone; it never holds
// a link, a token or a password.
package report
