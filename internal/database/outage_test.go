package database_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestServerThatGoesAndComesBackIsUsedAgain(t *testing.T) {
	t.Parallel()
	server := databasetest.NewServer(t)
	db := databasetest.Migrated(t, server.Database(t))
	table(t, db)
	// Several connections are open when the server goes, so that more than one
	// has to be found dead.
	together(t, 8, func(i int) error { return db.Write(t.Context(), insert(string(rune('a'+i)))) })
	for range 2 {
		server.Stop(t)
		for doing, err := range map[string]error{
			"ping":  db.Ping(t.Context()),
			"write": db.Write(t.Context(), insert("lost")),
			"read":  db.Read(t.Context(), statement("SELECT 1")),
		} {
			if !directory.IsKind(err, directory.KindUnavailable) {
				t.Errorf("%s: error %v (%s); want kind Unavailable", doing, err, directory.KindOf(err))
			}
		}
		server.Start(t)
		if err := db.Write(t.Context(), statement("UPDATE things SET n = n + 1")); err != nil {
			t.Errorf("it did not recover: %v", err)
		}
	}
	// Restarted between two uses: nobody notices.
	server.Stop(t)
	server.Start(t)
	together(t, 8, func(int) error { return db.Write(t.Context(), statement("UPDATE things SET n = n + 1")) })
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e", "f", "g", "h"}, names(t, db)); diff != "" {
		t.Error(diff)
	}
}

func together(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
}

func TestBY8_LostConnections(t *testing.T) {
	t.Parallel()
	server := databasetest.NewServer(t)
	for reason, test := range map[string]struct {
		cutAt string
		calls int64
		kind  directory.Kind
		want  []string
	}{
		"before the commit, it is repeated": {"INSERT INTO things", 2, "", []string{"thing"}},
		// It took effect, and only the answer was lost: repeating it would do it twice.
		"at the commit, it is not": {"commit\x00", 1, directory.KindUnavailable, []string{"thing"}},
	} {
		t.Run(reason, func(t *testing.T) {
			direct := server.Database(t)
			table(t, databasetest.Open(t, direct))
			p := newProxy(t, direct)
			db := databasetest.Open(t, p.url)
			if err := db.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.cutAt(test.cutAt)
			var calls atomic.Int64
			err := db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
				calls.Add(1)
				return insert("thing")(ctx, tx)
			})
			if got := directory.KindOf(err); got != test.kind {
				t.Errorf("error %v of kind %q; want %q", err, got, test.kind)
			}
			if calls.Load() != test.calls {
				t.Errorf("it was done %d times; want %d", calls.Load(), test.calls)
			}
			if diff := cmp.Diff(test.want, names(t, databasetest.Open(t, direct))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// proxy passes everything between a client and the server, until it sees a text
// from the client: that it passes on, and ends the connection when the server
// answers, without the answer. It does so once.
type proxy struct {
	url    string
	server string
	cut    atomic.Pointer[string]
}

func newProxy(t *testing.T, direct string) *proxy {
	t.Helper()
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	folder, err := socketFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	query := u.Query()
	p := &proxy{server: filepath.Join(query.Get("host"), socket)}
	query.Set("host", folder)
	u.RawQuery = query.Encode()
	p.url = u.String()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(folder, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

// socketFolder is not below the test's folder, because a socket's path has at
// most 107 bytes.
func socketFolder() (string, error) { return os.MkdirTemp("", "rollcall-proxy-") }

func (p *proxy) cutAt(text string) { p.cut.Store(&text) }

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{}).DialContext(context.Background(), "unix", p.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var cutting atomic.Bool
	go func() {
		defer func() { _ = client.Close() }()
		pass(server, func(answer []byte) bool {
			if cutting.Load() {
				return false
			}
			_, err := client.Write(answer)
			return err == nil
		})
	}()
	pass(client, func(request []byte) bool {
		text := p.cut.Load()
		if text != nil && bytes.Contains(request, []byte(*text)) && p.cut.CompareAndSwap(text, nil) {
			cutting.Store(true)
		}
		_, err := server.Write(request)
		return err == nil
	})
}

// pass calls to with what it reads until that is false or there is no more.
func pass(from net.Conn, to func([]byte) bool) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if err != nil || !to(buffer[:n]) {
			return
		}
	}
}
