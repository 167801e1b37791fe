package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	redraw = 100 * time.Millisecond
	// patience is how long a step may be silent without a terminal.
	patience = 5 * time.Second

	clearLine = "\r\x1b[K"
	green     = "\x1b[32m"
	red       = "\x1b[31m"
	plain     = "\x1b[0m"
)

// console tells how far things are: on a terminal with a line for every step
// that changes while it goes on, elsewhere with plain lines.
type console struct {
	out   io.Writer
	live  bool
	clock clock.WithTicker
}

func newConsole(out io.Writer, live bool) *console {
	return &console{out: out, live: live, clock: clock.RealClock{}}
}

// isTerminal asks whether somebody looks: a device, and not the one that
// swallows everything.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nothing, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, nothing)
}

// step does some work and tells of it. doing says what is going on, and the
// work may say that anew; it returns what was reached.
func (c *console) step(doing string, work func(say func(string)) (reached string, err error)) error {
	start := c.clock.Now()
	s := &sayings{text: doing}
	type result struct {
		reached string
		err     error
	}
	done := make(chan result, 1)
	go func() {
		reached, err := work(s.say)
		done <- result{reached, err}
	}()
	every := patience
	if c.live {
		every = redraw
		c.draw(doing, start)
	}
	ticker := c.clock.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case r := <-done:
			c.finish(r.reached, s.last(), start, r.err)
			return r.err
		case <-ticker.C():
			c.draw(s.last(), start)
		}
	}
}

func (c *console) draw(doing string, start time.Time) {
	if c.live {
		c.printf("%s… %s %s", clearLine, doing, c.since(start))
		return
	}
	c.printf("run: %s (%s so far)\n", doing, c.since(start))
}

func (c *console) finish(reached, doing string, start time.Time, err error) {
	switch {
	case c.live && err != nil:
		c.printf("%s%s✗%s %s %s\n", clearLine, red, plain, doing, c.since(start))
	case c.live:
		c.printf("%s%s✓%s %s %s\n", clearLine, green, plain, reached, c.since(start))
	case err != nil:
		c.printf("run: %s: not done (%s)\n", doing, c.since(start))
	default:
		c.printf("run: %s (%s)\n", reached, c.since(start))
	}
}

// note tells something outside of a step.
func (c *console) note(text string) {
	if c.live {
		c.printf("%s%s\n", clearLine, text)
		return
	}
	c.printf("run: %s\n", text)
}

func (c *console) since(start time.Time) string {
	return fmt.Sprintf("%.1fs", c.clock.Since(start).Seconds())
}

// printf cannot tell anybody when it fails.
func (c *console) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.out, format, args...)
}

// sayings are what a step says of itself, the last one counts.
type sayings struct {
	mu   sync.Mutex
	text string
}

func (s *sayings) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

func (s *sayings) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text
}
