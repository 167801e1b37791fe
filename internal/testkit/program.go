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
	// graceful is how long a program may take to end when it was asked to.
	graceful = 10 * time.Second
	// tailLines of a log are told in an error.
	tailLines = 12
)

// ProgramOptions say what to run.
type ProgramOptions struct {
	// Path of the executable file.
	Path string
	// Args are its arguments, without its own name.
	Args []string
	// Env is its environment; default that of this process.
	Env []string
	// Dir gets <name>.log, written anew, and <name>.pid while it runs. No two
	// running programs of one name may share it.
	Dir string
	// Output gets what the program writes, beside the log. Default: nothing.
	Output io.Writer
}

// Program is a running program. It is in a process group of its own, so that a
// Ctrl-C on the terminal does not reach it, and it does not outlive the process
// that started it; see the package comment for how far that holds.
type Program struct {
	name string
	dir  string
	cmd  *exec.Cmd
	// done is closed when the program has ended; err is set before.
	done chan struct{}
	err  error
}

// StartProgram starts a program, after it has killed what an earlier process
// left running of it under the same Dir.
func StartProgram(ctx context.Context, o ProgramOptions) (*Program, error) {
	p, err := startProgram(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(o.Path), err)
	}
	return p, nil
}

func startProgram(ctx context.Context, o ProgramOptions) (*Program, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, err
	}
	if err := endLeftover(ctx, o.Dir, path); err != nil {
		return nil, err
	}
	p := &Program{name: filepath.Base(path), dir: o.Dir, done: make(chan struct{})}
	log, err := os.Create(p.Log())
	if err != nil {
		return nil, err
	}
	// A context would kill it; only Stop ends it in order.
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), path, o.Args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = o.Env, log, log
	if o.Output != nil {
		both := io.MultiWriter(log, o.Output)
		p.cmd.Stdout, p.cmd.Stderr = both, both
	}
	p.cmd.SysProcAttr = dieWithParent()
	started := make(chan error, 1)
	go p.run(log, started)
	if err := <-started; err != nil {
		return nil, err
	}
	if err := remember(p.dir, p.name, p.cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// run keeps its thread to itself, because the kernel takes the end of the
// thread that started a process for the end of its parent (golang/go#27505).
func (p *Program) run(log io.Closer, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
		close(p.done)
	}
	_ = log.Close()
}

// Log is the path of the file with what the program writes.
func (p *Program) Log() string { return filepath.Join(p.dir, p.name+".log") }

// Done is closed when the program has ended, for whatever reason.
func (p *Program) Done() <-chan struct{} { return p.done }

// Failure says, once it is done, how the program ended, with the last lines of its log.
func (p *Program) Failure() error {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s ended by itself (%s); %s ends with:\n%s", p.name, how, p.Log(), p.Tail())
}

// Tail is the last lines of the log.
func (p *Program) Tail() string {
	content, err := os.ReadFile(p.Log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// Stop asks the program to end (SIGTERM), and kills it when it has not done so
// after ten seconds, or when the context ends. A program that has ended is fine.
func (p *Program) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, graceful)
	defer cancel()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return forget(p.dir, p.name)
	case <-ctx.Done():
		return p.Kill()
	}
}

// Kill ends the program as a crash would (SIGKILL), and returns when it is gone.
func (p *Program) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.done
	return forget(p.dir, p.name)
}
