package scim_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// A listing waits for its reader for some minutes after each page, and is
// forgotten with the last.
func TestBY11_ListingsAreForgotten(t *testing.T) {
	for reason, test := range map[string]struct {
		wait time.Duration
		kind directory.Kind
	}{
		"read on in time":      {9 * time.Minute, ""},
		"nobody reads it":      {10 * time.Minute, directory.KindConflict},
		"nobody, for some day": {24 * time.Hour, directory.KindConflict},
	} {
		w := newWorld(t, func(s *settings) { s.client.Overrides.MaxPageSize = 2 })
		w.populate(10)
		page, err := w.ListMembers(t.Context(), clinic, "")
		must(t, err)
		members, last := len(page.Members), ""
		for page.Next != "" {
			w.clock.Step(test.wait)
			last = page.Next
			if page, err = w.ListMembers(t.Context(), clinic, page.Next); err != nil {
				break
			}
			members += len(page.Members)
		}
		if directory.KindOf(err) != test.kind || err == nil && (members != 10 || !page.Complete) {
			t.Errorf("%s: %d members, complete %t, %v; want kind %q", reason, members, page.Complete, err, test.kind)
		}
		_, err = w.ListMembers(t.Context(), clinic, last)
		wantKind(t, reason+": afterwards", err, directory.KindConflict)
	}
}
