package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/services/ranking"
)

func newModel() *cobra.Command {
	cmd := &cobra.Command{Use: "model", Short: "Look at, validate and measure model bundles", Args: noArgs, RunE: showHelp}
	cmd.AddCommand(newModelInspect(), newModelValidate(), newModelBench(), newModelDiff(), newModelList())
	return cmd
}

// engineFlags say what runs a model.
type engineFlags struct{ engine, library string }

func (f *engineFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.engine, "engine", "plan", "what runs the model: plan, or ort in builds that have onnxruntime")
	cmd.Flags().StringVar(&f.library, "onnxruntime", "", "the path of onnxruntime's shared library, for --engine ort")
}

// open reads and compiles the bundle in a folder.
func (f *engineFlags) open(path string) (*ranking.Model, error) {
	if f.engine != "plan" && f.engine != "ort" {
		return nil, misuse(fmt.Errorf("--engine: is %q, expected plan or ort", f.engine))
	}
	if f.engine == "ort" && f.library == "" {
		return nil, misuse(errors.New("--onnxruntime: is empty, expected the path of onnxruntime's shared library"))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, misuse(fmt.Errorf("the folder of a model bundle: %w", err))
	}
	m, err := ranking.OpenModel(root.FS(), f.engine, f.library)
	if err = errors.Join(err, root.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// folders checks the number of bundles that a command is given.
func folders(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return misuse(fmt.Errorf("%d arguments, expected %d: the folder of a model bundle each", len(args), n))
		}
		return nil
	}
}

func newModelInspect() *cobra.Command {
	var f engineFlags
	cmd := &cobra.Command{
		Use: "inspect BUNDLE", Short: "Print what a bundle holds and how it is run", Args: folders(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := f.open(args[0])
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, line := range m.Describe() {
				if _, err := fmt.Fprintf(w, "%s\t%s\n", line[0], line[1]); err != nil {
					return err
				}
			}
			return w.Flush()
		},
	}
	f.add(cmd)
	return cmd
}

func newModelValidate() *cobra.Command {
	var f engineFlags
	tolerance := 1e-5
	cmd := &cobra.Command{
		Use: "validate BUNDLE", Short: "Run a bundle's golden cases and compare the scores",
		Long: `Run the cases of golden.json and compare the scores with those that are written there. The last line is
cases=N max_abs_err=X; the exit code is 0 if the largest difference is within the tolerance and 1 if it is not.`,
		Example: "  repli model validate ./bundle --tolerance 1e-6",
		Args:    folders(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(tolerance >= 0) || math.IsInf(tolerance, 0) {
				return misuse(fmt.Errorf("--tolerance: is %v, expected a number from 0 on", tolerance))
			}
			m, err := f.open(args[0])
			if err != nil {
				return err
			}
			return validate(cmd, m, tolerance)
		},
	}
	f.add(cmd)
	cmd.Flags().Float64Var(&tolerance, "tolerance", tolerance, "how far a score may be from the golden one")
	return cmd
}

func validate(cmd *cobra.Command, m *ranking.Model, tolerance float64) error {
	cases, most, where, err := m.Deviates(cmd.Context())
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\ncases=%d max_abs_err=%.3g\n", m.ID(), cases, most); err != nil {
		return err
	}
	switch {
	case cases == 0:
		return fmt.Errorf("%s has no golden.json: there is nothing to compare with", m.ID())
	case !(most <= tolerance): // NaN is too far
		return fmt.Errorf("%s, tolerance %v", where, tolerance)
	}
	return nil
}

func newModelBench() *cobra.Command {
	var f engineFlags
	sizes, calls := []int{1, 50, 200, 500}, 200
	cmd := &cobra.Command{
		Use: "bench BUNDLE", Short: "Measure the time that a model takes for some numbers of candidates", Args: folders(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Min(append([]int{calls}, sizes...)) < 1 || slices.Max(append([]int{calls}, sizes...)) > 100_000 {
				return misuse(errors.New("--candidates and --calls: expected 1 to 100000"))
			}
			m, err := f.open(args[0])
			if err != nil {
				return err
			}
			return benchModel(cmd, m, sizes, calls)
		},
	}
	f.add(cmd)
	cmd.Flags().IntSliceVar(&sizes, "candidates", sizes, "how many candidates a call has")
	cmd.Flags().IntVar(&calls, "calls", calls, "how often each is called")
	return cmd
}

func benchModel(cmd *cobra.Command, m *ranking.Model, sizes []int, calls int) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "candidates\tp50 us\tp99 us\tus a candidate\t")
	for _, n := range sizes {
		trial, out := m.NewTrial(n, 1), make([]float32, n)
		times := make([]float64, calls)
		for i := -3; i < calls; i++ { // the first ones warm up
			started := time.Now()
			if err := m.Score(cmd.Context(), trial, out); err != nil {
				return err
			}
			if i >= 0 {
				times[i] = float64(time.Since(started).Nanoseconds()) / 1000
			}
		}
		slices.Sort(times)
		p50, p99 := times[calls/2], times[calls*99/100]
		if _, err := fmt.Fprintf(w, "%d\t%.1f\t%.1f\t%.3f\t\n", n, p50, p99, p50/float64(n)); err != nil {
			return err
		}
	}
	return w.Flush()
}

func newModelDiff() *cobra.Command {
	var f engineFlags
	count, seed := 200, uint64(1)
	cmd := &cobra.Command{
		Use: "diff BUNDLE BUNDLE", Short: "Score the same random candidates with two bundles and compare", Args: folders(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if count < 1 || count > 100_000 {
				return misuse(fmt.Errorf("--candidates: is %d, expected 1 to 100000", count))
			}
			a, err := f.open(args[0])
			if err != nil {
				return err
			}
			b, err := f.open(args[1])
			if err != nil {
				return err
			}
			if !a.Fits(b) {
				return misuse(fmt.Errorf("%s and %s do not have the same inputs and features", a.ID(), b.ID()))
			}
			return diffModels(cmd, a, b, count, seed)
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&count, "candidates", count, "how many candidates to score")
	cmd.Flags().Uint64Var(&seed, "seed", seed, "where the random numbers begin")
	return cmd
}

func diffModels(cmd *cobra.Command, a, b *ranking.Model, count int, seed uint64) error {
	trial := a.NewTrial(count, seed)
	x, y := make([]float32, count), make([]float32, count)
	if err := errors.Join(a.Score(cmd.Context(), trial, x), b.Score(cmd.Context(), trial, y)); err != nil {
		return err
	}
	most, sum := 0.0, 0.0
	for i := range x {
		d := math.Abs(float64(x[i]) - float64(y[i]))
		most, sum = max(most, d), sum+d
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s and %s on %d candidates\nmax_abs_diff=%.3g mean_abs_diff=%.3g top10_in_common=%d\n",
		a.ID(), b.ID(), count, most, sum/float64(count), common(best(x, 10), best(y, 10)))
	return err
}

// best returns the numbers of the n highest scores; the first among equals.
func best(scores []float32, n int) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case scores[i] > scores[j]:
			return -1
		case scores[i] < scores[j]:
			return 1
		}
		return 0
	})
	return order[:min(n, len(order))]
}

func common(a, b []int) int {
	n := 0
	for _, i := range a {
		if slices.Contains(b, i) {
			n++
		}
	}
	return n
}
