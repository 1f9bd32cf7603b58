package onnx

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func loadSmall(t *testing.T) *Graph {
	t.Helper()
	g, err := Load(small().bytes())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGraphDescribesItself(t *testing.T) {
	t.Parallel()
	g := loadSmall(t)
	if got, want := g.Inputs(), []ValueInfo{{"x", Float32, []int{-1, 2}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("inputs are %v, want %v", got, want)
	}
	if got, want := g.Outputs(), []ValueInfo{{"y", Float32, []int{-1, 1}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("outputs are %v, want %v", got, want)
	}
	if got, want := g.Opsets(), map[string]int64{"": 17}; !reflect.DeepEqual(got, want) {
		t.Errorf("opsets are %v, want %v", got, want)
	}
	g.Inputs()[0].Shape[0] = 7
	g.Opsets()[""] = 7
	if g.Inputs()[0].Shape[0] != -1 || g.Opsets()[""] != 17 {
		t.Error("a caller can change the graph through what it returns")
	}
}

// TestRun runs one graph from several goroutines, with results that are fresh each time.
func TestRun(t *testing.T) {
	t.Parallel()
	g := loadSmall(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			x := floats([]int{3, 2}, 1, 2, 3, 4, 50, 60)
			for range 3 {
				got, err := g.Run(t.Context(), map[string]Tensor{"x": x})
				if err != nil {
					t.Error(err)
					return
				}
				if err := compare(got["y"], floats([]int{3, 1}, 42, 86, 100)); err != nil {
					t.Error(err)
				}
				clear(got["y"].Floats) // belongs to the caller
			}
			if err := compare(x, floats([]int{3, 2}, 1, 2, 3, 4, 50, 60)); err != nil {
				t.Errorf("the input was changed: %v", err)
			}
		})
	}
	wg.Wait()
	if got, err := g.Run(t.Context(), map[string]Tensor{"x": {Shape: []int{0, 2}}}); err != nil || len(got["y"].Floats) != 0 {
		t.Errorf("no rows: got %v, %v", got, err)
	}
}

// TestRunPassesThrough makes sure that a result never shares memory with an input or an initialiser.
func TestRunPassesThrough(t *testing.T) {
	t.Parallel()
	m := small()
	m.nodes = append(m.nodes, writeNode("", "Identity", []string{"w"}, []string{"same"}, nil))
	m.outputs = append(m.outputs, writeInfo("x", 1, nil), writeInfo("same", 1, nil))
	g, err := Load(m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	x := floats([]int{1, 2}, 1, 2)
	for range 2 {
		got, err := g.Run(t.Context(), map[string]Tensor{"x": x})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(compare(got["x"], floats([]int{1, 2}, 1, 2)), compare(got["same"], floats([]int{2, 1}, 1, 10))); err != nil {
			t.Fatal(err)
		}
		clear(got["x"].Floats)
		clear(got["same"].Floats)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	g := loadSmall(t)
	for name, c := range map[string]struct {
		inputs map[string]Tensor
		want   string
	}{
		"missing":    {nil, `input "x" is missing`},
		"unknown":    {map[string]Tensor{"x": floats([]int{1, 2}, 1, 2), "v": vec(1)}, `input "v" is not one of the graph's`},
		"dtype":      {map[string]Tensor{"x": ints([]int{1, 2}, 1, 2)}, `input "x": dtype is int64, expected float32`},
		"no data":    {map[string]Tensor{"x": {Shape: []int{1, 2}}}, `input "x": dtype is none, expected float32`},
		"two slices": {map[string]Tensor{"x": {Shape: []int{1, 2}, Floats: []float32{1, 2}, Ints: []int64{1}}}, "more than one data slice"},
		"short":      {map[string]Tensor{"x": floats([]int{2, 2}, 1, 2)}, `input "x": has 2 values, expected 4 for shape [2 2]`},
		"width":      {map[string]Tensor{"x": floats([]int{1, 3}, 1, 2, 3)}, `input "x": shape is [1 3], expected [-1 2]`},
		"rank":       {map[string]Tensor{"x": vec(1, 2)}, `input "x": shape is [2], expected [-1 2]`},
		"negative":   {map[string]Tensor{"x": floats([]int{-1, 2}, 1, 2)}, "negative dimension"},
		"overflow":   {map[string]Tensor{"x": floats([]int{1 << 62, 4}, 1, 2)}, "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := g.Run(t.Context(), c.inputs)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, expected one with %q", err, c.want)
			}
		})
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := loadSmall(t).Run(ctx, map[string]Tensor{"x": floats([]int{1, 2}, 1, 2)})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, expected context.Canceled", err)
	}
}

func TestRunBoundsMemory(t *testing.T) {
	t.Parallel()
	m := testModel{
		opset:        17,
		initialisers: [][]byte{writeTensor("shape", ivec(maxElements)), writeTensor("one", vec(1))},
		outputs:      [][]byte{writeInfo("one", 1, nil)},
	}
	for _, name := range []string{"a", "b", "c"} {
		m.nodes = append(m.nodes, writeNode(name, "ConstantOfShape", []string{"shape"}, []string{name}, attrs{"value": bools([]int{1}, true)}))
	}
	g, err := Load(m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = g.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the run makes more elements than one may") {
		t.Fatalf("error is %v, expected one about the elements of a run", err)
	}
}
