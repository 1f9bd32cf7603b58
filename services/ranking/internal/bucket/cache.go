package bucket

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// partial is what a file is called until it is whole.
const partial = ".partial"

// cache is the local folder, with a folder for each version. A file in it is whole, and has the time of its object.
type cache struct {
	root     *os.Root
	maxBytes int64
}

func newCache(local string, maxBytes int64) (*cache, error) {
	if err := os.MkdirAll(local, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(local)
	if err != nil {
		return nil, err
	}
	return &cache{root: root, maxBytes: maxBytes}, nil
}

// has reports whether a file is there as it is in the bucket.
func (c *cache) has(version string, file Object) bool {
	info, err := c.root.Stat(path.Join(version, file.Key))
	return err == nil && info.Mode().IsRegular() && info.Size() == file.Size && info.ModTime().Equal(file.ModTime)
}

// put writes a file. It has its name once it is whole.
func (c *cache) put(version string, file Object, content io.Reader) error {
	if err := c.root.MkdirAll(version, 0o700); err != nil {
		return err
	}
	name := path.Join(version, file.Key)
	if err := c.write(name+partial, file.Size, content); err != nil {
		return errors.Join(err, c.root.Remove(name+partial))
	}
	if err := c.root.Chtimes(name+partial, file.ModTime, file.ModTime); err != nil {
		return err
	}
	return c.root.Rename(name+partial, name)
}

func (c *cache) write(name string, size int64, content io.Reader) (err error) {
	out, err := c.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(out, io.LimitReader(content, size+1))
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("its size is not the %d bytes of a moment ago", size)
	}
	return nil
}

// keep removes the versions that are not among these.
func (c *cache) keep(versions map[string][]Object) error {
	entries, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if _, ok := versions[entry.Name()]; !ok && entry.IsDir() {
			if err := c.root.RemoveAll(entry.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}
