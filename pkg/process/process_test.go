package process

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service notes what happens to it.
type service struct {
	events []string
	fail   error
}

func (s *service) Register(grpc.ServiceRegistrar) {}

func (s *service) Run(ctx context.Context) error {
	if s.fail != nil {
		return s.fail
	}
	<-ctx.Done()
	s.events = append(s.events, "stopped")
	return nil
}

func (s *service) Close() error {
	s.events = append(s.events, "closed")
	return nil
}

func local() Config {
	c := Defaults(0)
	c.Server.Listen = "inproc:///test"
	c.Server.AdminListen = ""
	return c
}

func TestRunServesAndThenClosesEverything(t *testing.T) {
	t.Parallel()
	s, network := &service{}, rpc.NewLocal()
	p, err := New(t.Context(), "test", local(), network, func(env *Env) (Service, error) {
		client := rpc.ClientDefaults()
		client.Target = "inproc:///peer"
		if _, err := env.Dial(client); err != nil {
			return nil, err
		}
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	<-p.Server().Listening()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if want := []string{"stopped", "closed"}; !slices.Equal(s.events, want) {
		t.Errorf("events %v, want %v", s.events, want)
	}
}

// warmed is a service that is ready when it is told to be.
type warmed struct {
	service
	ready chan struct{}
}

func (w *warmed) Ready() <-chan struct{} { return w.ready }

func TestReadyWhenWarmOrWhenWarmUpIsOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		warmUp time.Duration
		warm   bool
	}{
		{"warm", time.Hour, true},
		{"never warm", time.Nanosecond, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &warmed{ready: make(chan struct{})}
			cfg := local()
			cfg.WarmUp = test.warmUp
			p, err := New(t.Context(), "test", cfg, rpc.NewLocal(), func(*Env) (Service, error) { return s, nil })
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			<-p.Server().Listening()
			if test.warm {
				if p.Server().Ready() {
					t.Error("ready before the service has its data")
				}
				close(s.ready)
			}
			for end := time.Now().Add(20 * time.Second); !p.Server().Ready(); runtime.Gosched() {
				if time.Now().After(end) {
					t.Fatal("never ready")
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAServiceThatFailsEndsTheProcess(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	p, err := New(t.Context(), "test", local(), rpc.NewLocal(), func(*Env) (Service, error) {
		return &service{fail: boom}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); !errors.Is(err, boom) {
		t.Errorf("err = %v, want boom", err)
	}
}

func TestNewLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	_, err := New(t.Context(), "test", local(), nil, func(env *Env) (Service, error) {
		client := rpc.ClientDefaults()
		client.Target = "dns:///localhost:1"
		if _, err := env.Dial(client); err != nil {
			return nil, err
		}
		return nil, boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("err = %v, want boom", err)
	}
}

func TestValidateNamesTheSection(t *testing.T) {
	t.Parallel()
	c := local()
	c.Server.DrainTimeout = 0
	c.Telemetry.LogLevel = "loud"
	err := c.Validate()
	for _, want := range []string{"server.drain_timeout", "telemetry.log_level"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
