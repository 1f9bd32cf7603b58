// Package reftest owns the access of tests to reference data: a folder that REPLI_REFDATA names, with users.csv, items.csv,
// events.csv, replay.csv and models/<name>/ bundles. It holds nothing of any one data set; what a test wants to know of
// the data, it reads from them. A test fails when the folder is not there.
package reftest

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
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
	var b strings.Builder
	b.WriteString("project: refdata\nentities:\n  user: {join_key: user_id, type: string}\n" +
		"  item: {join_key: item_id, type: string}\nviews:\n")
	whole := integers(t)
	for _, entity := range []string{"user", "item"} {
		fmt.Fprintf(&b, "  - name: %s_all\n    entity: %s\n    features:\n", entity, entity)
		rows := read(t, entity+"s")
		for i, column := range rows[0][1:] {
			dtype, nullable := guess(rows[1:], i+1)
			if whole[column] {
				dtype = "int64"
			}
			role := ""
			if column == "segment" {
				role = ", role: segment"
			}
			fmt.Fprintf(&b, "      - {name: %s, dtype: %s, nullable: %v%s}\n", column, dtype, nullable, role)
		}
	}
	b.WriteString("events: {id: event_id, user: user_id, item: item_id, type: type, quantity: quantity, revenue: revenue, " +
		"currency: USD, time: ts}\n")
	path := filepath.Join(t.TempDir(), "views.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// guess takes a column for numbers when all its values are.
func guess(rows [][]string, column int) (dtype string, nullable bool) {
	dtype = "float32"
	for _, row := range rows {
		if row[column] == "" {
			nullable = true
		} else if _, err := strconv.ParseFloat(row[column], 32); err != nil {
			dtype = "string"
		}
	}
	return dtype, nullable
}

// integers are the features that some model takes as int64.
func integers(t testing.TB) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, model := range Models(t) {
		text, err := os.ReadFile(filepath.Join(Dir(t), "models", model, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var manifest struct {
			Inputs []struct {
				Dtype    string
				Features []struct{ Name string }
			}
		}
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatal(err)
		}
		for _, input := range manifest.Inputs {
			for _, feature := range input.Features {
				names[feature.Name] = names[feature.Name] || input.Dtype == "int64"
			}
		}
	}
	return names
}

func read(t testing.TB, name string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join(Dir(t), name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 2 {
		t.Fatalf("%s.csv has %d lines, expected a header and records", name, len(rows))
	}
	return rows
}
