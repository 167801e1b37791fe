package testkit

import "syscall"

// dieWithParent also keeps a Ctrl-C on the terminal from reaching the program:
// who started it ends it, in order.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
