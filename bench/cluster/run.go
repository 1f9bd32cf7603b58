package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// run makes a cluster where it has to, goes through the steps, writes the report and takes away what it made. It fails where
// an expectation did not hold.
func run(ctx context.Context, o options, w io.Writer) (err error) {
	t, err := o.tools()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil { //nolint:gosec // to be read by everybody
		return err
	}
	favoured := false
	if o.k8s != "" {
		_, _ = fmt.Fprintln(w, "starting a cluster")
		defer func() { err = errors.Join(err, o.down(ctx, t)) }()
		if err := o.up(ctx, t); err != nil {
			return err
		}
		favoured = favour()
	}
	if err := makeNamespace(ctx, t); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, takeAway(ctx, t)) }()
	r := newReport(ctx, o, t)
	r.Favoured = favoured
	tr := trial{options: o, tools: t, report: r, w: w}
	err = tr.all(ctx)
	r.Finished = time.Now().UTC()
	return errors.Join(err, r.write(o))
}
