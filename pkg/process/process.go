// Package process owns what every process of the mesh is made of: telemetry, connections to peers, one service and its
// server, started together and ended in order. It knows no service.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/life"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// flush bounds how long the last spans may take to leave at the end.
const flush = 3 * time.Second

// Config is what the configuration files of all services have in common.
type Config struct {
	// Server listens.
	Server rpc.ServerConfig `yaml:"server"`
	// Telemetry reports.
	Telemetry telemetry.Config `yaml:"telemetry"`
	// WarmUp is how long a service may take to get the data that it answers from before the process says that it is
	// ready without: a store that is down must not keep every new pod out of service.
	WarmUp time.Duration `yaml:"warm_up"`
}

// Defaults listens on the given port of the loopback interface, and on the next one for the admin pages.
func Defaults(port int) Config {
	server := rpc.ServerDefaults()
	server.Listen = fmt.Sprintf("127.0.0.1:%d", port)
	server.AdminListen = fmt.Sprintf("127.0.0.1:%d", port+1)
	return Config{Server: server, Telemetry: telemetry.Defaults(), WarmUp: 10 * time.Second}
}

// Validate returns every fault as a *config.FieldError.
func (c Config) Validate() error {
	faults := []error{
		config.Under("server", c.Server.Validate()),
		config.Under("telemetry", c.Telemetry.Validate()),
	}
	if c.WarmUp < 0 {
		faults = append(faults, config.Invalid("warm_up", c.WarmUp, "0s or more"))
	}
	return errors.Join(faults...)
}

// Service is a gRPC service with work of its own. One that is also an io.Closer is closed when it no longer serves.
type Service interface {
	rpc.Service
	life.Component
}

// warming is a service that needs data before it can answer well.
type warming interface {
	// Ready returns a channel that is closed once it has them.
	Ready() <-chan struct{}
}

// Env is what a service is built from. Not safe for concurrent use.
type Env struct {
	// Signals take the service's spans, figures and logs.
	Signals telemetry.Signals

	local       *rpc.Local
	connections []*grpc.ClientConn
}

// Dial connects to a peer; the process closes the connection at its end. The errors are those of rpc.Dial.
func (e *Env) Dial(cfg rpc.ClientConfig) (*grpc.ClientConn, error) {
	connection, err := rpc.Dial(cfg, rpc.ClientDeps{Signals: e.Signals, Local: e.local})
	if err != nil {
		return nil, err
	}
	e.connections = append(e.connections, connection)
	return connection, nil
}

// Process is one service ready to run.
type Process struct {
	warmUp    time.Duration
	server    *rpc.Server
	service   Service
	env       *Env
	telemetry *telemetry.Telemetry
	name      string
	page      *statusz.Page
}

// New builds telemetry, then the service by `build`, then its server. Local may be nil where nothing is inproc. On an
// error nothing is left running.
func New(
	ctx context.Context, name string, cfg Config, local *rpc.Local, build func(*Env) (Service, error),
) (*Process, error) {
	t, err := telemetry.Setup(ctx, cfg.Telemetry, "repli-"+name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &Process{warmUp: cfg.WarmUp, telemetry: t, env: &Env{Signals: t.Signals(), local: local}, name: name}
	p.page = newPage(t.Signals().Logger)
	p.page.Add(p.Status)
	service, err := build(p.env)
	if err == nil {
		p.service = service
		deps := rpc.ServerDeps{
			Signals: t.Signals(), Local: local, Metrics: t.Handler(), LogLevel: t.LevelPage(), Pages: p.page.Register,
		}
		p.server, err = rpc.NewServer(name, cfg.Server, deps, p.service) //nolint:contextcheck // streams end with Run, not here
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), p.close(ctx))
	}
	return p, nil
}

// Server is where the process listens.
func (p *Process) Server() *rpc.Server { return p.server }

// Instruments lists those that the process measures with, whether or not they have measured anything.
func (p *Process) Instruments() []metric.Instrument { return p.telemetry.Instruments() }

// Run serves until ctx is done, or until the service or its server fails. It says that it is ready once it listens and the
// service has its data. It drains, closes the connections and sends the last spans before it returns.
func (p *Process) Run(ctx context.Context) error {
	err := life.Run(ctx, p.service, p.server, life.Func(p.announce))
	return errors.Join(err, p.close(context.WithoutCancel(ctx)))
}

// announce says that the process is ready, when it is, and then waits for its end.
func (p *Process) announce(ctx context.Context) error {
	select {
	case <-p.server.Listening():
	case <-ctx.Done():
		return nil
	}
	if service, ok := p.service.(warming); ok {
		late := time.NewTimer(p.warmUp)
		defer late.Stop()
		select {
		case <-service.Ready():
		case <-late.C:
			p.env.Signals.Logger.WarnContext(ctx, "ready without data: the service had none when its warm-up was over",
				slog.Duration("warm_up", p.warmUp))
		case <-ctx.Done():
			return nil
		}
	}
	p.server.SetReady(true)
	<-ctx.Done()
	return nil
}

func (p *Process) close(ctx context.Context) error {
	var errs []error
	if closer, ok := p.service.(io.Closer); ok {
		errs = append(errs, closer.Close())
	}
	for _, connection := range p.env.connections {
		errs = append(errs, connection.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, flush)
	defer cancel()
	if err := p.telemetry.Shutdown(ctx); err != nil {
		// A collector that is gone must not make a clean end look like a failure.
		p.env.Signals.Logger.WarnContext(ctx, "the last spans were lost", telemetry.Err(err))
	}
	return errors.Join(errs...)
}
