package dataset

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
)

// csvTable reads RFC 4180 with a header line. A byte order mark is skipped.
type csvTable struct {
	file    string
	reader  *csv.Reader
	limit   *recordLimit
	header  []string
	indices []int
	line    int64
}

func newCSVTable(file string, in io.Reader) (*csvTable, error) {
	limit := &recordLimit{Reader: in}
	buffered := bufio.NewReaderSize(limit, readBuffer)
	if err := skipMark(buffered); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	t := &csvTable{file: file, reader: csv.NewReader(buffered), limit: limit}
	t.reader.ReuseRecord = true
	header, err := t.reader.Read()
	if isEnd(err) {
		return nil, &Fault{Position: Position{File: file}, Problem: "is empty, expected a line of column names"}
	}
	if err != nil {
		return nil, t.broken(err)
	}
	t.header = slices.Clone(header)
	return t, nil
}

// skipMark drops a UTF-8 byte order mark, which spreadsheets write.
func skipMark(in *bufio.Reader) error {
	start, err := in.Peek(3)
	if err != nil && !isEnd(err) {
		return err
	}
	if string(start) == "\ufeff" {
		_, err := in.Discard(3)
		return err
	}
	return nil
}

func (t *csvTable) columns() []string { return t.header }

func (t *csvTable) pick(indices []int) error {
	t.indices = indices
	return nil
}

func (t *csvTable) close() {}

func (t *csvTable) next(cells []cell) (int64, *Fault, error) {
	t.limit.from = t.reader.InputOffset()
	record, err := t.reader.Read()
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return 0, nil, t.broken(err)
	}
	line, _ := t.reader.FieldPos(0)
	t.line = int64(line)
	if err != nil {
		problem := fmt.Sprintf("has %d fields, expected %d as in the header", len(record), len(t.header))
		return t.line, &Fault{Position: Position{File: t.file, Line: t.line}, Problem: problem}, nil
	}
	for i, index := range t.indices {
		if text := record[index]; text == "" {
			cells[i] = cell{kind: null}
		} else {
			cells[i] = cell{kind: untyped, text: text}
		}
	}
	return t.line, nil, nil
}

// broken tells what is wrong with the text from a failure to read it.
func (t *csvTable) broken(err error) error {
	var parse *csv.ParseError
	switch {
	case isEnd(err):
		return err
	case errors.As(err, &parse):
		return &Fault{Position: Position{File: t.file, Line: int64(parse.Line)}, Problem: "is not CSV: " + parse.Err.Error()}
	case errors.Is(err, errLongRecord):
		problem := fmt.Sprintf("is followed by a record of more than %d bytes, expected less; is a quote not closed?", maxRecord)
		return &Fault{Position: Position{File: t.file, Line: t.line}, Problem: problem}
	}
	return fmt.Errorf("read %s: %w", t.file, err)
}

var errLongRecord = errors.New("record too long")

// recordLimit ends a record that is too long: encoding/csv would keep all of it in memory.
type recordLimit struct {
	io.Reader
	from, read int64 // where the record starts, and how far the input is read
}

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.read-l.from > maxRecord {
		return 0, errLongRecord
	}
	n, err := l.Reader.Read(p)
	l.read += int64(n)
	return n, err
}
