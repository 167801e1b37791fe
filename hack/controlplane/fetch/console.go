package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// How often a line about work in progress is renewed.
const (
	redrawEvery = 200 * time.Millisecond // on a terminal, in place
	repeatEvery = 30 * time.Second       // elsewhere, as a new line
)

// A console tells a person, or a CI log, what is going on.
type console struct {
	out      io.Writer
	terminal bool // a line can be overwritten
	now      func() time.Time

	mu sync.Mutex // held while writing
}

func newConsole(out *os.File, now func() time.Time) *console {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	return &console{out: out, terminal: terminal, now: now}
}

// say prints a line that stays.
func (c *console) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.terminal {
		fmt.Fprint(c.out, "\r\033[K")
	}
	fmt.Fprintf(c.out, "controlplane: "+format+"\n", args...)
}

// stopwatch starts now and says how long ago that was, in whole seconds.
func (c *console) stopwatch() func() string {
	start := c.now()
	return func() string { return fmt.Sprintf("%.0fs", c.now().Sub(start).Seconds()) }
}

// watch shows the line of work in progress again and again until the function that it returns is called.
func (c *console) watch(line func(elapsed string) string) func() {
	elapsed := c.stopwatch()
	every := repeatEvery
	if c.terminal {
		every = redrawEvery
	}
	ticker := time.NewTicker(every)
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for frame := 0; ; frame++ {
			select {
			case <-quit:
				return
			case <-ticker.C:
				c.draw(frame, line(elapsed()))
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(quit)
		<-gone
		c.erase()
	}
}

func (c *console) draw(frame int, line string) {
	if !c.terminal {
		c.say("%s", line)
		return
	}
	const spinner = `|/-\`
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "\r\033[K%c %s", spinner[frame%len(spinner)], line)
}

func (c *console) erase() {
	if !c.terminal {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprint(c.out, "\r\033[K")
}
