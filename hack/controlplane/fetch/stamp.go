package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stampName is the file in the output folder that tells what the other files there are.
const stampName = "stamp.json"

// A stamp records which programs the output folder holds. It is written after each program, so that it never claims
// one that is not there yet.
type stamp struct {
	Key        string            `json:"key"`        // of the pins that all entries were made from
	Kubernetes string            `json:"kubernetes"` // for readers
	Etcd       string            `json:"etcd"`       // for readers
	Programs   map[string]record `json:"programs"`   // by file name
}

// A record describes one finished program.
type record struct {
	Size   int64  `json:"size"`   // in bytes; another size means that somebody changed the file
	Source string `json:"source"` // where it came from, for readers
}

// readStamp returns the stamp in dir when it belongs to want, and otherwise an empty one that does: programs made from
// other pins are as good as missing, and so is a stamp that cannot be understood.
func readStamp(dir string, want pins) (stamp, error) {
	fresh := stamp{
		Key: want.key, Kubernetes: want.kubernetes, Etcd: want.etcd, Programs: map[string]record{},
	}
	data, err := os.ReadFile(filepath.Join(dir, stampName))
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return stamp{}, fmt.Errorf("reading the stamp: %w", err)
	}
	var found stamp
	if legible := json.Unmarshal(data, &found) == nil; !legible || found.Key != want.key || found.Programs == nil {
		return fresh, nil
	}
	return found, nil
}

// missing returns the programs that dir lacks or whose files are not those that the stamp describes.
func (s stamp) missing(dir string) []program {
	var lacking []program
	for _, p := range programs() {
		rec, known := s.Programs[p.name]
		info, err := os.Stat(filepath.Join(dir, p.name))
		if !known || err != nil || !executable(info) || info.Size() != rec.Size {
			lacking = append(lacking, p)
		}
	}
	return lacking
}

// write replaces the stamp in dir.
func (s stamp) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the stamp: %w", err)
	}
	partial := filepath.Join(dir, "."+stampName+partialSuffix)
	if err := os.WriteFile(partial, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the stamp: %w", err)
	}
	if err := os.Rename(partial, filepath.Join(dir, stampName)); err != nil {
		return fmt.Errorf("writing the stamp: %w", err)
	}
	return nil
}

func executable(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
