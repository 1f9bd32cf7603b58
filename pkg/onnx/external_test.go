package onnx

import (
	"encoding/binary"
	"io/fs"
	"math"
	"testing"
	"testing/fstest"
)

// outside writes an initialiser "w" of [2,1] whose data lies elsewhere.
func outside(code int64, entries ...string) []byte {
	msg := appendVarint(appendVarint(nil, 1, 2), 1, 1)
	msg = appendVarint(appendMessage(appendVarint(msg, 2, code), 8, []byte("w")), 14, 1)
	for i := 0; i < len(entries); i += 2 {
		msg = appendMessage(msg, 13, appendMessage(appendMessage(nil, 1, []byte(entries[i])), 2, []byte(entries[i+1])))
	}
	return msg
}

// folderWith is a folder with weights 1, 10 behind four other bytes, and a model for it whose weights are w.
func folderWith(w []byte) ([]byte, fs.FS) {
	data := []byte{9, 9, 9, 9}
	for _, v := range []float32{1, 10} {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	model := damaged(func(m *testModel) { m.initialisers = [][]byte{w} })
	files, err := fs.Sub(fstest.MapFS{
		"m/w.bin": {Data: data}, "m/below/w.bin": {Data: data}, "secret": {Data: data}, "m/pipe": {Mode: fs.ModeNamedPipe},
	}, "m")
	if err != nil {
		panic(err)
	}
	return model, files
}

func TestExternalData(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"w.bin", "./w.bin", "below/w.bin"} {
		model, files := folderWith(outside(1, "location", location, "offset", "4", "length", "8", "checksum", "any"))
		g, err := LoadIn(model, files, 8)
		if err != nil {
			t.Fatalf("%s: %v", location, err)
		}
		got, err := g.Run(t.Context(), map[string]Tensor{"x": floats([]int{1, 2}, 1, 2)})
		if err != nil {
			t.Fatal(err)
		}
		if err := compare(got["y"], floats([]int{1, 1}, 42)); err != nil {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func TestExternalDataRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		w    []byte
		want string
	}{
		"above":                {outside(1, "location", "../secret"), `lies in "../secret", expected a path inside`},
		"above and below":      {outside(1, "location", "below/../../secret"), "expected a path inside"},
		"absolute":             {outside(1, "location", "/secret"), "expected a path inside"},
		"twice from here":      {outside(1, "location", "././w.bin"), "expected a path inside"},
		"nowhere":              {outside(1, "offset", "0"), "in another file, which is not named"},
		"no entries":           {outside(1), "in another file, which is not named"},
		"no such file":         {outside(1, "location", "none.bin"), "none.bin"},
		"folder":               {outside(1, "location", "below"), "is no regular file"},
		"pipe":                 {outside(1, "location", "pipe"), "is no regular file"},
		"past the end":         {outside(1, "location", "w.bin", "offset", "5"), `is bytes 5 to 13 of "w.bin", which has 12`},
		"far past the end":     {outside(1, "location", "w.bin", "offset", "9223372036854775807"), "which has 12"},
		"negative offset":      {outside(1, "location", "w.bin", "offset", "-4"), `has the offset "-4"`},
		"negative length":      {outside(1, "location", "w.bin", "length", "-8"), `has the length "-8"`},
		"overflowing offset":   {outside(1, "location", "w.bin", "offset", "92233720368547758080"), "expected a number of bytes"},
		"no offset":            {outside(1, "location", "w.bin", "offset", "four"), `has the offset "four"`},
		"another length":       {outside(1, "location", "w.bin", "length", "12"), "has 12 bytes, expected 8"},
		"texts":                {outside(codeString, "location", "w.bin"), "holds raw data, expected texts"},
		"malformed":            {appendMessage(outside(1), 13, []byte{0xff}), "malformed protobuf"},
		"name that is no text": {outside(1, "location", "\xff"), "is no UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model, files := folderWith(c.w)
			if _, err := LoadIn(model, files, 1<<20); !hasText(err, c.want) || !hasText(err, `initialiser "w"`) {
				t.Errorf("error is %v, expected one with the initialiser and %q", err, c.want)
			}
		})
	}
	model, _ := folderWith(outside(1, "location", "w.bin"))
	if _, err := Load(model); !hasText(err, "load the model from its folder") {
		t.Errorf("without a folder: %v", err)
	}
}

func TestFilesOfMoreThan2GBAreRefused(t *testing.T) {
	t.Parallel()
	if err := checkSize(3 << 30); !hasText(err, "the file has 3221225472 bytes, expected at most 2147483647") {
		t.Errorf("error is %v", err)
	}
	if err := checkSize(maxFile); err != nil {
		t.Error(err)
	}
}

// TestExternalDataIsBounded names the same bytes again and again.
func TestExternalDataIsBounded(t *testing.T) {
	t.Parallel()
	_, files := folderWith(nil)
	d := &folder{fsys: files, left: 16, most: 16}
	entries := [][]byte{appendMessage(appendMessage(nil, 1, []byte("location")), 2, []byte("w.bin"))}
	for i := range 3 {
		_, err := d.read(entries, 8)
		if (i < 2) != (err == nil) || i == 2 && !hasText(err, "the model reads more than") {
			t.Errorf("read %d: error is %v", i, err)
		}
	}
}
