package dataset

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

const (
	// maxRecord is how many bytes a line may have, so that a quote that is never closed does not swallow a large file.
	maxRecord = 16 << 20
	// readBuffer is how many bytes are read at once.
	readBuffer = 64 << 10
	// namedColumns is how many columns an error lists.
	namedColumns = 64
)

// table reads the records of one file, one after another.
type table interface {
	// columns returns the names there are, in file order.
	columns() []string
	// pick says which columns next fills in, as indices of columns.
	pick(indices []int) error
	// next fills in one cell for each picked column; they hold until the next call. A fault is about this record, and the
	// next one can be read; an error ends the table: io.EOF, a *Fault, or a failure to read.
	next(cells []cell) (line int64, fault *Fault, err error)
	// close frees what the table holds, but not the file.
	close()
}

// openTable opens a file's table; the caller closes both.
func openTable(ctx context.Context, s Source) (table, fs.File, error) {
	file, err := s.open()
	if err != nil {
		return nil, nil, fmt.Errorf("read data: %w", err)
	}
	t, err := newTable(ctx, s, file)
	if err != nil {
		_ = file.Close() // was only read
		return nil, nil, err
	}
	return t, file, nil
}

func newTable(ctx context.Context, s Source, file fs.File) (table, error) {
	if s.format == parquetFormat {
		return newParquetTable(ctx, s.name, file)
	}
	var in io.Reader = &contextReader{ctx, file}
	if s.gzip {
		unzipped, err := gzip.NewReader(bufio.NewReaderSize(in, readBuffer))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.name, err)
		}
		in = unzipped
	}
	if s.format == jsonFormat {
		return newJSONTable(s.name, in)
	}
	return newCSVTable(s.name, in)
}

// scan calls each for every record of the file with the cells of the columns, or with a fault, until it returns false. It
// returns why the file cannot be read on; nil at its end.
func scan(ctx context.Context, s Source, columns []string, each func(Position, []cell, error) bool) error {
	t, file, err := openTable(ctx, s)
	if err != nil {
		return err
	}
	defer file.Close()
	defer t.close()
	indices, err := find(s, t.columns(), columns)
	if err != nil {
		return err
	}
	if err := t.pick(indices); err != nil {
		return err
	}
	cells := make([]cell, len(columns))
	for {
		line, fault, err := t.next(cells)
		switch at := (Position{File: s.name, Line: line}); {
		case isEnd(err):
			return nil
		case err != nil:
			return err
		case fault != nil:
			if !each(at, nil, fault) {
				return nil
			}
		default:
			if !each(at, cells, nil) {
				return nil
			}
		}
	}
}

// find returns where the wanted columns are; the first one that is not there is a fault.
func find(s Source, there, wanted []string) ([]int, error) {
	places := make(map[string]int, len(there))
	for i, name := range there {
		if _, ok := places[name]; ok {
			return nil, &Fault{Position: Position{File: s.name}, Column: name, Problem: "is there twice, expected a column once"}
		}
		places[name] = i
	}
	indices := make([]int, len(wanted))
	for i, name := range wanted {
		place, ok := places[name]
		if !ok {
			return nil, &Fault{
				Position: Position{File: s.name}, Column: name,
				Problem: "is not there, expected it among the columns " + enumerate(there),
			}
		}
		indices[i] = place
	}
	return indices, nil
}

// enumerate lists columns for an error.
func enumerate(columns []string) string {
	text := strings.Join(columns[:min(len(columns), namedColumns)], ", ")
	if len(columns) > namedColumns {
		text += fmt.Sprintf(" and %d more", len(columns)-namedColumns)
	}
	return text
}

// slots gives each name a place, once.
type slots []string

func (s *slots) of(name string) int {
	if i := slices.Index(*s, name); i >= 0 {
		return i
	}
	*s = append(*s, name)
	return len(*s) - 1
}
