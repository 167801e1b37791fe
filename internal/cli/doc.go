// Package cli is kubectl-rollcall, the plug-in of kubectl: one file for each of
// its verbs, and packages below for what several of them need.
//
// It talks to the Kubernetes API as whoever runs it, and to nothing else:
// neither to the database nor to a backend. What it needs to know of those the
// manager writes into a Secret, as package ask tells.
//
// # What it promises
//
//   - A verb does what it says or says why not, and leaves nothing half done
//     because of bad input.
//   - Exit code 0 means done, 1 failed, 2 that the command was written wrongly,
//     3 that a wait was not over in time or that plan found differences.
//   - Answers go to standard output, all else to standard error. As JSON or YAML
//     they have the same fields from run to run, and lists in a stable order.
//   - No text from elsewhere reaches a terminal unescaped; see package safe.
//   - It fights no GitOps tool: what Git keeps is changed in Git, and it says where.
//
// # What it does not
//
// It keeps no state and no configuration of its own. It does not ask before it
// acts, except where a rail has stopped something.
package cli
