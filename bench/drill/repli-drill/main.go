// Command repli-drill breaks a real mesh on purpose and judges what its callers got. It is a program of its own so that its
// proxies do not weigh on the repli binary; `repli drill` runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/repli-mesh/repli/bench/drill"
	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/report"
	"github.com/repli-mesh/repli/bench/drill/scenario"
)

// The exit codes: broken is for expectations that did not hold, and for a drill that could not go on.
const (
	broken  = 1
	misused = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr)) //nolint:gocritic // stop has nothing to undo at the very end
}

// errMisuse marks what the caller of the command has to change.
var errMisuse = errors.New("")

func misuse(err error) error { return fmt.Errorf("%w%w", errMisuse, err) }

// errBroken says that expectations did not hold; they have been told of.
var errBroken = errors.New("expectations did not hold")

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := newCommand() //nolint:contextcheck // the command gets the context from cobra
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errMisuse):
		_, _ = fmt.Fprintf(stderr, "repli drill: %s\n", strings.ReplaceAll(err.Error(), "\n", "\nrepli drill: "))
		return misused
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "repli drill: interrupted; everything has ended")
	default:
		_, _ = fmt.Fprintf(stderr, "repli drill: %s\n", strings.ReplaceAll(err.Error(), "\n", "\nrepli drill: "))
	}
	return broken
}

// flags are one drill as it is typed.
type flags struct {
	scenarios, only                             []string
	short, list                                 bool
	out, refdata, model, redis, program, clocks string
	seed                                        uint64
}

func newCommand() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "repli drill",
		Short: "Break a real mesh on purpose and judge what its callers got",
		Long: `Break a real mesh on purpose and judge what its callers got: starts the four services and a redis-server with a proxy on
every hop, offers a load, puts each scenario's fault upon them, takes it away, and compares with what the scenario expects.`,
		Example: `  repli drill --out drill
  repli drill --only store-swapping,ranking-killed
  repli drill --scenarios my/scenarios --short`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse(fmt.Errorf("unknown argument %q", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse(err) })
	set := cmd.Flags()
	set.StringSliceVar(&f.scenarios, "scenarios", nil, "scenario files, and folders of *.yaml (default: those in the program)")
	set.StringSliceVar(&f.only, "only", nil, "names of the scenarios to run")
	set.BoolVar(&f.short, "short", false, "run the shortened set only, with shortened phases")
	set.BoolVar(&f.list, "list", false, "list the scenarios and run none")
	set.StringVar(&f.out, "out", "", "a folder for drill.json, index.html and one SVG file a scenario")
	set.StringVar(&f.refdata, "refdata", "", "a folder of users, items, events and models/NAME instead of the demo shop")
	set.StringVar(&f.model, "model", "dcn", "the model in the reference data's folder")
	set.StringVar(&f.redis, "redis-server", "redis-server", "the redis-server program")
	set.StringVar(&f.program, "repli", "", "the repli program whose services are drilled (default: beside this one)")
	set.StringVar(&f.clocks, "repli-clocks", "", "the same, built with the tag drill, for scenarios with mesh.clocks (default: beside this one)")
	set.Uint64Var(&f.seed, "seed", 1, "draws users, deadlines and priorities")
	return cmd
}

func (f flags) run(cmd *cobra.Command) error {
	chosen, err := f.choose()
	if err != nil {
		return misuse(err)
	}
	if f.list {
		for _, s := range chosen {
			_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%-28s %s\n", s.Name, s.Description)
		}
		return nil
	}
	programs, err := f.programs(chosen)
	if err != nil {
		return misuse(err)
	}
	table := report.NewTable(cmd.OutOrStdout(), isTerminal(cmd.OutOrStdout()))
	started := time.Now()
	rows, err := drill.Run(cmd.Context(), drill.Options{
		Scenarios: chosen, Programs: programs, Data: f.data(), Watch: table, Seed: f.seed,
	})
	table.Finish(rows, time.Since(started))
	if f.out != "" && len(rows) > 0 {
		err = errors.Join(err, report.Write(f.out, rows))
	}
	if err != nil {
		return err
	}
	return verdict(cmd.ErrOrStderr(), rows)
}

// verdict gives one line for each broken expectation.
func verdict(w io.Writer, rows []report.Row) error {
	var err error
	for _, row := range rows {
		for _, what := range row.Broken {
			err = errBroken
			_, _ = fmt.Fprintf(w, "repli drill: %s: %s\n", row.Scenario, what)
		}
	}
	return err
}

func (f flags) choose() ([]scenario.Scenario, error) {
	read := scenario.Embedded
	if len(f.scenarios) > 0 {
		read = func() ([]scenario.Scenario, error) { return scenario.Read(f.scenarios...) }
	}
	all, err := read()
	if err != nil {
		return nil, err
	}
	if len(f.only) > 0 {
		if all, err = scenario.Only(all, f.only...); err != nil {
			return nil, fmt.Errorf("--only: %w", err)
		}
	}
	if f.short {
		all = scenario.Short(all)
	}
	if len(all) == 0 {
		return nil, errors.New("no scenarios are chosen, expected some")
	}
	return all, nil
}

// programs finds what is run.
func (f flags) programs(chosen []scenario.Scenario) (mesh.Programs, error) {
	redis, err := exec.LookPath(f.redis)
	if err != nil {
		return mesh.Programs{}, fmt.Errorf("--redis-server: is %q, expected a program (Debian package redis-server): %w", f.redis, err)
	}
	repli, err := beside("--repli", f.program, "repli")
	if err != nil {
		return mesh.Programs{}, err
	}
	programs := mesh.Programs{Repli: repli, Redis: redis}
	if slices.ContainsFunc(chosen, func(s scenario.Scenario) bool { return s.Mesh.Clocks }) {
		programs.Clocks, err = beside("--repli-clocks", f.clocks, "repli-clocks")
	}
	return programs, err
}

// beside finds a program that a flag names, or that is beside this one.
func beside(flag, program, name string) (string, error) {
	if program == "" {
		own, err := os.Executable()
		if err != nil {
			return "", err
		}
		program = filepath.Join(filepath.Dir(own), name)
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s: is %q, expected the program %s: %w", flag, program, name, err)
	}
	return found, nil
}

// data returns nil for the demo shop.
func (f flags) data() func(context.Context, string) (mesh.Data, error) {
	if f.refdata == "" {
		return nil
	}
	return func(ctx context.Context, dir string) (mesh.Data, error) {
		return mesh.ReferenceData(ctx, f.refdata, f.model, dir)
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
