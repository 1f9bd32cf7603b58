package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func small(t testing.TB) *Snapshot {
	t.Helper()
	cfg := Defaults()
	cfg.MaxSegments = 2
	return mustBuild(t, cfg, bySuffix, shop(11, 12, 6, 120)...)
}

// sealed replaces the checksum by the right one.
func sealed(data []byte) []byte {
	body := data[:len(data)-checksumSize]
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

func TestFileHoldsTheSnapshot(t *testing.T) {
	t.Parallel()
	want := small(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "snapshot.bin")
	for range 2 { // the second replaces the first
		if err := want.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, expected %+v", got.Info(), want.Info())
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v (%v), expected the snapshot only", left, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data[:len(data)-checksumSize]); got.Info().Checksum[:16] != got.Version() || !bytes.Equal(sum[:], data[len(data)-checksumSize:]) {
		t.Errorf("version %s is not the start of the checksum %x", got.Version(), sum)
	}
}

func TestWriteFileFailsWhole(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := small(t).WriteFile(filepath.Join(folder, "absent", "s")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into an absent folder: error is %v", err)
	}
	taken := filepath.Join(folder, "taken")
	if err := os.Mkdir(taken, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := small(t).WriteFile(taken); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("onto a folder: error is %v, expected one that names it", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v (%v), expected no temporary file", left, err)
	}
}

func TestReadRefusesEveryFlipAndCut(t *testing.T) {
	t.Parallel()
	data, _ := small(t).encode()
	path := filepath.Join(t.TempDir(), "snapshot.bin")
	refused := func(what string, at int, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Read(path); s != nil || !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Fatalf("%s at byte %d: error is %v, expected ErrCorrupt that names the file", what, at, err)
		}
	}
	for at := range data {
		flipped := bytes.Clone(data)
		flipped[at] ^= 0x40
		refused("flip", at, flipped)
		refused("cut", at, data[:at])
	}
	refused("longer", len(data), append(bytes.Clone(data), 0))
}

// With a right checksum, every other check has to hold by itself: a flipped byte is refused, or is another snapshot.
func TestDecodeTrustsNoByte(t *testing.T) {
	t.Parallel()
	data, _ := small(t).encode()
	for at := range len(data) - checksumSize {
		for _, mask := range []byte{0x01, 0x80, 0xff} {
			flipped := bytes.Clone(data)
			flipped[at] ^= mask
			checkDecoded(t, sealed(flipped))
		}
		checkDecoded(t, sealed(bytes.Clone(data[:at+checksumSize])))
	}
}

// checkDecoded fails unless the file is refused as corrupt or is the one encoding of what it holds.
func checkDecoded(t *testing.T, data []byte) {
	t.Helper()
	s, err := decode(data)
	if err != nil {
		if !errors.Is(err, ErrCorrupt) {
			t.Fatalf("error is %v, expected ErrCorrupt", err)
		}
		return
	}
	if again, _ := s.encode(); !bytes.Equal(again, data) {
		t.Fatal("a file was taken that is not the encoding of what it holds")
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good, _ := mustBuild(t, Defaults(), nil, bought("u", "a", 0), bought("u", "b", 0)).encode()
	head := len(magic) + 4
	items := head + 12 + 3*8 + 8*8 + 2*4
	segments := items + 12 + 4
	popular := segments + 12 + 1 // the count; then two entries, and no trending ones
	neighbours := popular + 4 + 2*entrySize + 4
	u32 := binary.LittleEndian.PutUint32
	for want, spoil := range map[string]func([]byte){
		"magic is":                                              func(b []byte) { b[0] = 'x' },
		"format version is 2, expected 1":                       func(b []byte) { b[len(magic)] = 2 },
		`section is "xEAD", expected "HEAD"`:                    func(b []byte) { b[head] = 'x' },
		"section ITEM: length is 184":                           func(b []byte) { binary.LittleEndian.PutUint64(b[items+4:], math.MaxUint64-7) },
		"section ITEM: length is 3, but its":                    func(b []byte) { b[items+4]-- },
		"built at is":                                           func(b []byte) { b[head+12+7] = 0xff },
		"expected in this order":                                func(b []byte) { b[head+12+8+6]++ },
		"items: count is 4294967295":                            func(b []byte) { u32(b[items-8:], math.MaxUint32) },
		"has 0 items":                                           func(b []byte) { u32(b[items-8:], 0) },
		"segments: count is 4294967295":                         func(b []byte) { u32(b[items-4:], math.MaxUint32) },
		"item id has 0 bytes, expected 1":                       func(b []byte) { b[items+12] = 0 },
		"item id has 200 bytes":                                 func(b []byte) { b[items+12] = 200 },
		`item id is "\xff", expected UTF-8`:                     func(b []byte) { b[items+13] = 0xff },
		`id "a" does not follow "z"`:                            func(b []byte) { b[items+13], b[items+15] = 'z', 'a' },
		"segment has 255 bytes":                                 func(b []byte) { b[segments+12] = 255 },
		"popular: count is 4294967295":                          func(b []byte) { u32(b[popular:], math.MaxUint32) },
		"popular: count is 3, expected at most":                 func(b []byte) { u32(b[popular:], 3) },
		"entry 0: item index is 2, expected":                    func(b []byte) { b[popular+4] = 2 },
		"entry 1: item index 0 is there twice":                  func(b []byte) { b[popular+4+entrySize] = 0 },
		"entry 0: score is NaN":                                 func(b []byte) { u32(b[popular+8:], math.Float32bits(float32(math.NaN()))) },
		"entry 0: score is 2, expected 0 to 1":                  func(b []byte) { u32(b[popular+8:], math.Float32bits(2)) },
		"entry 1: score is 1, expected 0 to 0":                  func(b []byte) { u32(b[popular+8:], 0) },
		"neighbours, entry 0: item index is 0, the item itself": func(b []byte) { u32(b[neighbours+12+4:], 0) },
	} {
		bad := bytes.Clone(good)
		spoil(bad)
		_, err := decode(sealed(bad))
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "byte ") {
			t.Errorf("error is %v, expected %q and the byte", err, want)
		}
	}
	extra := append(bytes.Clone(good[:len(good)-checksumSize]), make([]byte, 1+checksumSize)...)
	if _, err := decode(sealed(extra)); err == nil || !strings.Contains(err.Error(), "1 bytes follow the last section") {
		t.Errorf("error is %v, expected the byte that follows", err)
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := Read(folder); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a folder: error is %v, expected ErrCorrupt", err)
	}
	if _, err := Read(filepath.Join(folder, "absent")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrCorrupt) {
		t.Errorf("no file: error is %v, expected fs.ErrNotExist only", err)
	}
}

func FuzzDecode(f *testing.F) {
	data, _ := small(f).encode()
	one, _ := mustBuild(f, Defaults(), nil, bought("u", "a", 0), bought("u", "b", 0)).encode()
	for _, file := range [][]byte{data, one, nil, []byte(magic)} {
		f.Add(file)
		f.Add(file[:len(file)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkDecoded(t, data)
		if len(data) >= checksumSize {
			checkDecoded(t, sealed(data))
		}
	})
}
