package gateway

import (
	"context"
	"errors"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/pkg/rpc"
)

// ProcessConfig is the configuration file of a gateway process.
type ProcessConfig struct {
	// Process is the server and the telemetry.
	Process process.Config `yaml:"process"`
	// Gateway is the service.
	Gateway Config `yaml:"gateway"`
	// Peers are the connections to the other services.
	Peers Peers `yaml:"peers"`
}

// Peers are the gateway's connections.
type Peers struct {
	// Feature reaches the feature service.
	Feature rpc.ClientConfig `yaml:"feature"`
	// Ranking reaches the ranking service.
	Ranking rpc.ClientConfig `yaml:"ranking"`
	// Fallback reaches the fallback service.
	Fallback rpc.ClientConfig `yaml:"fallback"`
}

// ProcessDefaults expects the other services on their default ports of this machine.
func ProcessDefaults() ProcessConfig {
	peer := func(target string) rpc.ClientConfig {
		c := rpc.ClientDefaults()
		c.Target = target
		return c
	}
	return ProcessConfig{
		Process: process.Defaults(9000),
		Gateway: Defaults(),
		Peers: Peers{
			Feature:  peer("dns:///localhost:9010"),
			Ranking:  peer("dns:///localhost:9020"),
			Fallback: peer("dns:///localhost:9030"),
		},
	}
}

// Validate returns every fault as a *config.FieldError.
func (c ProcessConfig) Validate() error {
	return errors.Join(
		config.Under("process", c.Process.Validate()),
		config.Under("gateway", c.Gateway.Validate()),
		config.Under("peers.feature", c.Peers.Feature.Validate()),
		config.Under("peers.ranking", c.Peers.Ranking.Validate()),
		config.Under("peers.fallback", c.Peers.Fallback.Validate()),
	)
}

// ProcessDeps is what a process may be given instead of finding it itself.
type ProcessDeps struct {
	// Local is the network of inproc addresses; nil where there are none.
	Local *rpc.Local
}

// NewProcess returns a gateway with its server and connections.
func NewProcess(ctx context.Context, cfg ProcessConfig, deps ProcessDeps) (*process.Process, error) {
	return process.New(ctx, "gateway", cfg.Process, deps.Local, func(env *process.Env) (process.Service, error) {
		feature, err := env.Dial(cfg.Peers.Feature)
		if err != nil {
			return nil, err
		}
		ranking, err := env.Dial(cfg.Peers.Ranking)
		if err != nil {
			return nil, err
		}
		fallback, err := env.Dial(cfg.Peers.Fallback)
		if err != nil {
			return nil, err
		}
		return New(cfg.Gateway, Deps{
			Users:     featurev1.NewFeatureServiceClient(feature),
			Ranker:    rankingv1.NewRankingServiceClient(ranking),
			Suggester: fallbackv1.NewFallbackServiceClient(fallback),
			Signals:   env.Signals,
			Now:       process.Now,
		})
	})
}
