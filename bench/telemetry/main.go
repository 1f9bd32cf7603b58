// Command telemetry measures what being observed costs: the CPU that the service processes of a whole mesh take for a request
// with telemetry off, with one trace in a hundred and with every trace sampled, side by side in one run. See make
// bench-telemetry.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/repli-mesh/repli/bench/drill/mesh"
)

func main() {
	p := plan{}
	flag.StringVar(&p.program, "repli", "bin/repli", "the binary whose services are measured")
	flag.IntVar(&p.rounds, "rounds", 200, "how often each variant has its turn")
	flag.IntVar(&p.requests, "requests", 100, "how many requests a turn has")
	flag.IntVar(&p.callers, "callers", 2, "how many callers ask at a time")
	flag.Parse()
	if p.rounds < 2 || p.requests < 1 || p.callers < 1 {
		fmt.Fprintf(os.Stderr, "bench-telemetry: -rounds, -requests, -callers: are %d, %d and %d, expected at least 2, 1 and 1\n",
			p.rounds, p.requests, p.callers)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, p); err != nil {
		fmt.Fprintln(os.Stderr, "bench-telemetry:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing to undo at the very end
	}
}

// plan is what is measured, and for how long.
type plan struct {
	program                   string
	rounds, requests, callers int
}

func run(ctx context.Context, p plan) (err error) {
	redis, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("redis-server is needed: %w", err)
	}
	dir, err := os.MkdirTemp("", "repli-telemetry")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	data, err := mesh.DemoData(ctx, dir)
	if err != nil {
		return err
	}
	all := variants()
	defer func() {
		for _, v := range all {
			err = errors.Join(err, v.close())
		}
	}()
	for _, v := range all {
		if err := v.start(ctx, data, mesh.Programs{Repli: p.program, Redis: redis}, dir); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	if err := measure(ctx, p, all); err != nil {
		return err
	}
	return tell(os.Stdout, p, all)
}
