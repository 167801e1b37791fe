//go:build !linux

package testkit

import "syscall"

// dieWithParent has no help of the kernel here: leftovers are ended by the next start.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
