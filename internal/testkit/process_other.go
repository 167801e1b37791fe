//go:build !linux

package testkit

import "syscall"

// dieWithParent keeps a Ctrl-C on the terminal from reaching the program: who
// started it ends it, in order. Without the kernel's help, leftovers are ended
// by the next start.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
