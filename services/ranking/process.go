package ranking

import (
	"context"
	"errors"
	"io/fs"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/pkg/rpc"
)

// ProcessConfig is the configuration file of a ranking process.
type ProcessConfig struct {
	// Process is the server and the telemetry.
	Process process.Config `yaml:"process"`
	// Ranking is the service.
	Ranking Config `yaml:"ranking"`
	// Feature is the connection to the feature service, for the item table.
	Feature rpc.ClientConfig `yaml:"feature"`
}

// ProcessDefaults reads the bundle from the working directory and expects the feature service on its default port of
// this machine.
func ProcessDefaults() ProcessConfig {
	c := ProcessConfig{Process: process.Defaults(9020), Ranking: Defaults(), Feature: rpc.ClientDefaults()}
	c.Ranking.Bundle = "bundle"
	c.Feature.Target = "dns:///localhost:9010"
	return c
}

// Validate returns every fault as a *config.FieldError.
func (c ProcessConfig) Validate() error {
	return errors.Join(
		config.Under("process", c.Process.Validate()),
		config.Under("ranking", c.Ranking.Validate()),
		config.Under("feature", c.Feature.Validate()),
	)
}

// ProcessDeps is what a process may be given instead of finding it itself.
type ProcessDeps struct {
	// Local is the network of inproc addresses; nil where there are none.
	Local *rpc.Local
	// Bundle is the folder of the model bundle, used when none is configured.
	Bundle fs.FS
}

// NewProcess returns a ranking service with its server and connection. A bundle that is not sound is an error.
func NewProcess(ctx context.Context, cfg ProcessConfig, deps ProcessDeps) (*process.Process, error) {
	return process.New(ctx, "ranking", cfg.Process, deps.Local, func(env *process.Env) (process.Service, error) { //nolint:contextcheck // the bundle is read once, at start
		connection, err := env.Dial(cfg.Feature)
		if err != nil {
			return nil, err
		}
		return New(cfg.Ranking, Deps{
			Signals: env.Signals, Bundle: deps.Bundle, Items: featurev1.NewFeatureServiceClient(connection), Now: process.Now,
		})
	})
}
