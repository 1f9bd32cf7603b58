// Command repli is the whole mesh in one binary: each service, all of them together, and the tools around them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/fallback"
	"github.com/repli-mesh/repli/services/feature/load"
	"github.com/repli-mesh/repli/services/ranking"
)

// The exit codes: failed is for what may work at another time, misused for what will not.
const (
	failed  = 1
	misused = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr)) //nolint:gocritic // stop has nothing to undo at the very end
}

// run executes one command line and returns the exit code. Errors are one line a fault on stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot() //nolint:contextcheck // the commands get the context from cobra
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "repli: %s\n", strings.ReplaceAll(err.Error(), "\n", "\nrepli: "))
	if isMisuse(err) {
		return misused
	}
	return failed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "repli",
		Short:         "Recommendations that always reply",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          showHelp,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse(err) })
	root.AddCommand(newAll())
	for _, s := range services() {
		root.AddCommand(s.command())
	}
	root.AddCommand(newRecommend(), newLoad(), newSnapshot(), newModel(), newCopy(), newConfig(), newBench(), newDrill())
	return root
}

// errMisuse marks what the caller of the command has to change.
var errMisuse = errors.New("")

func misuse(err error) error { return fmt.Errorf("%w%w", errMisuse, err) }

// isMisuse says whether the command line, a configuration or a file that it names is at fault.
func isMisuse(err error) bool {
	for _, theirs := range []error{
		errMisuse, dataset.ErrNoEvents, fallback.ErrNoEvents, fallback.ErrCorrupt, ranking.ErrBundle,
	} {
		if errors.Is(err, theirs) {
			return true
		}
	}
	var field *config.FieldError
	var record *dataset.Fault
	var files *load.Faults
	var typed *fault.Error
	return errors.As(err, &field) || errors.As(err, &record) || errors.As(err, &files) ||
		errors.As(err, &typed) && typed.Kind == fault.InvalidArgument
}

// noArgs refuses arguments, naming the first.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse(fmt.Errorf("unknown argument %q for %q", args[0], cmd.CommandPath()))
	}
	return nil
}
