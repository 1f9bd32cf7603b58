//go:build refdata

package retrieval

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/reftest"
)

// tastes are the columns of a file whose names begin with a prefix, in the order of the names.
func tastes(t *testing.T, file, prefix string) vectors {
	t.Helper()
	f, err := os.Open(filepath.Join(reftest.Dir(t), file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]int{}
	var named []string
	for i, name := range rows[0] {
		if strings.HasPrefix(name, prefix) {
			named, columns[name] = append(named, name), i
		}
	}
	slices.Sort(named)
	v := vectors{width: len(named)}
	for _, row := range rows[1:] {
		for _, name := range named {
			value, _ := strconv.ParseFloat(row[columns[name]], 32) // what is missing counts as 0
			v.values = append(v.values, float32(value))
		}
	}
	return v
}

// On tastes as models make them, the int8 form finds what sorting all products finds.
func TestRefDataRecall(t *testing.T) {
	users, items := tastes(t, "users.csv", "u_taste_"), tastes(t, "items.csv", "i_taste_")
	if users.width == 0 || users.width != items.width {
		t.Fatalf("users have %d columns u_taste_*, items %d columns i_taste_*; want as many of both", users.width, items.width)
	}
	const count = 200
	x := index(t, items.width, Int8, 1, items.table(t))
	asked, found, wanted := 0, 0, 0
	for i := 0; i < users.len() && asked < 300; i++ {
		query := users.row(i)
		if !slices.ContainsFunc(query, func(v float32) bool { return v != 0 }) {
			continue
		}
		asked++
		got := x.Search(t.Context(), Query{Vector: query, Count: count})
		for _, id := range items.reference(query, count, every) {
			wanted++
			if slices.Contains(got.IDs, id) {
				found++
			}
		}
	}
	recall := float64(found) / float64(wanted)
	if !(recall >= 0.98) {
		t.Errorf("recall at %d is %v over %d users, want at least 0.98", count, recall, asked)
	}
	t.Logf("recall at %d is %v over %d users and %d items", count, recall, asked, items.len())
}
