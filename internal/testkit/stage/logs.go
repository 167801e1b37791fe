package stage

import (
	"context"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/go-logr/logr/funcr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// debug is the level from which on a log may name people.
const debug = 1

var (
	// personal is an address of a person of these tests.
	personal = regexp.MustCompile(`[A-Za-z0-9._+-]+@[a-z0-9.-]*example\.com`)
	// secret is the path of a link.
	secret = regexp.MustCompile(`/i/[A-Za-z0-9_-]{20,}`)
)

// logs collects what a controller logs.
type logs struct {
	t testing.TB

	mu    sync.Mutex
	lines []string
}

func newLogs(t testing.TB) *logs {
	t.Helper()
	return &logs{t: t}
}

// context carries a logger for operators, and none for debugging.
func (l *logs) context() context.Context {
	logger := funcr.New(func(_, line string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, line)
		l.check("a log line for operators", line)
	}, funcr.Options{Verbosity: debug - 1})
	return log.IntoContext(context.Background(), logger)
}

func (l *logs) check(what, text string) {
	l.t.Helper()
	if personal.MatchString(text) || secret.MatchString(text) {
		l.t.Errorf("%s holds an address or a link: %s", what, text)
	}
}

// Logs returns what controllers have logged so far for operators.
func (s *Stage) Logs() []string {
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	return slices.Clone(s.logs.lines)
}
