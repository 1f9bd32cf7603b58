//go:build ort

// Command onnx measures the engine of package plan beside onnxruntime, in one run: CPU time a call, on one thread, for the
// bundles of a folder and two models of its own. See make bench-onnx.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/ort"
	"github.com/repli-mesh/repli/pkg/onnx/plan"
)

// row is a line of the result.
type row struct {
	Model  string  `json:"model"`
	N      int     `json:"n"`
	Plan   float64 `json:"plan_us"`
	ORT    float64 `json:"ort_us"`
	Ratio  float64 `json:"ratio"`
	Allocs float64 `json:"allocs"`
}

func main() {
	library := flag.String("library", "", "onnxruntime's shared library")
	folder := flag.String("models", "", "a folder of bundles")
	out := flag.String("out", "", "the file to write rows to, as JSON")
	flag.Parse()
	if err := run(*library, *folder, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench-onnx:", err)
		os.Exit(1)
	}
}

func run(library, folder, out string) error {
	runtime.LockOSThread()
	models := map[string][]byte{"attention": attention(), "tower": tower()}
	for _, name := range []string{"mlp", "dcn", "gbdt"} {
		data, err := os.ReadFile(filepath.Join(folder, name, "model.onnx"))
		if err != nil {
			return err
		}
		models[name] = data
	}
	var rows []row
	fmt.Printf("%-10s %5s %10s %10s %7s %7s\n", "model", "n", "plan us", "ort us", "ratio", "allocs")
	logs := 0.0
	for _, name := range []string{"mlp", "dcn", "gbdt", "attention", "tower"} {
		for _, n := range []int{1, 50, 200, 500} {
			r, err := measure(library, name, models[name], n)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Printf("%-10s %5d %10.1f %10.1f %7.3f %7.0f\n", r.Model, r.N, r.Plan, r.ORT, r.Ratio, r.Allocs)
			logs += math.Log(r.Ratio)
			rows = append(rows, r)
		}
	}
	fmt.Printf("geometric mean of the ratios: %.3f\n", math.Exp(logs/float64(len(rows))))
	data, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o600)
}

// rounds is how many short batches of each engine are measured, in turns. What else the machine does then slows down both sides of
// a round alike.
const rounds = 61

// batch is how long a batch is about.
const batch = 2 * time.Millisecond

func measure(library, name string, model []byte, n int) (row, error) {
	r := row{Model: name, N: n}
	ours, theirs, scores, err := engines(library, model, n)
	if err != nil {
		return r, err
	}
	if err := compare(ours, theirs, scores); err != nil {
		return r, err
	}
	calls := max(1, int(batch/cpu(20, ours)))
	turns := make([]turn, rounds)
	for i := range turns {
		sides := []func(){
			func() { turns[i].plan = cpu(calls, ours) },
			func() { turns[i].ort = cpu(calls, func() { _, err = theirs() }) },
		}
		sides[i%2]()
		sides[1-i%2]()
		if err != nil {
			return r, err
		}
	}
	r.Plan, r.ORT = middle(turns)
	r.Ratio = r.Plan / r.ORT
	r.Allocs = testing.AllocsPerRun(100, ours)
	return r, nil
}

// turn is the CPU time of a call of each engine, measured one right after the other.
type turn struct{ plan, ort time.Duration }

// middle returns the mean times, in microseconds, of the half of the turns whose ratios are nearest to the median.
func middle(turns []turn) (plan, ort float64) {
	slices.SortFunc(turns, func(a, b turn) int {
		return cmp.Compare(float64(a.plan)/float64(a.ort), float64(b.plan)/float64(b.ort))
	})
	half := turns[len(turns)/4 : len(turns)-len(turns)/4]
	for _, t := range half {
		plan += micros(t.plan) / float64(len(half))
		ort += micros(t.ort) / float64(len(half))
	}
	return plan, ort
}

// engines prepares the two calls; scores is where the first one writes to.
func engines(library string, model []byte, n int) (ours func(), theirs func() ([]float32, error), scores []float32, err error) {
	g, err := onnx.Load(model)
	if err != nil {
		return nil, nil, nil, err
	}
	output := g.Outputs()[0]
	p, err := plan.Compile(g, output.Name, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	var names []string
	for _, info := range g.Inputs() {
		names = append(names, info.Name)
	}
	session, err := ort.Open(library, model, names, []string{output.Name})
	if err != nil {
		return nil, nil, nil, err
	}
	in := inputs(g, n)
	shape := append([]int{n}, output.Shape[1:]...)
	binding, err := session.Bind(in, shape)
	if err != nil {
		return nil, nil, nil, err
	}
	scores = make([]float32, n)
	ctx := context.Background()
	ours = func() {
		if err := p.Run(ctx, in, scores); err != nil {
			panic(err) // it ran before
		}
	}
	return ours, binding.Run, scores, nil
}

// compare fails where the engines differ: a figure for a wrong result is worth nothing.
func compare(ours func(), theirs func() ([]float32, error), scores []float32) error {
	ours()
	want, err := theirs()
	for i, w := range want {
		if math.Abs(float64(scores[i]-w)) > 1e-5 {
			return fmt.Errorf("score %d is %v, onnxruntime says %v", i, scores[i], w)
		}
	}
	return err
}

// cpu is the CPU time of a call, of all threads of the process. A first call, which is not counted, brings the engine's memory
// back into the caches.
func cpu(calls int, f func()) time.Duration {
	f()
	before := usage()
	for range calls {
		f()
	}
	return max(1, (usage()-before)/time.Duration(calls))
}

func usage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it takes no argument that could be wrong
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
