package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/services/fallback"
	"github.com/repli-mesh/repli/services/feature"
	"github.com/repli-mesh/repli/services/gateway"
	"github.com/repli-mesh/repli/services/ranking"
)

// service is one of the four that run as a process of their own, as the commands see it.
type service struct {
	name, short string
	// run serves until ctx is done; ready is called once it listens.
	run func(ctx context.Context, path string, ready func(address string)) error
	// print writes the effective configuration.
	print func(w io.Writer, path string) error
}

// services are the four.
func services() []service {
	return []service{
		serve("gateway", "Serve Recommend: fan out, keep to the deadline, always reply",
			gateway.ProcessDefaults, gateway.NewProcess),
		serve("feature", "Serve users' features and the item table from the online store",
			feature.ProcessDefaults, feature.NewProcess),
		serve("ranking", "Serve a model's scores over the item table",
			ranking.ProcessDefaults, ranking.NewProcess),
		serve("fallback", "Serve popularity, trends and neighbours from a snapshot",
			fallback.ProcessDefaults, fallback.NewProcess),
	}
}

// serve makes a service of its parts. D is what the process could be given; on its own it finds everything itself.
func serve[C interface{ Validate() error }, D any](
	name, short string, defaults func() C, build func(context.Context, C, D) (*process.Process, error),
) service {
	load := func(path string) (C, error) {
		source := config.Source{Path: path, Env: os.Environ(), Prefix: "REPLI_" + strings.ToUpper(name)}
		cfg, err := config.Load(source, defaults())
		if err != nil {
			return cfg, misuse(err)
		}
		return cfg, nil
	}
	return service{
		name: name, short: short,
		run: func(ctx context.Context, path string, ready func(string)) error {
			cfg, err := load(path)
			if err != nil {
				return err
			}
			var none D
			p, err := build(ctx, cfg, none)
			if err != nil {
				return err
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				select {
				case <-p.Server().Listening():
					ready(p.Server().Addr())
				case <-ctx.Done():
				}
			}()
			ctx, cancel := context.WithCancel(ctx)
			defer func() { cancel(); <-done }()
			return p.Run(ctx)
		},
		print: func(w io.Writer, path string) error {
			cfg, err := load(path)
			if err != nil {
				return err
			}
			return config.Print(w, cfg)
		},
	}
}

func (s service) command() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   s.name,
		Short: s.short,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), path, func(address string) {
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "repli %s serves on %s\n", s.name, address)
			})
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "the configuration file; without one, the defaults and REPLI_"+
		strings.ToUpper(s.name)+"_... variables")
	return cmd
}

func newConfig() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Look at configurations", Args: noArgs, RunE: showHelp}
	var path string
	printing := &cobra.Command{
		Use:     "print SERVICE",
		Short:   "Print a service's effective configuration: defaults, file, environment",
		Example: "  repli config print gateway --config config/gateway.yaml",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				for _, s := range services() {
					if s.name == args[0] {
						return s.print(cmd.OutOrStdout(), path)
					}
				}
			}
			return misuse(fmt.Errorf("config print: is %q, expected gateway, feature, ranking or fallback", args))
		},
	}
	printing.Flags().StringVar(&path, "config", "", "the configuration file")
	cmd.AddCommand(printing)
	return cmd
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }
