package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/cmd/repli/show"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// recommendFlags is one request as it is typed, and how it is asked.
type recommendFlags struct {
	requestFlags
	expect          string
	every, patience time.Duration
	watch, json     bool
}

func newRecommend() *cobra.Command {
	var f recommendFlags
	cmd := &cobra.Command{
		Use:   "recommend --user ID",
		Short: "Ask a running mesh for recommendations",
		Example: `  repli recommend --user u00042
  repli recommend --address localhost:9000 --user u00042 --count 5 --json
  repli recommend --user u00042 --context i0007,i0011 --exclude i0003 --feature hour=18 --watch`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.json, "json", false, "print the answer as one line of JSON")
	cmd.Flags().BoolVar(&f.watch, "watch", false, "ask again and again, one line an answer, until interrupted")
	cmd.Flags().DurationVar(&f.every, "every", time.Second, "how often to ask with --watch")
	cmd.Flags().StringVar(&f.expect, "expect", "", "the worst tier that is a success, such as PERSONALIZED (default: any)")
	cmd.Flags().DurationVar(&f.patience, "patience", 0, "for how long to ask again while there is no such answer")
	return cmd
}

func (f recommendFlags) run(cmd *cobra.Command) error {
	if f.watch && f.every <= 0 {
		return misuse(fmt.Errorf("--every: is %v, expected more than 0s", f.every))
	}
	worst, err := f.worst()
	if err != nil {
		return misuse(err)
	}
	if f.watch && (f.expect != "" || f.patience != 0) || f.patience < 0 {
		return misuse(errors.New("--expect, --patience: are set with --watch, or negative, expected one answer to wait for"))
	}
	return f.with(func(c *client.Client, request *repliv1.RecommendRequest) error { return f.ask(cmd, c, request, worst) })
}

func (f recommendFlags) ask(cmd *cobra.Command, c *client.Client, request *repliv1.RecommendRequest, worst repliv1.Tier) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if err := f.ready(ctx, c, f.patience); err != nil && !f.watch {
		return err
	}
	ticker := time.NewTicker(max(f.every, time.Millisecond))
	defer ticker.Stop()
	for {
		response, took, err := f.await(ctx, c, request, worst)
		switch {
		case err != nil && !f.watch:
			return readable(err)
		case err != nil:
			_, err = fmt.Fprintln(out, readable(err))
		case f.json:
			err = show.JSON(out, response)
		case f.watch:
			err = show.Line(out, response, took)
		default:
			err = show.Answer(out, response, took)
		}
		if err == nil && response != nil {
			err = short(response, worst)
		}
		if err != nil || !f.watch {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
