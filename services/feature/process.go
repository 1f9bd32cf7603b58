package feature

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/views"
)

// ProcessConfig is the configuration file of a feature process.
type ProcessConfig struct {
	// Process is the server and the telemetry.
	Process process.Config `yaml:"process"`
	// Views is the path of views.yaml, which declares the features.
	Views string `yaml:"views"`
	// Feature is the service.
	Feature Config `yaml:"feature"`
}

// ProcessDefaults reads views.yaml from the working directory and expects Redis on this machine.
func ProcessDefaults() ProcessConfig {
	return ProcessConfig{Process: process.Defaults(9010), Views: "views.yaml", Feature: Defaults()}
}

// Validate returns every fault as a *config.FieldError.
func (c ProcessConfig) Validate() error {
	return errors.Join(
		config.Under("process", c.Process.Validate()),
		config.Under("feature", c.Feature.Validate()),
	)
}

// ProcessDeps is what a process may be given instead of finding it itself.
type ProcessDeps struct {
	// Local is the network of inproc addresses; nil where there are none.
	Local *rpc.Local
	// Project declares the features; nil means that the configured file does.
	Project *views.Project
	// Fill puts data into the store before the service starts; nil means that the store has its data.
	Fill func(ctx context.Context, store *Store) error
}

// NewProcess returns a feature service with its server. Errors of the views file name the file, the line and the key.
func NewProcess(ctx context.Context, cfg ProcessConfig, deps ProcessDeps) (*process.Process, error) {
	project := deps.Project
	if project == nil {
		var err error
		if project, err = ReadViews(cfg.Views); err != nil {
			return nil, err
		}
	}
	return process.New(ctx, "feature", cfg.Process, deps.Local, func(env *process.Env) (process.Service, error) {
		service, err := New(cfg.Feature, Deps{Project: project, Signals: env.Signals, Now: process.Now})
		if err != nil || deps.Fill == nil {
			return service, err
		}
		if err := deps.Fill(ctx, service.Store()); err != nil {
			return nil, errors.Join(err, service.Close())
		}
		return service, nil
	})
}

// ReadViews reads a views.yaml.
func ReadViews(path string) (*views.Project, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, config.Invalid("views", path, fmt.Sprintf("the path of a views.yaml (%v)", err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, views.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return views.Parse(path, data)
}
