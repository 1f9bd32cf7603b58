package demo

import (
	"io/fs"
	"slices"
	"strconv"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// ranker orders items for a user of users.csv with a bundle.
type ranker struct {
	t       *testing.T
	graph   *onnx.Graph
	m       manifest
	columns map[string]column // by feature
	missing map[string]bool   // features to leave at their default
}

// column is a feature of all users or all items; null is the manifest's default.
type column struct {
	values []float32
	ofUser bool
	null   float32
}

func newRanker(t *testing.T, files fs.FS) *ranker {
	t.Helper()
	m, _, model := readBundle(t, files)
	graph, err := onnx.Load(model)
	if err != nil {
		t.Fatal(err)
	}
	r := &ranker{t: t, graph: graph, m: m, columns: map[string]column{}, missing: map[string]bool{}}
	users, items := readTable(t, "users.csv.gz"), readTable(t, "items.csv.gz")
	for _, input := range m.Inputs {
		for _, feature := range input.Features {
			null := float32(0)
			if feature.Default != nil {
				null = float32(*feature.Default)
			}
			if at := slices.Index(users[0], feature.Name); at >= 0 {
				r.columns[feature.Name] = column{numbers(t, users, at, null), true, null}
			} else {
				r.columns[feature.Name] = column{numbers(t, items, slices.Index(items[0], feature.Name), null), false, null}
			}
		}
	}
	return r
}

func numbers(t *testing.T, table [][]string, at int, null float32) []float32 {
	t.Helper()
	values := make([]float32, 0, len(table)-1)
	for n, cells := range table[1:] {
		number, err := strconv.ParseFloat(cells[at], 32)
		switch {
		case cells[at] == "":
			number = float64(null)
		case err != nil:
			t.Fatalf("line %d, %s: %v", n+2, table[0][at], err)
		}
		values = append(values, float32(number))
	}
	return values
}

// rank returns the items, best first.
func (r *ranker) rank(user int, items []int) []int {
	inputs := map[string]onnx.Tensor{}
	for n, input := range r.m.Inputs {
		rows := items
		if input.Shape[0] != "N" {
			rows = items[:1]
		}
		tensor := onnx.Tensor{Shape: []int{len(rows), len(input.Features)}}
		for _, item := range rows {
			tensor.Floats = append(tensor.Floats, r.row(n, user, item)...)
		}
		if input.Dtype == "int64" {
			tensor = onnx.Tensor{Shape: []int{len(rows)}, Ints: whole(tensor.Floats)}
		}
		inputs[input.Name] = tensor
	}
	outputs, err := r.graph.Run(r.t.Context(), inputs)
	if err != nil {
		r.t.Fatal(err)
	}
	scores := make([]float64, len(items))
	for i, score := range outputs["score"].Floats {
		scores[i] = float64(score)
	}
	order := best(scores)
	for at, i := range order {
		order[at] = items[i]
	}
	return order
}

func (r *ranker) row(input, user, item int) []float32 {
	features := r.m.Inputs[input].Features
	row := make([]float32, len(features))
	for i, feature := range features {
		switch column := r.columns[feature.Name]; {
		case r.missing[feature.Name]:
			row[i] = column.null
		case column.ofUser:
			row[i] = column.values[user]
		default:
			row[i] = column.values[item]
		}
	}
	return row
}

func whole(values []float32) []int64 {
	ints := make([]int64, len(values))
	for i, v := range values {
		ints[i] = int64(v)
	}
	return ints
}
