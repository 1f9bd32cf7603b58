package fallback

import (
	"context"
	"errors"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/pkg/rpc"
)

// ProcessConfig is the configuration file of a fallback process.
type ProcessConfig struct {
	// Process is the server and the telemetry.
	Process process.Config `yaml:"process"`
	// Fallback is the service.
	Fallback Config `yaml:"fallback"`
}

// ProcessDefaults reads the snapshot from the working directory.
func ProcessDefaults() ProcessConfig {
	c := ProcessConfig{Process: process.Defaults(9030), Fallback: Defaults()}
	c.Fallback.Snapshot = "snapshot.repli"
	return c
}

// Validate returns every fault as a *config.FieldError.
func (c ProcessConfig) Validate() error {
	return errors.Join(
		config.Under("process", c.Process.Validate()),
		config.Under("fallback", c.Fallback.Validate()),
	)
}

// ProcessDeps is what a process may be given instead of finding it itself.
type ProcessDeps struct {
	// Local is the network of inproc addresses; nil where there are none.
	Local *rpc.Local
	// Snapshot serves until the configured file is read; nil means none.
	Snapshot *Snapshot
}

// NewProcess returns a fallback service with its server.
func NewProcess(ctx context.Context, cfg ProcessConfig, deps ProcessDeps) (*process.Process, error) {
	return process.New(ctx, "fallback", cfg.Process, deps.Local, func(env *process.Env) (process.Service, error) { //nolint:contextcheck // a counter that starts needs none
		return New(cfg.Fallback, Deps{Signals: env.Signals, Snapshot: deps.Snapshot, Now: process.Now})
	})
}
