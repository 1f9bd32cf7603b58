package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/services/fallback"
	"github.com/repli-mesh/repli/services/feature"
)

func newSnapshot() *cobra.Command {
	cmd := &cobra.Command{
		Use: "snapshot", Short: "Build and look at the fallback service's snapshots", Args: noArgs, RunE: showHelp,
	}
	cmd.AddCommand(newSnapshotBuild(), newSnapshotShow())
	return cmd
}

// buildFlags say what a snapshot is built from.
type buildFlags struct {
	views, out, at, config string
	users, events          []string
}

func newSnapshotBuild() *cobra.Command {
	var f buildFlags
	cmd := &cobra.Command{
		Use:   "build --out FILE",
		Short: "Build a snapshot from event files",
		Long: `Build a snapshot from event files: popularity by distinct buyers with decay, for everybody and each segment;
trends; what is bought together. The file is replaced only by a whole new one; a running fallback service picks it up.`,
		Example: "  repli snapshot build --views views.yaml --users users.csv --events events.csv --out snapshot.repli",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.views, "views", "views.yaml", "the declaration of features and of the events' columns")
	flags.StringSliceVar(&f.events, "events", nil, "files of events: .csv, .jsonl (each also .gz) or .parquet")
	flags.StringSliceVar(&f.users, "users", nil, "files of users, for their segments; without any there are no segments")
	flags.StringVar(&f.out, "out", "snapshot.repli", "the file to write")
	flags.StringVar(&f.at, "at", "", "the time as of which to build, RFC 3339 (default: that of the latest event)")
	flags.StringVar(&f.config, "config", "", "a YAML file of build settings: half_life, trend, neighbours, ...")
	return cmd
}

func (f buildFlags) run(cmd *cobra.Command) error {
	if len(f.events) == 0 {
		return misuse(errors.New("--events: is empty, expected files of events"))
	}
	cfg, err := config.Load(config.Source{Path: f.config}, fallback.BuildDefaults())
	if err != nil {
		return misuse(err)
	}
	var at time.Time
	if f.at != "" {
		if at, err = time.Parse(time.RFC3339, f.at); err != nil {
			return misuse(fmt.Errorf("--at: is %q, expected a time such as 2026-03-01T06:00:00Z", f.at))
		}
	}
	files := fallback.Files{}
	if files.Project, err = feature.ReadViews(f.views); err != nil {
		return misuse(err)
	}
	if files.Users, err = open(f.users); err != nil {
		return misuse(err)
	}
	if files.Events, err = open(f.events); err != nil {
		return misuse(err)
	}
	snapshot, err := fallback.BuildFromFiles(cmd.Context(), cfg, files, at)
	if err != nil {
		return err
	}
	if err := snapshot.WriteFile(f.out); err != nil {
		return err
	}
	info := snapshot.Info()
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: version %s, %d items, %d segments, as of %s\n",
		f.out, info.Version, info.Items, len(info.Segments)-1, info.BuiltAt.Format(time.RFC3339))
	return err
}

func newSnapshotShow() *cobra.Command {
	var top int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Say what is in a snapshot",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse(fmt.Errorf("snapshot show: %d arguments, expected one file", len(args)))
			}
			snapshot, err := fallback.ReadSnapshot(args[0])
			if err != nil {
				return misuse(err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(snapshot.Info())
			}
			return snapshot.Describe(cmd.OutOrStdout(), top)
		},
	}
	cmd.Flags().IntVar(&top, "top", 10, "how many items of each list to show")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what the snapshot says of itself as JSON")
	return cmd
}

// open opens data files.
func open(paths []string) ([]dataset.Source, error) {
	sources := make([]dataset.Source, len(paths))
	for i, path := range paths {
		var err error
		if sources[i], err = dataset.Open(path); err != nil {
			return nil, err
		}
	}
	return sources, nil
}
