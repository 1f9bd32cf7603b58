package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/bench/quality"
	"github.com/repli-mesh/repli/demo/shop"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/services/allinone"
)

func newBench() *cobra.Command {
	cmd := &cobra.Command{Use: "bench", Short: "Measure what the mesh does", Args: noArgs, RunE: showHelp}
	cmd.AddCommand(newBenchQuality(), newBenchLoad())
	return cmd
}

// qualityFlags say what is measured and where the figures go.
type qualityFlags struct {
	allFlags
	quality.Config

	markdown, json string
}

func newBenchQuality() *cobra.Command {
	f := qualityFlags{Config: quality.Defaults()}
	cmd := &cobra.Command{
		Use:   "quality",
		Short: "Measure how good the served lists are, by tier and segment",
		Long: `Measure how good the served lists are: runs the whole mesh, asks for a sample of users as it is and while ranking is
paused, and compares what came with what the users want. On the demo shop true preferences are known; your data folder
holds replay.*, what users bought afterwards. Every personal score is held against the model itself.`,
		Example: `  repli bench quality
  repli bench quality --data my/data --bundle my/bundle --markdown quality.md`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "a folder as for `repli all`, with replay.* too (default: the demo shop)")
	flags.StringVar(&f.bundle, "bundle", "", "the folder of a model bundle (default: the demo's)")
	flags.IntVar(&f.Users, "users", f.Users, "how many users are asked for")
	flags.IntVar(&f.Count, "count", f.Count, "the length of the lists")
	flags.Uint64Var(&f.Seed, "seed", f.Seed, "draws the users, the random lists and the resamples")
	flags.IntVar(&f.Resamples, "resamples", f.Resamples, "how many bootstrap samples")
	flags.StringVar(&f.markdown, "markdown", "", "a file for the tables as Markdown")
	flags.StringVar(&f.json, "json", "", "a file for the figures as JSON")
	return cmd
}

// errUnverified says that there was nothing to hold against the model.
var errUnverified = errors.New("no answer was PERSONALIZED: no score could be compared with the model's own")

// errScores says that the mesh did not serve what the model says.
var errScores = errors.New("served scores differ from the model's own")

func (f qualityFlags) run(cmd *cobra.Command) error {
	if err := f.Validate(); err != nil {
		return misuse(err)
	}
	data, truth, err := f.truth(cmd.Context())
	if err != nil {
		return err
	}
	report, err := quality.Run(cmd.Context(), f.Config, data, truth)
	if err != nil {
		return err
	}
	if err := f.write(report); err != nil {
		return err
	}
	if err := report.Text(cmd.OutOrStdout()); err != nil {
		return err
	}
	if report.Verification.Scores == 0 {
		return errUnverified
	}
	if err := report.Verification.MaxAbsErr; !(err <= quality.Tolerance) {
		return fmt.Errorf("%w by up to %.1e, expected at most %.0e", errScores, err, quality.Tolerance)
	}
	return nil
}

// truth returns the data to serve and what is known of their users' wishes.
func (f qualityFlags) truth(ctx context.Context) (allinone.Data, quality.Truth, error) {
	data, _, err := f.choose(ctx)
	if err != nil {
		return data, nil, err
	}
	if f.data == "" {
		return data, quality.NewShop(shop.Generate(shop.Defaults())), nil
	}
	folder := os.DirFS(f.data)
	found, err := fs.Glob(folder, "replay.*")
	if err != nil {
		return data, nil, err
	}
	if len(found) != 1 {
		return data, nil, misuse(fmt.Errorf("--data %s: %d files replay.*, expected one: what users bought afterwards", f.data, len(found)))
	}
	source, err := dataset.FromFS(folder, found[0])
	if err != nil {
		return data, nil, misuse(err)
	}
	replay, err := quality.ReadReplay(ctx, data.Project, source)
	if err != nil {
		return data, nil, err
	}
	return data, replay, nil
}

func (f qualityFlags) write(report *quality.Report) error {
	if f.markdown != "" {
		var tables bytes.Buffer
		if err := report.Tables(&tables); err != nil {
			return err
		}
		if err := os.WriteFile(f.markdown, tables.Bytes(), 0o644); err != nil { //nolint:gosec // to be read by everybody
			return err
		}
	}
	if f.json == "" {
		return nil
	}
	figures, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.json, append(figures, '\n'), 0o644) //nolint:gosec // to be read by everybody
}
