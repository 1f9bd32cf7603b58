// Package bucket owns a registry of models that is kept in a bucket: it lists the bucket, and fetches the versions that are
// asked for into a local folder. It does not know what a version is used for, and which cloud the bucket is in.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"
)

// The bounds of a bucket.
const (
	maxObjects = 100_000
	maxFiles   = 64   // of a version
	maxControl = 1024 // bytes of a file beside the versions
)

// How long a bucket may take before it counts as away.
const (
	lookTimeout = 30 * time.Second
	fileTimeout = 15 * time.Minute
)

// Object is one object of a bucket.
type Object struct {
	// Key is its name, below the registry's folder.
	Key string
	// Size is in bytes.
	Size int64
	// ModTime is when it was written.
	ModTime time.Time
}

// Store is a bucket. Credentials are the environment's.
type Store interface {
	// List calls each with every object, until that returns an error, which it returns.
	List(ctx context.Context, each func(Object) error) error
	// Read returns the content of an object. The caller closes it.
	Read(ctx context.Context, key string) (io.ReadCloser, error)
	// Close ends the connections.
	Close() error
}

// Folder is a registry's folder in a bucket; it is a registry.Source. Refresh and Fetch are called one at a time; all else is safe
// for concurrent use.
type Folder struct {
	store Store
	cache *cache
	state atomic.Pointer[state]
}

// state is what the bucket held when it was last looked at. It never changes.
type state struct {
	control  map[string][]byte
	versions map[string][]Object // with the files' names as keys
}

// New returns a folder that has not been looked at. Files are kept in a local folder, and may have up to maxBytes.
func New(store Store, local string, maxBytes int64) (*Folder, error) {
	cache, err := newCache(local, maxBytes)
	if err != nil {
		return nil, err
	}
	f := &Folder{store: store, cache: cache}
	f.state.Store(&state{})
	return f, nil
}

// Close closes the store and the local folder, which keeps its files for the next start.
func (f *Folder) Close() error { return errors.Join(f.store.Close(), f.cache.root.Close()) }

// Refresh lists the bucket and reads the files beside the versions. Versions that are gone are removed from the local folder.
func (f *Folder) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	next := &state{control: map[string][]byte{}, versions: map[string][]Object{}}
	var control []string
	n := 0
	err := f.store.List(ctx, func(o Object) error {
		if n++; n > maxObjects {
			return fmt.Errorf("more than %d objects", maxObjects)
		}
		version, name, inside := strings.Cut(o.Key, "/")
		switch {
		case !fs.ValidPath(o.Key) || strings.ContainsAny(o.Key, "\\\x00") || strings.Contains(name, "/"):
			// no file of a version: a folder's own object, or something deeper
		case inside:
			o.Key = name
			next.versions[version] = append(next.versions[version], o)
		case o.Size <= maxControl:
			control = append(control, o.Key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the bucket: %w", err)
	}
	for _, key := range control {
		if next.control[key], err = f.small(ctx, key); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	f.state.Store(next)
	return f.cache.keep(next.versions)
}

// small reads a file beside the versions.
func (f *Folder) small(ctx context.Context, key string) (content []byte, err error) {
	reader, err := f.store.Read(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	return io.ReadAll(io.LimitReader(reader, maxControl))
}

// Fetch brings the files of a version into the local folder, those that are not there yet, and returns them. A file that has
// changed since the last Refresh, or ends early, is an error.
func (f *Folder) Fetch(ctx context.Context, version string) (fs.FS, error) {
	files := f.state.Load().versions[version]
	if len(files) == 0 || len(files) > maxFiles {
		return nil, fmt.Errorf("%d files in the bucket, expected 1 to %d", len(files), maxFiles)
	}
	for _, file := range files {
		if err := f.fetch(ctx, version, file); err != nil {
			return nil, fmt.Errorf("fetch %s/%s: %w", version, file.Key, err)
		}
	}
	return fs.Sub(f.cache.root.FS(), version)
}

func (f *Folder) fetch(ctx context.Context, version string, file Object) (err error) {
	if file.Size > f.cache.maxBytes {
		return fmt.Errorf("has %d bytes, expected at most %d", file.Size, f.cache.maxBytes)
	}
	if f.cache.has(version, file) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	reader, err := f.store.Read(ctx, version+"/"+file.Key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	return f.cache.put(version, file, reader)
}
