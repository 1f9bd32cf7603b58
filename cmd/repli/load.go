package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/feature"
	"github.com/repli-mesh/repli/services/feature/load"
)

// loadFlags say what is loaded, and where to.
type loadFlags struct {
	config, views          string
	users, items, events   []string
	redis                  []string
	batch, workers, faults int
}

func newLoad() *cobra.Command {
	var f loadFlags
	defaults := load.Defaults()
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Load users, items and events into the online store",
		Long: `Load users, items and events into the online store of a feature service.

Everything is read and checked first: types, nulls, ranges, repeated keys. Only when all of it is sound is the first row
written. A load that was interrupted goes on where it stopped when it is started again with the same files; loading the
same files twice changes nothing.`,
		Example: `  repli load --views views.yaml --users users.csv --items items.parquet --events events.jsonl.gz --redis localhost:6379
  repli load --config config/feature.yaml --users users.csv`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "the feature service's configuration: which store, and with which password")
	flags.StringVar(&f.views, "views", "", "the declaration of the features (default: that of the configuration, views.yaml)")
	flags.StringSliceVar(&f.users, "users", nil, "files of users: .csv, .jsonl (each also .gz) or .parquet")
	flags.StringSliceVar(&f.items, "items", nil, "files of items")
	flags.StringSliceVar(&f.events, "events", nil, "files of events")
	flags.StringSliceVar(&f.redis, "redis", nil, "host:port of Redis, in place of the configuration's addresses; several are the seeds of a cluster")
	flags.IntVar(&f.batch, "batch", defaults.BatchRows, "how many rows are written at a time")
	flags.IntVar(&f.workers, "workers", defaults.Workers, "how many batches are written at the same time")
	flags.IntVar(&f.faults, "max-faults", defaults.Faults, "how many faults of the files are reported")
	return cmd
}

func (f loadFlags) run(cmd *cobra.Command) (err error) {
	input, err := f.input()
	if err != nil {
		return err
	}
	cfg, err := f.store()
	if err != nil {
		return err
	}
	store, err := feature.OpenStore(cfg.Store, feature.Deps{
		Project: input.Project, Signals: telemetry.Discard(), Now: time.Now,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine := load.Config{BatchRows: f.batch, Workers: f.workers, Faults: f.faults}
	bar := load.NewBar(cmd.ErrOrStderr(), isTerminal(cmd), time.Now)
	report, err := load.Run(cmd.Context(), input, store, store, engine, bar.Show)
	bar.Finish()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "loaded %d users, %d items, %d events%s\n",
		report.Users, report.Items, report.Events, resumed(report))
	return err
}

func (f loadFlags) input() (load.Input, error) {
	var input load.Input
	cfg, err := f.process()
	if err != nil {
		return input, err
	}
	if len(f.users)+len(f.items)+len(f.events) == 0 {
		return input, misuse(errors.New("load: no files, expected --users, --items or --events"))
	}
	path := cfg.Views
	if f.views != "" {
		path = f.views
	}
	if input.Project, err = feature.ReadViews(path); err != nil {
		return input, misuse(err)
	}
	if input.Users, err = open(f.users); err != nil {
		return input, misuse(err)
	}
	if input.Items, err = open(f.items); err != nil {
		return input, misuse(err)
	}
	if input.Events, err = open(f.events); err != nil {
		return input, misuse(err)
	}
	return input, nil
}

func (f loadFlags) process() (feature.ProcessConfig, error) {
	source := config.Source{Path: f.config, Env: os.Environ(), Prefix: "REPLI_FEATURE"}
	cfg, err := config.Load(source, feature.ProcessDefaults())
	if err != nil {
		return cfg, misuse(err)
	}
	return cfg, nil
}

// store is where to load into; a store in this process's memory would be gone with it.
func (f loadFlags) store() (feature.Config, error) {
	cfg, err := f.process()
	if err != nil {
		return feature.Config{}, err
	}
	if len(f.redis) > 0 {
		cfg.Feature.Store.Kind = feature.Redis
		cfg.Feature.Store.Redis.Addresses = f.redis
		cfg.Feature.Store.Redis.Cluster = cfg.Feature.Store.Redis.Cluster || len(f.redis) > 1
	}
	if cfg.Feature.Store.Kind == feature.Memory {
		return feature.Config{}, misuse(errors.New(
			"feature.store.kind: is memory, expected redis: a store in memory is filled by `repli all --data` or by WriteRows"))
	}
	return cfg.Feature, nil
}

func resumed(report load.Report) string {
	if report.Resumed == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of these records had been written by a run that broke off)", report.Resumed)
}

func isTerminal(cmd *cobra.Command) bool {
	file, ok := cmd.ErrOrStderr().(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
