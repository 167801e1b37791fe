package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// graceful is how long a process may take to end when it was asked to.
	graceful = 10 * time.Second
	// tailLines of a log are told in an error.
	tailLines = 12
)

// process is a running program whose output lies in a file.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	// done is closed when the program has ended; err is set before.
	done chan struct{}
	err  error
}

// startProcess starts a program that dies with this one. Its output goes to a
// file in dir, and to output if that is not nil.
func startProcess(dir, path string, output io.Writer, args []string) (*process, error) {
	name := filepath.Base(path)
	p := &process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	file, err := os.Create(p.log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	// Its life is Stop's to end, not a context's: nothing but a signal ends it in order.
	p.cmd = exec.CommandContext(context.Background(), path, args...)
	p.cmd.Stdout, p.cmd.Stderr = file, file
	if output != nil {
		both := io.MultiWriter(file, output)
		p.cmd.Stdout, p.cmd.Stderr = both, both
	}
	p.cmd.SysProcAttr = dieWithParent()
	started := make(chan error, 1)
	go p.run(file, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// run keeps its thread to itself, because the kernel takes the end of the
// thread that started a process for the end of its parent (golang/go#27505).
func (p *process) run(file *os.File, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer file.Close()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// stop asks the program to end, and kills it when it does not or the context ends.
func (p *process) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, graceful)
	defer cancel()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return p.kill()
	}
}

func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// failure says how the program ended by itself, with the end of its log.
func (p *process) failure() error {
	return fmt.Errorf("%s ended: %w; %s says:\n%s", p.name, p.err, p.log, p.tail())
}

func (p *process) tail() string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
