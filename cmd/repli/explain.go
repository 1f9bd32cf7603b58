package main

import (
	"crypto/rand"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"

	"github.com/repli-mesh/repli/cmd/repli/show"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// explainFlags is one request as it is typed, and how its answer is shown.
type explainFlags struct {
	requestFlags
	json bool
}

func newExplain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain --user ID",
		Short: "Ask a running mesh once, and say how its answer came about",
		Long: `Ask a running mesh once for recommendations, and say how the answer came about: who was asked and when, what was granted
and spent, what came back, which candidates were dropped and why, and which features had no value. Where traces are
collected, that of the request is kept.`,
		Example: `  repli explain --user u00042
  repli explain --address localhost:9000 --user u00042 --deadline 20ms --candidates i0007,i9999 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.with(func(c *client.Client, request *repliv1.RecommendRequest) error { return f.ask(cmd, c, request) })
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.json, "json", false, "print the answer and its debug as one line of JSON")
	return cmd
}

func (f explainFlags) ask(cmd *cobra.Command, c *client.Client, request *repliv1.RecommendRequest) error {
	if err := f.ready(cmd.Context(), c, 0); err != nil {
		return err
	}
	request.Debug = true
	response, took, err := f.once(trace.ContextWithSpanContext(cmd.Context(), sampled()), c, request)
	if err != nil {
		return readable(err)
	}
	if f.json {
		return show.JSON(cmd.OutOrStdout(), response)
	}
	return show.Explain(cmd.OutOrStdout(), response, took, paper(cmd.OutOrStdout()))
}

// sampled is a new trace that is to be kept.
func sampled() trace.SpanContext {
	cfg := trace.SpanContextConfig{TraceFlags: trace.FlagsSampled}
	_, _ = rand.Read(cfg.TraceID[:]) // never fails, by its contract
	_, _ = rand.Read(cfg.SpanID[:])
	return trace.NewSpanContext(cfg)
}

// paper is what an explanation is written on: a terminal, or else a file.
func paper(w io.Writer) show.Paper {
	file, ok := w.(*os.File)
	if !ok {
		return show.Plain()
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return show.Plain()
	}
	return show.Terminal(columns)
}
