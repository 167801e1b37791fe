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
	"strconv"
	"strings"
	"syscall"
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

// lock makes sure that nobody else works in .dev. The kernel unlocks it when this process ends, however it does.
func (l layout) lock() (unlock func(), err error) {
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
	err = errors.Join(file.Truncate(0), write(file, strconv.Itoa(os.Getpid())))
	return func() { _ = file.Close() }, err
}

func write(file *os.File, content string) error {
	_, err := file.WriteString(content)
	return err
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
