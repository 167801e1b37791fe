// Command run is what "make run" starts: Rollcall on one machine, with all that it needs, in the foreground. It starts a
// control plane with the CRDs, a mail server with an inbox page, and the manager with the portal; applies
// config/samples; waits for its people; and prints where everybody stands, where to click, and the KUBECONFIG to play
// with. Ctrl-C stops it all, in order; a second Ctrl-C does not wait.
//
// KUBECONFIG names a cluster to use instead of an own control plane, DATABASE_URL a database instead of an SQLite file.
//
// Everything it makes lies under .dev/, and the next run goes on from there: the same people, the same links, the same
// ports where they are still free, and no mail twice. Removing .dev/ starts afresh. The file .dev/ready is written when
// the table is printed and removed before anything else happens; it holds the addresses, to be read by a shell.
//
// It promises that nothing that it started outlives it, and that it listens on the loopback interface only. It is not a
// way to run Rollcall for others: everybody on the machine can read the inbox.
package main
