package snapshot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxFile bounds what is read into memory.
const maxFile = 4 << 30

// WriteFile writes the snapshot so that whoever reads the path meanwhile sees the old file or the new one, whole: into a
// temporary file in the same folder, flushed to the disk, then renamed.
func (s *Snapshot) WriteFile(path string) error {
	data, _ := s.encode()
	if err := replace(path, data); err != nil {
		return fmt.Errorf("write snapshot %s: %w", path, err)
	}
	return nil
}

func replace(path string, data []byte) error {
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = errors.Join(fill(temp, data), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncFolder(folder)
}

func fill(file *os.File, data []byte) error {
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil { // the service may run as another user than the job that builds
		return err
	}
	return file.Sync()
}

// syncFolder makes the rename itself last.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read reads a snapshot and checks all of it. A file that is corrupt, cut short or of another version is refused with
// ErrCorrupt and an error that names the file, the byte, what is there and what was expected.
func Read(path string) (*Snapshot, error) {
	data, err := contents(path)
	if err != nil {
		return nil, fmt.Errorf("read snapshot %s: %w", path, err)
	}
	s, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("read snapshot %s: %w", path, err)
	}
	return s, nil
}

func contents(path string) (data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%w: is %v of %d bytes, expected a regular file of at most %d",
			ErrCorrupt, info.Mode(), info.Size(), int64(maxFile))
	}
	data = make([]byte, info.Size())
	_, err = io.ReadFull(file, data)
	return data, err
}
