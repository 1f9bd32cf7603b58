// Package declare owns the guessing of a views.yaml from reference data that come without one: a folder with users.csv,
// items.csv and models/<name>/ bundles. It knows nothing of any one data set.
package declare

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Views returns a views.yaml that declares every column of users and items, and the events' usual columns.
func Views(dir string) (string, error) {
	var b strings.Builder
	b.WriteString("project: refdata\nentities:\n  user: {join_key: user_id, type: string}\n" +
		"  item: {join_key: item_id, type: string}\nviews:\n")
	whole, err := integers(dir)
	if err != nil {
		return "", err
	}
	for _, entity := range []string{"user", "item"} {
		fmt.Fprintf(&b, "  - name: %s_all\n    entity: %s\n    features:\n", entity, entity)
		rows, err := Read(filepath.Join(dir, entity+"s.csv"))
		if err != nil {
			return "", err
		}
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
	return b.String(), nil
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
func integers(dir string) (map[string]bool, error) {
	manifests, err := filepath.Glob(filepath.Join(dir, "models", "*", "manifest.json"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, path := range manifests {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var manifest struct {
			Inputs []struct {
				Dtype    string
				Features []struct{ Name string }
			}
		}
		if err := json.Unmarshal(text, &manifest); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, input := range manifest.Inputs {
			for _, feature := range input.Features {
				names[feature.Name] = names[feature.Name] || input.Dtype == "int64"
			}
		}
	}
	return names, nil
}

// Read returns the records of a CSV file, the header first; a file without records is an error.
func Read(path string) ([][]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s: has %d lines, expected a header and records", path, len(rows))
	}
	return rows, nil
}
