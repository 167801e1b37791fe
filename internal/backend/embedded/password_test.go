package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const storedHashes = "SELECT password_hash FROM credentials"

func TestPromise_PasswordsAreHashedWithArgon2id(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	w.WithKDF(embedded.Argon2id)
	w.accept(t, ada)
	stored := w.column(t, storedHashes)[0]
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the stored hash begins with %.40q", stored)
	}
	if _, _, err := w.SignIn(t.Context(), practice, ada, password); err != nil {
		t.Errorf("signing in: %v", err)
	}
	_, _, err := w.SignIn(t.Context(), practice, ada, strings.ToUpper(password))
	wantKind(t, "a wrong password", err, directory.KindDenied)
}

func TestSamePasswordIsStoredDifferently(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	w.accept(t, ada)
	w.member(t, grace, directory.MemberInvited)
	w.accept(t, grace)
	if stored := w.column(t, storedHashes); len(stored) != 2 || stored[0] == stored[1] {
		t.Errorf("stored hashes are %q", stored)
	}
}

func TestPasswordIsHashedAnewWhenTheCostRises(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		for name, step := range map[string]struct {
			memoryKiB, passes uint32
			want              string
		}{
			"lower":  {9728, 1, "$argon2id$v=19$m=19456,t=2,p=1$"},
			"higher": {19456, 3, "$argon2id$v=19$m=19456,t=3,p=1$"},
		} {
			t.Run(name, func(t *testing.T) {
				before := w.column(t, storedHashes)[0]
				w.WithCost(step.memoryKiB, step.passes)
				for range 2 {
					session, _, err := w.SignIn(t.Context(), practice, ada, password)
					must(t, err)
					if !w.signedIn(t, session) {
						t.Error("the session is no good")
					}
				}
				after := w.column(t, storedHashes)[0]
				if after != before && !strings.HasPrefix(after, step.want) {
					t.Errorf("the stored hash became %.40q", after)
				}
				if name == "higher" && !strings.HasPrefix(after, step.want) || name == "lower" && after != before {
					t.Errorf("the stored hash went from %.40q to %.40q", before, after)
				}
			})
		}
		_, _, err := w.SignIn(t.Context(), practice, ada, "wrong")
		wantKind(t, "a wrong password after all that", err, directory.KindDenied)
	})
}

func TestBrokenHashesAreNoPassword(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	w.accept(t, ada)
	good := w.column(t, storedHashes)[0]
	salt := strings.Split(good, "$")[4]
	for name, stored := range map[string]string{
		"empty":         "",
		"text":          "hunter2",
		"other scheme":  strings.Replace(good, "argon2id", "argon2i", 1),
		"other version": strings.Replace(good, "v=19", "v=16", 1),
		"no memory":     strings.Replace(good, "m=19456", "m=0", 1),
		"all memory":    strings.Replace(good, "m=19456", "m=4294967295", 1),
		"no passes":     strings.Replace(good, "t=2", "t=0", 1),
		"many passes":   strings.Replace(good, "t=2", "t=4294967295", 1),
		"no lanes":      strings.Replace(good, "p=1", "p=0", 1),
		"no salt":       strings.Replace(good, salt, "", 1),
		"short key":     good[:len(good)-8],
		"more":          good + "$",
		"space":         strings.Replace(good, "m=", "m= ", 1),
	} {
		must(t, w.db.DB.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE credentials SET password_hash = $1", stored)
			return err
		}))
		_, _, err := w.SignIn(t.Context(), practice, ada, password)
		if err == nil {
			t.Errorf("%s: somebody is signed in with a hash that is broken", name)
		}
		if err != nil && strings.Contains(err.Error(), salt) {
			t.Errorf("%s: the error repeats the hash: %v", name, err)
		}
	}
}

func TestPromise_HashingIsCapped(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), func(o *embedded.Options) { o.HashConcurrency = 2 })
	var running, most atomic.Int64
	working, finish := make(chan struct{}, 8), make(chan struct{})
	w.WithKDF(func(password, salt []byte, c embedded.Cost) []byte {
		n := running.Add(1)
		defer running.Add(-1)
		for {
			seen := most.Load()
			if n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		working <- struct{}{}
		<-finish
		return quick(password, salt, c)
	})
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			_, _, err := w.SignIn(t.Context(), practice, ada, password)
			wantKind(t, "signing in to nowhere", err, directory.KindDenied)
		})
	}
	<-working
	<-working
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() {
		_, _, err := w.Accept(ctx, "x", directory.Acceptance{Password: password})
		waiting <- err
	}()
	cancel()
	wantKind(t, "giving up in the queue", <-waiting, directory.KindUnavailable)
	close(finish)
	wait.Wait()
	if got := most.Load(); got != 2 {
		t.Errorf("%d passwords were hashed at once, want 2", got)
	}
}

func TestNewRefusesWhatItCannotWorkWith(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	good := embedded.Options{DB: w.db, Ledger: w.ledger, Clock: w.clock}
	if _, err := embedded.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*embedded.Options){
		"no database":          func(o *embedded.Options) { o.DB = nil },
		"no ledger":            func(o *embedded.Options) { o.Ledger = nil },
		"no clock":             func(o *embedded.Options) { o.Clock = nil },
		"no randomness":        func(o *embedded.Options) { o.Rand = bytes.NewReader(nil) },
		"negative page":        func(o *embedded.Options) { o.PageSize = -1 },
		"negative concurrency": func(o *embedded.Options) { o.HashConcurrency = -1 },
	} {
		o := good
		spoil(&o)
		if _, err := embedded.New(o); err == nil {
			t.Errorf("%s: a backend was made", name)
		}
	}
}

// TestWithoutRandomnessNothingIsIssued proves that a source that runs dry makes
// no guessable secret.
func TestWithoutRandomnessNothingIsIssued(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	token := w.invite(t, ada, 1)
	for _, left := range []int{0, 15, 16, 47} {
		seed := io.MultiReader(bytes.NewReader(make([]byte, 48)), bytes.NewReader(make([]byte, left)))
		b, err := embedded.New(embedded.Options{DB: w.db, Ledger: w.ledger, Clock: w.clock, Rand: seed})
		must(t, err)
		_, _, err = b.WithKDF(quick).Accept(t.Context(), token, directory.Acceptance{Password: password})
		wantKind(t, "accepting without randomness", err, directory.KindInternal)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("another error: %v", err)
		}
	}
	if got := w.invitation(t).State; got != directory.InvitationPending {
		t.Errorf("the invitation is %s", got)
	}
}
