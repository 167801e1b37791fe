package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// lock makes sure that nobody else works in .dev, and returns what unlocks it.
// The kernel does so too when this process ends, however it does.
func (l layout) lock() (func(), error) {
	if err := os.MkdirAll(l.dev(), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(l.dev("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		holder, _ := os.ReadFile(file.Name())
		return nil, fmt.Errorf("it runs here already, as process %s: end that one first, with Ctrl-C or kill %[1]s", holder)
	}
	unlock := func() { _ = file.Close() }
	if err := file.Truncate(0); err != nil {
		unlock()
		return nil, err
	}
	if _, err := file.WriteString(strconv.Itoa(os.Getpid())); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}
