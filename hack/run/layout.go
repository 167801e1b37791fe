package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// layout is where things are: in the repository, under .dev, and what the
// environment names instead.
type layout struct {
	repository string
	// kubeconfig of a cluster to use; empty for an own control plane.
	kubeconfig string
	// database is the URL of the database.
	database string
}

// layoutBelow reads the environment. A KUBECONFIG that an earlier run printed
// means an own control plane: its shell may still have it.
func layoutBelow(repository string, getenv func(string) string) layout {
	l := layout{repository: repository, database: getenv("DATABASE_URL")}
	// Not every shell expands a ~ in an argument of make.
	l.kubeconfig = getenv("KUBECONFIG")
	if rest, ok := strings.CutPrefix(l.kubeconfig, "~/"); ok {
		l.kubeconfig = filepath.Join(getenv("HOME"), rest)
	}
	if given, err := filepath.Abs(l.kubeconfig); err == nil && given == l.ownKubeconfig() {
		l.kubeconfig = ""
	}
	if l.database == "" {
		l.database = (&url.URL{Scheme: "sqlite", Path: l.dev("rollcall.db")}).String()
	}
	return l
}

func (l layout) dev(name ...string) string {
	return filepath.Join(append([]string{l.repository, ".dev"}, name...)...)
}

func (l layout) ownKubeconfig() string { return l.dev("kubeconfig") }

// usedKubeconfig is what to hand to kubectl: the given one, or the own.
func (l layout) usedKubeconfig() string {
	if l.kubeconfig != "" {
		return l.kubeconfig
	}
	return l.ownKubeconfig()
}

func (l layout) bin(name ...string) string {
	return filepath.Join(append([]string{l.repository, "bin"}, name...)...)
}

func (l layout) config(name ...string) string {
	return filepath.Join(append([]string{l.repository, "config"}, name...)...)
}

// databaseName is the database without what may be secret.
func (l layout) databaseName() string {
	u, err := url.Parse(l.database)
	if err != nil {
		return "as DATABASE_URL says"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// checkKubeconfig tells of a file that is not there, of which kubectl only says
// that it has no current context.
func (l layout) checkKubeconfig() error {
	var err error
	for _, path := range filepath.SplitList(l.kubeconfig) {
		if _, err = os.Stat(path); err == nil {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("KUBECONFIG: %w", err)
	}
	return nil
}

// environment is this process's, with the cluster and the database that are used.
func (l layout) environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "KUBECONFIG=") && !strings.HasPrefix(entry, "DATABASE_URL=") {
			env = append(env, entry)
		}
	}
	return append(env, "KUBECONFIG="+l.usedKubeconfig(), "DATABASE_URL="+l.database)
}

func (l layout) notReady() error {
	err := os.Remove(l.dev("ready"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// linkKey is the file with the key that links are made from. It is made once:
// with another key, links that people have would be dead.
func (l layout) linkKey() (string, error) {
	path := l.dev("link.key")
	_, err := os.Stat(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return path, writeFile(path, hex.EncodeToString(key)+"\n")
}

// writeFile writes a file of which nobody sees a half.
func writeFile(path, content string) error {
	next := path + ".next"
	if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
