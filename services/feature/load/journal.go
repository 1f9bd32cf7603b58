package load

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// FileJournal keeps the journal of one load in a file, which holds the latest load only. It is for one process at a time.
type FileJournal struct {
	path string
}

// NewFileJournal returns the journal at the path, which need not exist yet.
func NewFileJournal(path string) *FileJournal {
	return &FileJournal{path: path}
}

// journalLine is what the file holds, followed by the CRC-32 of it.
const journalLine = "repli-load 1 %s %d"

// Load returns how far the load came; 0 when there is no file or it is about another load. A damaged file is an error.
func (j *FileJournal) Load(_ context.Context, id string) (int64, error) {
	data, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var known string
	var done int64
	var sum uint32
	_, err = fmt.Sscanf(string(data), journalLine+" %08x\n", &known, &done, &sum)
	line := fmt.Sprintf(journalLine, known, done)
	if err != nil || sum != crc32.ChecksumIEEE([]byte(line)) {
		return 0, fmt.Errorf("%s: is damaged; remove it to load from the start", j.path)
	}
	if known != id {
		return 0, nil
	}
	return done, nil
}

// Save replaces the file in one step; 0 removes it.
func (j *FileJournal) Save(_ context.Context, id string, done int64) error {
	if done == 0 {
		if err := os.Remove(j.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	line := fmt.Sprintf(journalLine, id, done)
	next, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(next, "%s %08x\n", line, crc32.ChecksumIEEE([]byte(line)))
	if err == nil {
		err = next.Sync()
	}
	err = errors.Join(err, next.Close())
	if err == nil {
		err = os.Rename(next.Name(), j.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}
