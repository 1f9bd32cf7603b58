// Package reftest owns the access of tests to reference data: a folder that REPLI_REFDATA names, with users.csv, items.csv,
// events.csv, replay.csv and models/<name>/ bundles. It holds nothing of any one data set; what a test wants to know of
// the data, it reads from them. A test fails when the folder is not there.
package reftest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/repli-mesh/repli/pkg/reftest/declare"
)

// Dir is the folder of the reference data.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("REPLI_REFDATA")
	if dir == "" {
		t.Fatal("REPLI_REFDATA is not set, expected the folder of the reference data: make test-refdata REFDATA=...")
	}
	return dir
}

// Models are the names of the bundles.
func Models(t testing.TB) []string {
	t.Helper()
	manifests, err := filepath.Glob(filepath.Join(Dir(t), "models", "*", "manifest.json"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("no models/*/manifest.json in the reference data: %v", err)
	}
	names := make([]string, len(manifests))
	for i, manifest := range manifests {
		names[i] = filepath.Base(filepath.Dir(manifest))
	}
	return names
}

// IDs are the values of the first column of one of the files, such as "users", in its order.
func IDs(t testing.TB, name string) []string {
	t.Helper()
	rows := read(t, name)[1:]
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row[0]
	}
	return ids
}

// Views writes a views.yaml that declares every column of users and items, and returns its path.
func Views(t testing.TB) string {
	t.Helper()
	text, err := declare.Views(Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "views.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, name string) [][]string {
	t.Helper()
	rows, err := declare.Read(filepath.Join(Dir(t), name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
