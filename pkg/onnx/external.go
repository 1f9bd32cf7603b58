package onnx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// LoadIn is Load for a model whose tensors may lie in other files (external data): in the folder of its own file, or below it. Of
// those, it reads up to most bytes in all, since a small model can name the same bytes many times.
func LoadIn(data []byte, files fs.FS, most int64) (*Graph, error) {
	return loaded(data, &folder{fsys: files, left: most, most: most})
}

// folder is where the data of tensors may lie. Nil is nowhere.
type folder struct {
	fsys       fs.FS
	left, most int64 // bytes that may still be read, and that might at first
}

// place is where the data of a tensor lies.
type place struct {
	location       string
	offset, length int64 // -1 is absent
}

// read returns the data that entries (StringStringEntryProto) lead to, which must have size bytes.
func (d *folder) read(entries [][]byte, size int) ([]byte, error) {
	if d == nil {
		return nil, errors.New("its data lies in another file: load the model from its folder")
	}
	at, err := parsePlace(entries)
	if err != nil {
		return nil, err
	}
	at.location = strings.TrimPrefix(at.location, "./")
	name := path.Clean(at.location)
	switch {
	case !fs.ValidPath(at.location) || !fs.ValidPath(name):
		return nil, fmt.Errorf("its data lies in %q, expected a path inside the folder of the model", at.location)
	case at.length >= 0 && at.length != int64(size):
		return nil, fmt.Errorf("its data has %d bytes, expected %d for its shape", at.length, size)
	}
	if d.left -= int64(size); d.left < 0 {
		return nil, fmt.Errorf("the model reads more than %d bytes from other files", d.most)
	}
	return d.part(name, max(at.offset, 0), size)
}

func (d *folder) part(name string, offset int64, size int) ([]byte, error) {
	// Opening what is no file, such as a pipe, may never end.
	if info, err := fs.Stat(d.fsys, name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("its data lies in %q, which is no regular file", name)
	}
	file, err := d.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("its data: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("its data: %w", err)
	}
	if offset > info.Size() || int64(size) > info.Size()-offset {
		return nil, fmt.Errorf("its data is bytes %d to %d of %q, which has %d", offset, offset+int64(size), name, info.Size())
	}
	if seeker, ok := file.(io.Seeker); ok {
		_, err = seeker.Seek(offset, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, file, offset)
	}
	data := make([]byte, size)
	if err == nil {
		_, err = io.ReadFull(file, data)
	}
	if err != nil {
		return nil, fmt.Errorf("its data in %q: %w", name, err)
	}
	return data, nil
}

func parsePlace(entries [][]byte) (place, error) {
	p := place{offset: -1, length: -1}
	for _, entry := range entries {
		var key, value string
		err := fields(entry, func(f field) error {
			switch f.num {
			case 1:
				return f.text(&key)
			case 2:
				return f.text(&value)
			}
			return nil
		})
		if err != nil {
			return p, err
		}
		switch key {
		case "location":
			p.location = value
		case "offset":
			p.offset, err = strconv.ParseInt(value, 10, 64)
		case "length":
			p.length, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil || p.offset < -1 || p.length < -1 {
			return p, fmt.Errorf("its data has the %s %q, expected a number of bytes", key, value)
		}
	}
	if p.location == "" {
		return p, errors.New("its data lies in another file, which is not named")
	}
	return p, nil
}
