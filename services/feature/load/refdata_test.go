//go:build refdata

package load_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/load"
)

// header returns the columns of a CSV.
func header(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(line), ",")
}

// declare writes a views.yaml for all columns of the files: those with the prefix are numbers, the others text.
func declare(t *testing.T, dir string) string {
	var b strings.Builder
	b.WriteString("project: refdata\nentities:\n")
	b.WriteString("  user: {join_key: user_id, type: string}\n  item: {join_key: item_id, type: int64}\nviews:\n")
	for _, entity := range []string{"user", "item"} {
		fmt.Fprintf(&b, "  - name: %s_all\n    entity: %s\n    features:\n", entity, entity)
		for _, column := range header(t, filepath.Join(dir, entity+"s.csv")) {
			switch {
			case column == entity+"_id":
			case column == "segment":
				b.WriteString("      - {name: segment, dtype: string, role: segment}\n")
			case column == "item_index":
				b.WriteString("      - {name: item_index, dtype: int64, range: [0, 3999]}\n")
			case strings.HasPrefix(column, entity[:1]+"_"):
				fmt.Fprintf(&b, "      - {name: %s, dtype: float32, nullable: true}\n", column)
			default:
				fmt.Fprintf(&b, "      - {name: %s, dtype: string, nullable: true}\n", column)
			}
		}
	}
	b.WriteString("events: {id: event_id, user: user_id, item: item_id, type: type, quantity: quantity, revenue: revenue, currency: USD, time: ts}\n")
	return b.String()
}

func TestRefData(t *testing.T) {
	dir := os.Getenv("REPLI_REFDATA")
	if dir == "" {
		t.Fatal("REPLI_REFDATA is not set, expected the folder of the reference data")
	}
	project, err := views.Parse("views.yaml", []byte(declare(t, dir)))
	if err != nil {
		t.Fatal(err)
	}
	in := load.Input{Project: project}
	for name, sources := range map[string]*[]dataset.Source{"users": &in.Users, "items": &in.Items, "events": &in.Events} {
		source, err := dataset.Open(filepath.Join(dir, name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		*sources = append(*sources, source)
	}
	r := newRecorder()
	report, err := load.Run(t.Context(), in, r, r, load.Defaults(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Users != 2252 || report.Items != 4000 || report.Events != 39978 {
		t.Errorf("got %+v, want 2252 users, 4000 items and 39978 events", report)
	}
	for prefix, n := range map[string]int{"user_all/": 2252, "item_all/": 4000, "event/": 39978} {
		if got := r.count(prefix); got != n {
			t.Errorf("%d of %s, want %d", got, prefix, n)
		}
	}
}
