//go:build refdata

package ranking

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/reftest"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

// refData returns the path of a file of the reference data.
func refData(t testing.TB, name ...string) string {
	t.Helper()
	return filepath.Join(append([]string{reftest.Dir(t)}, name...)...)
}

// readRows reads the features of a file: the columns with a prefix as float32, and item_index as int64.
func readRows(t testing.TB, file, prefix string) (*featurev1.Schema, []itemstest.Item) {
	t.Helper()
	f, err := os.Open(refData(t, file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	schema := itemstest.Schema(uint64(len(prefix) + len(lines)))
	for _, name := range lines[0] {
		switch {
		case name == "item_index":
			schema.Columns = append(schema.Columns, itemstest.Column(name, itemstest.Int))
		case strings.HasPrefix(name, prefix):
			schema.Columns = append(schema.Columns, itemstest.Column(name, itemstest.Float))
		}
	}
	var rows []itemstest.Item
	for _, line := range lines[1:] {
		row := itemstest.Item{ID: line[0], Values: values{}}
		for i, name := range lines[0] {
			if value, err := strconv.ParseFloat(line[i], 64); err == nil && (name == "item_index" || strings.HasPrefix(name, prefix)) {
				row.Values[name] = value
			}
		}
		rows = append(rows, row)
	}
	return schema, rows
}

// The three reference models load with their golden cases, and rank real users as the map-based path scores them.
func TestRefDataModels(t *testing.T) {
	itemSchema, items := readRows(t, "items.csv", "i_")
	userSchema, users := readRows(t, "users.csv", "u_")
	some := min(600, len(items))
	for _, name := range reftest.Models(t) {
		t.Run(name, func(t *testing.T) {
			folder := os.DirFS(refData(t, "models", name))
			reference, err := OpenBundle(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			s, stream := start(t, Defaults(), folder)
			send(t, stream, itemstest.Table(itemSchema, userSchema, 1, items...)...)
			for i := 0; i < len(users); i += 1 + len(users)/16 {
				first := i % (len(items) - some + 1)
				compare(t, s, reference, users[i].Values, itemstest.User(userSchema, users[i].Values), items[first:][:some])
			}
			model, err := s.GetModel(t.Context(), &rankingv1.GetModelRequest{})
			if err != nil || model.GetItemCount() != uint64(len(items)) {
				t.Errorf("model is %v, %v, want %d items", model, err, len(items))
			}
			if model.GetRanksNewUsers() {
				compare(t, s, reference, nil, nil, items[:some])
				compare(t, s, reference, nil, itemstest.User(userSchema, nil), items[:some])
			}
		})
	}
}

func compare(t *testing.T, s *Service, reference *Bundle, user values, row *featurev1.Row, items []itemstest.Item) {
	t.Helper()
	in := request(row)
	rows := make([]values, len(items))
	for i, item := range items {
		in.CandidateItemIds = append(in.CandidateItemIds, item.ID)
		rows[i] = item.Values
	}
	in.Count = uint32(len(items))
	out, _ := rank(t, s, in)
	want, err := reference.Score(t.Context(), user, rows)
	if err != nil {
		t.Fatal(err)
	}
	if int(out.GetScored()) != len(items) || len(out.GetIndices()) != len(items) {
		t.Fatalf("%d scored and %d returned of %d", out.GetScored(), len(out.GetIndices()), len(items))
	}
	last := float32(math.Inf(1))
	for i, index := range out.GetIndices() {
		score := out.GetScores()[i]
		if math.Abs(float64(score-want[index])) > 1e-5 || score > last {
			t.Fatalf("candidate %d scores %v after %v, want %v", index, score, last, want[index])
		}
		last = score
	}
}

func BenchmarkRefDataRank(b *testing.B) {
	itemSchema, items := readRows(b, "items.csv", "i_")
	userSchema, users := readRows(b, "users.csv", "u_")
	for _, name := range reftest.Models(b) {
		s, stream := start(b, Defaults(), os.DirFS(refData(b, "models", name)))
		send(b, stream, itemstest.Table(itemSchema, userSchema, 1, items...)...)
		in := request(itemstest.User(userSchema, users[0].Values))
		for _, item := range items[:min(200, len(items))] {
			in.CandidateItemIds = append(in.CandidateItemIds, item.ID)
		}
		in.Count = 10
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Rank(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
