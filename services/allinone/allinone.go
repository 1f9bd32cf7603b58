// Package allinone owns the whole mesh in one process: the same four gRPC servers as four processes would run, on
// in-memory listeners. It is the only service package that knows the others.
package allinone

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/life"
	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/fallback"
	"github.com/repli-mesh/repli/services/feature"
	"github.com/repli-mesh/repli/services/feature/load"
	"github.com/repli-mesh/repli/services/gateway"
	"github.com/repli-mesh/repli/services/ranking"
)

// The names of the services on the network in memory.
const (
	Feature  = "feature"
	Ranking  = "ranking"
	Fallback = "fallback"
)

//go:embed allinone.yaml
var defaults []byte

// Config holds the configurations of the four.
type Config struct {
	Gateway  gateway.ProcessConfig  `yaml:"gateway"`
	Feature  feature.ProcessConfig  `yaml:"feature"`
	Ranking  ranking.ProcessConfig  `yaml:"ranking"`
	Fallback fallback.ProcessConfig `yaml:"fallback"`
}

// Validate returns every fault as a *config.FieldError.
func (c Config) Validate() error {
	return errors.Join(
		config.Under("gateway", c.Gateway.Validate()), config.Under("feature", c.Feature.Validate()),
		config.Under("ranking", c.Ranking.Validate()), config.Under("fallback", c.Fallback.Validate()),
	)
}

// LoadConfig returns the embedded configuration with REPLI_ALL_... variables of the environment over it.
func LoadConfig() (Config, error) {
	base := Config{
		Gateway: gateway.ProcessDefaults(), Feature: feature.ProcessDefaults(),
		Ranking: ranking.ProcessDefaults(), Fallback: fallback.ProcessDefaults(),
	}
	return config.Load(config.Source{Path: "allinone.yaml", Data: defaults, Env: os.Environ(), Prefix: "REPLI_ALL"}, base)
}

// Data is what the mesh serves.
type Data struct {
	// Project declares the features.
	Project *views.Project
	// Users, Items and Events fill the store and the snapshot.
	Users, Items, Events []dataset.Source
	// Bundle is the folder of the model.
	Bundle fs.FS
}

// Mesh is the four services ready to run.
type Mesh struct {
	local     *rpc.Local
	gateway   *process.Process
	processes []life.Component
}

// New validates and loads the data, builds the snapshot and the services. Nothing runs when it fails.
func New(ctx context.Context, cfg Config, data Data) (*Mesh, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	snapshot, err := fallback.BuildFromFiles(ctx, fallback.BuildDefaults(), fallback.Files{
		Project: data.Project, Users: data.Users, Events: data.Events,
	}, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	m := &Mesh{local: rpc.NewLocal()}
	fill := func(ctx context.Context, store *feature.Store) error {
		input := load.Input{Project: data.Project, Users: data.Users, Items: data.Items, Events: data.Events}
		_, err := load.Run(ctx, input, store, store, load.Defaults(), func(load.Progress) {})
		return err
	}
	build := []func() (*process.Process, error){
		func() (*process.Process, error) {
			return fallback.NewProcess(ctx, cfg.Fallback, fallback.ProcessDeps{Local: m.local, Snapshot: snapshot})
		},
		func() (*process.Process, error) {
			deps := feature.ProcessDeps{Local: m.local, Project: data.Project, Fill: fill}
			return feature.NewProcess(ctx, cfg.Feature, deps)
		},
		func() (*process.Process, error) {
			return ranking.NewProcess(ctx, cfg.Ranking, ranking.ProcessDeps{Local: m.local, Bundle: data.Bundle})
		},
		func() (*process.Process, error) {
			return gateway.NewProcess(ctx, cfg.Gateway, gateway.ProcessDeps{Local: m.local})
		},
	}
	var sources []statusz.Source
	for _, next := range build {
		p, err := next()
		if err != nil {
			return nil, errors.Join(err, m.close(ctx))
		}
		m.gateway = p
		m.processes = append(m.processes, p)
		sources = append(sources, p.Status)
	}
	m.gateway.Show(sources[:len(sources)-1]...) // its own is on its page already
	return m, nil
}

// close ends services that were built and will not run.
func (m *Mesh) close(ctx context.Context) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	return life.Run(ended, m.processes...)
}

// Run serves until ctx is done, or until one of the services fails.
func (m *Mesh) Run(ctx context.Context) error { return life.Run(ctx, m.processes...) }

// Address is the gateway's, once Listening is closed.
func (m *Mesh) Address() string { return m.gateway.Server().Addr() }

// AdminAddress is that of the gateway's admin pages, whose status page shows all four services; empty when there are none.
func (m *Mesh) AdminAddress() string { return m.gateway.Server().AdminAddr() }

// Listening is closed when the gateway listens.
func (m *Mesh) Listening() <-chan struct{} { return m.gateway.Server().Listening() }

// Pause stops a service as SIGSTOP would: its connections stay, and calls on them wait.
func (m *Mesh) Pause(service string) { m.local.Pause(service) }

// Resume undoes Pause.
func (m *Mesh) Resume(service string) { m.local.Resume(service) }

// AwaitPersonalized waits until the mesh is warm: until a call is answered by the model. It returns the context's error
// when that does not happen in time.
func (m *Mesh) AwaitPersonalized(ctx context.Context, c *client.Client, user string) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		response, err := c.Recommend(ctx, &repliv1.RecommendRequest{UserId: user, Count: 1})
		if err == nil && response.GetTier() == repliv1.Tier_TIER_PERSONALIZED {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the mesh is not warm yet: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}
