package quality

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"
)

const manifestFile = "manifest.json"

// withoutRetrieval is a bundle's folder whose manifest asks for no retrieval.
func withoutRetrieval(bundle fs.FS) (fs.FS, error) {
	content, err := fs.ReadFile(bundle, manifestFile)
	if err != nil {
		return nil, err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(content, &keys); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	delete(keys, "retrieval")
	if content, err = json.Marshal(keys); err != nil {
		return nil, err
	}
	return plain{bundle, content}, nil
}

// plain is a folder with another manifest.
type plain struct {
	fs.FS
	manifest []byte
}

// Open opens a file.
func (p plain) Open(name string) (fs.File, error) {
	if name != manifestFile {
		return p.FS.Open(name)
	}
	return manifest{bytes.NewReader(p.manifest)}, nil
}

// manifest is the file, and what is known of it.
type manifest struct{ *bytes.Reader }

func (m manifest) Stat() (fs.FileInfo, error) { return m, nil }
func (manifest) Close() error                 { return nil }
func (manifest) Name() string                 { return manifestFile }
func (manifest) Mode() fs.FileMode            { return 0o444 }
func (manifest) ModTime() time.Time           { return time.Time{} }
func (manifest) IsDir() bool                  { return false }
func (manifest) Sys() any                     { return nil }
