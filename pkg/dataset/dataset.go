// Package dataset owns reading rows and events out of files: CSV, JSON Lines and Parquet, typed by a views.Project.
//
// It streams: memory does not grow with a file. It writes nothing and knows no store. What is wrong with a record is an
// error that names file, line and column, never the id of a user.
package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// fileFormat is how a file is written.
type fileFormat uint8

const (
	csvFormat fileFormat = iota + 1
	jsonFormat
	parquetFormat
)

// Source is one file that can be read any number of times. It is safe for concurrent use.
type Source struct {
	name   string
	format fileFormat
	gzip   bool
	open   func() (fs.File, error)
}

// Open returns the file at the path, whose extension says how it is written: .csv, .jsonl or .ndjson, .parquet, and the
// first three with .gz after them. It fails when the extension is another one or there is no such regular file.
func Open(path string) (Source, error) {
	return newSource(path, func() (fs.File, error) { return os.Open(path) })
}

// FromFS returns a file of a file system, such as embedded data, like Open. Parquet needs files that are an io.ReaderAt.
func FromFS(fsys fs.FS, name string) (Source, error) {
	return newSource(name, func() (fs.File, error) { return fsys.Open(name) })
}

func newSource(name string, open func() (fs.File, error)) (Source, error) {
	source := Source{name: name, open: open}
	plain, zipped := strings.CutSuffix(strings.ToLower(name), ".gz")
	source.gzip = zipped
	switch path.Ext(plain) {
	case ".csv":
		source.format = csvFormat
	case ".jsonl", ".ndjson":
		source.format = jsonFormat
	case ".parquet":
		source.format = parquetFormat
	}
	if source.format == 0 || zipped && source.format == parquetFormat {
		return Source{}, fmt.Errorf("%s: has an unknown extension, expected .csv, .jsonl, .ndjson, each also with .gz, or .parquet", name)
	}
	file, err := open()
	if err != nil {
		return Source{}, fmt.Errorf("open data: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Source{}, fmt.Errorf("open data: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Source{}, fmt.Errorf("%s: is %s, expected a regular file, which can be read twice", name, info.Mode().Type())
	}
	return source, nil
}

// Name is the path or the name given to Open or FromFS.
func (s Source) Name() string {
	return s.name
}

// Digest says what a file held.
type Digest struct {
	// Size is the number of bytes.
	Size int64
	// Sum is the SHA-256 of the bytes as they lie in the file.
	Sum [sha256.Size]byte
}

// Digest reads the whole file. It fails when the file cannot be read or ctx is done.
func (s Source) Digest(ctx context.Context) (Digest, error) {
	file, err := s.open()
	if err != nil {
		return Digest{}, fmt.Errorf("read data: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, &contextReader{ctx, file})
	if err != nil {
		return Digest{}, fmt.Errorf("read %s: %w", s.name, err)
	}
	return Digest{Size: size, Sum: [sha256.Size]byte(hash.Sum(nil))}, nil
}

// Position is a place in a file.
type Position struct {
	// File is the source's name.
	File string
	// Line is the line on which a record starts, from 1, the header included; in Parquet the number of the row, from 1.
	Line int64
}

// String returns "file:line", or the file only when the line is 0.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Fault is something wrong with what a file holds, unlike a failure to read it.
type Fault struct {
	Position
	// Column is the one it is about; empty when it is about the whole record or file.
	Column string
	// Problem says what it is and what was expected.
	Problem string
}

// Error returns "file:line: column: problem".
func (f *Fault) Error() string {
	if f.Column == "" {
		return fmt.Sprintf("%v: %s", f.Position, f.Problem)
	}
	return fmt.Sprintf("%v: %s: %s", f.Position, f.Column, f.Problem)
}

// contextReader ends reading when the context does.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// contextReaderAt is a contextReader for files that are read here and there.
type contextReaderAt struct {
	ctx context.Context
	io.ReaderAt
}

func (r *contextReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.ReaderAt.ReadAt(p, offset)
}

// isEnd says whether err is the end of a file.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF)
}
