package cli

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/cli/live"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// face shows standings, one after the other.
type face interface{ show(standing) error }

// silent shows nothing: the answer comes at the end.
type silent struct{}

func (silent) show(standing) error { return nil }

// drawing draws each over the one before.
type drawing struct{ screen *live.Screen }

func (d *drawing) show(s standing) error {
	lines, err := s.lines(d.screen.Height())
	if err != nil {
		return err
	}
	return d.screen.Draw(lines)
}

// telling writes a line for each change.
type telling struct {
	*session

	seen     map[string]standingPerson
	headline string
	notes    []string
}

func (t *telling) show(s standing) error {
	there := map[string]bool{}
	for _, p := range s.People {
		there[p.Name] = true
		if before, known := t.seen[p.Name]; known && before == p {
			continue
		}
		t.seen[p.Name] = p
		line := fmt.Sprintf("%s: Ready=%s Accepted=%s", p.Name, p.Ready, p.Accepted)
		if p.Reason != "" {
			line += " (" + p.Reason + ")"
		}
		if p.Message != "" {
			line += ": " + p.Message
		}
		t.tell(line)
	}
	for name := range t.seen {
		if !there[name] {
			delete(t.seen, name)
			t.tell(name + ": gone")
		}
	}
	if !slices.Equal(t.notes, s.Notes) {
		for _, note := range s.Notes {
			t.tell(note)
		}
		t.notes = s.Notes
	}
	if h := s.headline(); h != t.headline {
		t.tell(h)
		t.headline = h
	}
	return nil
}

func (t *telling) tell(line string) { fmt.Fprintln(t.Out, safe.Text(line)) }
