package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonTable reads one JSON object a line. The keys of the first are the columns; a later object without one of those that
// are picked is a fault, because a misspelt key would otherwise be a silent null.
type jsonTable struct {
	file   string
	lines  *bufio.Scanner
	line   int64
	held   bool // the first line, read for its keys, is yet to be returned
	header []string
	slots  map[string][]int // places in cells by column
	seen   map[string]bool
}

func newJSONTable(file string, in io.Reader) (*jsonTable, error) {
	t := &jsonTable{file: file, lines: bufio.NewScanner(in), seen: map[string]bool{}}
	t.lines.Buffer(make([]byte, readBuffer), maxRecord)
	if err := t.advance(); isEnd(err) {
		return nil, &Fault{Position: Position{File: file}, Problem: "is empty, expected one JSON object a line"}
	} else if err != nil {
		return nil, err
	}
	t.held = true
	if fault := t.object(func(key string, _ json.RawMessage) { t.header = append(t.header, key) }); fault != nil {
		return nil, fault
	}
	return t, nil
}

func (t *jsonTable) columns() []string { return t.header }

func (t *jsonTable) pick(indices []int) error {
	t.slots = make(map[string][]int, len(indices))
	for i, index := range indices {
		t.slots[t.header[index]] = append(t.slots[t.header[index]], i)
	}
	return nil
}

func (t *jsonTable) close() {}

func (t *jsonTable) next(cells []cell) (int64, *Fault, error) {
	if !t.held {
		if err := t.advance(); err != nil {
			return 0, nil, err
		}
	}
	t.held = false
	for i := range cells {
		cells[i] = cell{kind: absent}
	}
	fault := t.object(func(key string, value json.RawMessage) {
		for _, i := range t.slots[key] {
			cells[i] = jsonCell(value)
		}
	})
	return t.line, fault, nil
}

// advance goes to the next line that is not empty.
func (t *jsonTable) advance() error {
	for t.lines.Scan() {
		t.line++
		if len(bytes.TrimSpace(t.lines.Bytes())) > 0 {
			return nil
		}
	}
	switch err := t.lines.Err(); {
	case err == nil:
		return io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		problem := fmt.Sprintf("has more than %d bytes, expected one JSON object a line", maxRecord)
		return &Fault{Position: Position{File: t.file, Line: t.line + 1}, Problem: problem}
	default:
		return fmt.Errorf("read %s: %w", t.file, err)
	}
}

// object calls each for every key of the object on the line.
func (t *jsonTable) object(each func(string, json.RawMessage)) *Fault {
	fault := func(problem string) *Fault {
		return &Fault{Position: Position{File: t.file, Line: t.line}, Problem: problem}
	}
	line := t.lines.Bytes()
	if !utf8.Valid(line) {
		return fault("is not valid UTF-8")
	}
	clear(t.seen)
	decoder := json.NewDecoder(bytes.NewReader(line))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return fault("is not a JSON object")
	}
	for decoder.More() {
		token, err := decoder.Token()
		key, isText := token.(string)
		var value json.RawMessage
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil || !isText {
			return fault(fmt.Sprintf("is not a JSON object: %v", err))
		}
		if t.seen[key] {
			return fault(fmt.Sprintf("has the key %q twice, expected it once", key))
		}
		t.seen[key] = true
		each(key, value)
	}
	if _, err := decoder.Token(); err != nil {
		return fault(fmt.Sprintf("is not a JSON object: %v", err))
	}
	if _, err := decoder.Token(); !isEnd(err) {
		return fault("goes on after the JSON object, expected one object a line")
	}
	return nil
}

// jsonCell types a value by its first byte; it is valid JSON.
func jsonCell(value json.RawMessage) cell {
	switch value[0] {
	case 'n':
		return cell{kind: null}
	case 't', 'f':
		return cell{kind: other, text: string(value)}
	case '{':
		return cell{kind: other, text: "an object"}
	case '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return cell{kind: other, text: "not text"}
		}
		return cell{kind: quoted, text: text}
	case '[':
		return jsonList(value)
	default:
		return cell{kind: literal, text: string(value)}
	}
}

func jsonList(value json.RawMessage) cell {
	var items []*string
	if err := json.Unmarshal(value, &items); err != nil {
		return cell{kind: other, text: "a list that holds more than texts"}
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if item == nil {
			return cell{kind: other, text: "a list that holds null"}
		}
		texts[i] = *item
	}
	return cell{kind: list, texts: texts}
}
