package finalizer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const (
	ours   = v1alpha1.Finalizer
	theirs = "example.com/theirs"
)

func finalizers(s *stage.Stage) []string {
	u := stage.Get[v1alpha1.User](s, "ada")
	if u == nil {
		return nil
	}
	return u.Finalizers
}

func TestAddAndRemove(t *testing.T) {
	s := stage.New(t)
	s.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Finalizers = []string{theirs} }))
	u := stage.Get[v1alpha1.User](s, "ada")
	for _, step := range []struct {
		reason string
		change func() error
		want   []string
		writes int
	}{
		{"beside what is there", func() error { return finalizer.Add(t.Context(), s.Client, u, ours) }, []string{theirs, ours}, 1},
		{"once is enough", func() error { return finalizer.Add(t.Context(), s.Client, u, ours) }, []string{theirs, ours}, 0},
		{"only ours", func() error { return finalizer.Remove(t.Context(), s.Client, u, ours) }, []string{theirs}, 1},
		{"gone is gone", func() error { return finalizer.Remove(t.Context(), s.Client, u, ours) }, []string{theirs}, 0},
	} {
		if err := step.change(); err != nil {
			t.Fatalf("%s: %v", step.reason, err)
		}
		if diff := cmp.Diff(step.want, finalizers(s)); diff != "" {
			t.Errorf("%s, in the API (-want +got):\n%s", step.reason, diff)
		}
		if diff := cmp.Diff(step.want, u.Finalizers); diff != "" {
			t.Errorf("%s, in memory (-want +got):\n%s", step.reason, diff)
		}
		if writes := s.Writes(); len(writes) != step.writes {
			t.Errorf("%s: %d writes, want %d", step.reason, len(writes), step.writes)
		}
	}
}

// What somebody else added meanwhile is not taken out: the write conflicts.
func TestConflict(t *testing.T) {
	for name, change := range map[string]func(*stage.Stage, *v1alpha1.User) error{
		"add": func(s *stage.Stage, u *v1alpha1.User) error {
			return finalizer.Add(s.Context(), s.Client, u, "example.com/new")
		},
		"remove": func(s *stage.Stage, u *v1alpha1.User) error { return finalizer.Remove(s.Context(), s.Client, u, ours) },
	} {
		t.Run(name, func(t *testing.T) {
			s := stage.New(t)
			s.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Finalizers = []string{ours} }))
			stale := stage.Get[v1alpha1.User](s, "ada")
			stage.Edit(s, "ada", func(u *v1alpha1.User) { u.Finalizers = append(u.Finalizers, theirs) })
			if err := change(s, stale); !apierrors.IsConflict(err) {
				t.Errorf("error %v, want a conflict", err)
			}
			if diff := cmp.Diff([]string{ours, theirs}, finalizers(s)); diff != "" {
				t.Errorf("finalizers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGone(t *testing.T) {
	s := stage.New(t)
	s.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Finalizers = []string{ours} }))
	u := stage.Get[v1alpha1.User](s, "ada")
	stage.Delete[v1alpha1.User](s, "ada")
	last := stage.Get[v1alpha1.User](s, "ada")
	if err := finalizer.Remove(t.Context(), s.Client, last, ours); err != nil {
		t.Fatalf("the last finalizer: %v", err)
	}
	if got := stage.Get[v1alpha1.User](s, "ada"); got != nil {
		t.Fatalf("it is still there: %v", got.ObjectMeta)
	}
	if err := finalizer.Remove(t.Context(), s.Client, u, ours); err != nil {
		t.Errorf("removing from what is gone: %v, want no error", err)
	}
	if err := finalizer.Add(t.Context(), s.Client, u, "example.com/new"); !apierrors.IsNotFound(err) {
		t.Errorf("adding to what is gone: %v, want NotFound: nothing may be done outside then", err)
	}
}
