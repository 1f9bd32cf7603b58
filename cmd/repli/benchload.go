package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/bench/load"
	"github.com/repli-mesh/repli/demo"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// benchLoadFlags are one load and what it may come to.
type benchLoadFlags struct {
	load.Config

	address, users string
	wait, progress time.Duration
	maxFailures    int
}

func newBenchLoad() *cobra.Command {
	f := benchLoadFlags{Config: load.Defaults()}
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Put a constant load on a running mesh and sum up what came back",
		Long: `Put a constant load on a running mesh: each request is sent when it is due, whatever became of those before it, and
latencies count from then. Ends after --count requests, after --duration, or when interrupted, whichever is first; prints the
sums as one line of JSON. The exit code is 1 when more than --max-failures requests ended without an answer.`,
		Example: `  repli bench load --rate 200 --duration 5m --progress 10s
  repli bench load --address dns:///repli-gateway:9000 --count 20000 --duration 0s --deadline 50ms`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.address, "address", "localhost:9000", "the gateway, as host:port or a gRPC target")
	flags.StringVar(&f.users, "users", "", "a file with one user id a line, the most frequent first (default: the demo shop's)")
	flags.Float64Var(&f.Rate, "rate", f.Rate, "requests a second")
	flags.IntVar(&f.Count, "count", f.Count, "how many requests; 0 for no such end")
	flags.DurationVar(&f.Duration, "duration", f.Duration, "how long; 0s for no such end")
	flags.DurationVar(&f.Deadline, "deadline", f.Deadline, "the deadline of each request")
	flags.IntVar(&f.Items, "items", f.Items, "how many items each request asks for")
	flags.Float64Var(&f.Skew, "skew", f.Skew, "the exponent of Zipf's law over the users")
	flags.Uint64Var(&f.Seed, "seed", f.Seed, "draws the users")
	flags.DurationVar(&f.wait, "wait", 10*time.Second, "how long a gateway may take to be reached at first")
	flags.DurationVar(&f.progress, "progress", 0, "how often to print the sums so far on stderr; 0s for never")
	flags.IntVar(&f.maxFailures, "max-failures", 0, "how many requests may fail")
	return cmd
}

// errFailures says that more requests failed than may.
var errFailures = errors.New("requests ended without an answer")

func (f benchLoadFlags) run(cmd *cobra.Command) error {
	if err := f.validate(); err != nil {
		return misuse(err)
	}
	users, err := f.known(cmd.Context())
	if err != nil {
		return err
	}
	c, err := client.New(f.address)
	if err != nil {
		return misuse(fmt.Errorf("--address: %w", err))
	}
	err = f.send(cmd, c, users)
	return errors.Join(err, c.Close())
}

func (f benchLoadFlags) validate() error {
	faults := []error{f.Validate()}
	for flag, negative := range map[string]bool{"wait": f.wait < 0, "progress": f.progress < 0, "max-failures": f.maxFailures < 0} {
		if negative {
			faults = append(faults, fmt.Errorf("--%s: is negative, expected 0 or more", flag))
		}
	}
	return errors.Join(faults...)
}

// known are the users who are asked for.
func (f benchLoadFlags) known(ctx context.Context) ([]string, error) {
	if f.users == "" {
		return demoUsers(ctx)
	}
	file, err := os.Open(f.users)
	if err != nil {
		return nil, misuse(fmt.Errorf("--users: %w", err))
	}
	defer file.Close()
	var users []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if user := strings.TrimSpace(lines.Text()); user != "" {
			users = append(users, user)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, misuse(fmt.Errorf("--users: %s: line %d: %w", f.users, len(users)+1, err))
	}
	if len(users) == 0 {
		return nil, misuse(fmt.Errorf("--users: %s has no lines, expected one user id a line", f.users))
	}
	return users, nil
}

func demoUsers(ctx context.Context) ([]string, error) {
	data, err := folder(demo.Data())
	if err != nil {
		return nil, err
	}
	var users []string
	for record, err := range dataset.Rows(ctx, data.Project, data.Users[0], data.Project.ViewsOf(views.User)...) {
		if err != nil {
			return nil, err
		}
		users = append(users, record.Row.EntityID)
	}
	return users, nil
}

// send waits for a gateway, sends the load and prints the sums.
func (f benchLoadFlags) send(cmd *cobra.Command, c *client.Client, users []string) error {
	if err := c.Ready(cmd.Context(), f.wait); err != nil {
		return fmt.Errorf("%s: %w", f.address, err)
	}
	deps := load.Deps{Caller: c, Users: users}
	if f.progress > 0 {
		deps.Every = f.progress
		deps.Watch = func(s load.Summary) { _ = s.Line(cmd.ErrOrStderr()) } // the sums themselves do not depend on it
	}
	sums := load.Run(cmd.Context(), f.Config, deps)
	if err := json.NewEncoder(cmd.OutOrStdout()).Encode(sums); err != nil {
		return err
	}
	if sums.Failed > f.maxFailures {
		return fmt.Errorf("%d of %d %w, at most %d may", sums.Failed, sums.Requests, errFailures, f.maxFailures)
	}
	return nil
}
