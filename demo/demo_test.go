package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/repli-mesh/repli/demo/shop"
	"github.com/repli-mesh/repli/pkg/views"
)

// demoShop is the shop of the data, generated once for all tests: it is read-only.
var demoShop = sync.OnceValue(func() *shop.Shop { return shop.Generate(shop.Defaults()) })

const maxEmbedded = 2_500_000 // bytes

func TestEmbeddedSize(t *testing.T) {
	t.Parallel()
	total := int64(0)
	for _, files := range []fs.FS{Data(), Bundle()} {
		err := fs.WalkDir(files, ".", func(_ string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				total += info.Size()
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if total == 0 || total > maxEmbedded {
		t.Errorf("%d bytes are embedded, expected 1 to %d", total, maxEmbedded)
	}
}

// The committed files are what the generator writes. Compressed bytes may differ between versions of Go, so the
// contents are compared.
func TestDataIsGenerated(t *testing.T) {
	t.Parallel()
	files, err := demoShop().Files()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := fs.ReadDir(Data(), ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(files) {
		t.Errorf("%d files are embedded, the generator writes %d", len(entries), len(files))
	}
	for name, generated := range files {
		committed := readData(t, name)
		if strings.HasSuffix(name, ".gz") {
			generated = unzip(t, generated)
		}
		if !bytes.Equal(generated, committed) {
			t.Errorf("%s is not what the generator writes; run go generate ./demo", name)
		}
	}
}

// Every row of the files is one that the feature service accepts.
func TestRowsFitViews(t *testing.T) {
	t.Parallel()
	project := parseViews(t)
	for _, view := range project.Views {
		table := readTable(t, string(view.Entity)+"s.csv.gz")
		column := map[string]int{}
		for i, name := range table[0] {
			column[name] = i
		}
		if len(table) < 1000 {
			t.Errorf("view %s: %d rows", view.Name, len(table))
		}
		for n, cells := range table[1:] {
			row := views.Row{EntityID: cells[column[project.Keys[view.Entity].Join]]}
			for _, feature := range view.Features {
				at, ok := column[feature.Name]
				if !ok {
					t.Fatalf("view %s: the file has no column %s", view.Name, feature.Name)
				}
				row.Values = append(row.Values, value(t, feature, cells[at]))
			}
			if err := view.Check(row); err != nil {
				t.Fatalf("view %s, line %d: %v", view.Name, n+2, err)
			}
		}
	}
}

func value(t *testing.T, feature views.Feature, cell string) views.Value {
	t.Helper()
	if cell == "" {
		return views.Value{Status: views.NullValue}
	}
	v := views.Value{Status: views.Present}
	var err error
	switch feature.Dtype {
	case views.Float32:
		var number float64
		number, err = strconv.ParseFloat(cell, 32)
		v.Number = float32(number)
	case views.Int64:
		v.Integer, err = strconv.ParseInt(cell, 10, 64)
	case views.String:
		v.Text = cell
	default:
		err = errors.New("the demonstration has no such type")
	}
	if err != nil {
		t.Fatalf("%s: %q: %v", feature.Name, cell, err)
	}
	return v
}

func TestUsers(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range readTable(t, "users.csv.gz") {
		known[row[0]] = true
	}
	later := map[string]bool{}
	for _, row := range readTable(t, "replay.csv.gz") {
		later[row[1]] = true
	}
	if !known[KnownUser] {
		t.Errorf("users.csv does not have %s", KnownUser)
	}
	if known[NewUser] || !later[NewUser] {
		t.Errorf("%s: in users.csv %t, in replay.csv %t; expected false and true", NewUser, known[NewUser], later[NewUser])
	}
}

func parseViews(t *testing.T) *views.Project {
	t.Helper()
	project, err := views.Parse("views.yaml", readData(t, "views.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func readTable(t *testing.T, name string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(readData(t, name))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}

// readData returns the content of an embedded file, uncompressed.
func readData(t *testing.T, name string) []byte {
	t.Helper()
	content, err := fs.ReadFile(Data(), name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		return unzip(t, content)
	}
	return content
}

func unzip(t *testing.T, packed []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
