package bucket

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"time"
)

// Open opens a file beside the versions, or one of a version that was fetched. Others do not exist for it.
func (f *Folder) Open(name string) (fs.File, error) {
	now := f.state.Load()
	if content, ok := now.control[name]; ok {
		return &memory{Reader: bytes.NewReader(content), info: info{name: name, object: Object{Size: int64(len(content))}}}, nil
	}
	if object, ok := now.find(name); ok && f.cache.has(path.Dir(name), object) {
		return f.cache.root.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Stat describes a file of a version, fetched or not.
func (f *Folder) Stat(name string) (fs.FileInfo, error) {
	if object, ok := f.state.Load().find(name); ok {
		return info{name: object.Key, object: object}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the versions, or the files of one.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	now := f.state.Load()
	var entries []fs.DirEntry
	if name == "." {
		for version := range now.versions {
			entries = append(entries, info{name: version, folder: true})
		}
	} else {
		for _, object := range now.versions[name] {
			entries = append(entries, info{name: object.Key, object: object})
		}
		if entries == nil {
			return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return bytes.Compare([]byte(a.Name()), []byte(b.Name())) })
	return entries, nil
}

// find returns the object of "version/file".
func (s *state) find(name string) (Object, bool) {
	version, file := path.Split(name)
	files := s.versions[path.Clean(version)]
	at := slices.IndexFunc(files, func(o Object) bool { return o.Key == file })
	if at < 0 {
		return Object{}, false
	}
	return files[at], true
}

// info describes an object, or a version.
type info struct {
	name   string
	object Object
	folder bool
}

func (i info) Name() string               { return i.name }
func (i info) Size() int64                { return i.object.Size }
func (i info) ModTime() time.Time         { return i.object.ModTime }
func (i info) IsDir() bool                { return i.folder }
func (i info) Sys() any                   { return nil }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

func (i info) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o500
	}
	return 0o400
}

// memory is an open file in memory.
type memory struct {
	*bytes.Reader
	info info
}

func (m *memory) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *memory) Close() error               { return nil }
