// Package app assembles processes from flags. It is the only package that knows
// every other one, the only one that reads the clock of the machine, and is
// imported by cmd alone.
package app
