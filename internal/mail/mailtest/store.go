package mailtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// store keeps messages by Message-ID, oldest first, in memory and, when dir is
// not empty, as one .eml file each.
type store struct {
	dir string

	mu       sync.Mutex
	messages []Message
	// changed is closed and replaced whenever a message is added.
	changed chan struct{}
}

// openStore lists what an earlier run left in dir.
func openStore(dir string) (*store, error) {
	s := &store{dir: dir, changed: make(chan struct{})}
	if dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for mail: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		return nil, fmt.Errorf("list the directory for mail: %w", err)
	}
	for _, file := range files {
		if err := s.load(file); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(s.messages, func(a, b Message) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return s, nil
}

func (s *store) load(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read a mail of an earlier run: %w", err)
	}
	m, err := Parse(raw)
	if err != nil {
		return fmt.Errorf("read %q: %w", file, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("read a mail of an earlier run: %w", err)
	}
	m.From, m.Recipients = m.Header.Get("From"), []string{m.To}
	m.Count, m.ReceivedAt = 1, info.ModTime()
	s.messages = append(s.messages, m)
	return nil
}

// add returns once the message is durable.
func (s *store) add(m Message) error {
	if m.MessageID == "" {
		sum := sha256.Sum256(m.Raw)
		m.MessageID = hex.EncodeToString(sum[:]) + "@no-message-id.invalid"
	}
	if err := s.write(m); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Count = 1
	s.messages = slices.DeleteFunc(s.messages, func(old Message) bool {
		if old.MessageID != m.MessageID {
			return false
		}
		m.Count = old.Count + 1
		return true
	})
	s.messages = append(s.messages, m)
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *store) write(m Message) error {
	if s.dir == "" {
		return nil
	}
	temporary, err := os.CreateTemp(s.dir, ".incoming-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(m.Raw)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(s.dir, fileName(m.MessageID)))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return syncDirectory(s.dir)
}

// syncDirectory makes the rename durable.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fileName is the Message-ID where that can be a file's name, and its hash
// where it cannot.
func fileName(messageID string) string {
	harmless := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._+=-", r) {
			return r
		}
		return -1
	}, messageID)
	if harmless == messageID && len(messageID) <= 200 && !strings.HasPrefix(messageID, ".") {
		return messageID + ".eml"
	}
	sum := sha256.Sum256([]byte(messageID))
	return hex.EncodeToString(sum[:]) + ".eml"
}

func (s *store) list() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

func (s *store) wait(ctx context.Context, wanted func(Message) bool) (Message, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		for _, m := range s.messages {
			if wanted(m) {
				s.mu.Unlock()
				return m, nil
			}
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("wait for a mail: %w", context.Cause(ctx))
		}
	}
}

// received stamps a message.
func received(m Message, from string, to []string, now time.Time) Message {
	m.From, m.Recipients, m.ReceivedAt = from, slices.Clone(to), now
	return m
}
