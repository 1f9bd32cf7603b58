package feature

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
)

// A pool of go-redis whose connections failed dials once a second on its own, and notices only then that it was closed.
const redial = "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(redial)) }

const declaration = `
project: shop
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
  - name: user_stats
    entity: user
    freshness: 1h
    features:
      - {name: lines, dtype: float32, nullable: true, range: [0, 1000]}
      - {name: orders, dtype: int64, nullable: true}
  - name: user_kind
    entity: user
    features:
      - {name: segment, dtype: string, nullable: true, role: segment}
      - {name: picks, dtype: string_list, nullable: true, role: candidates}
  - name: item_stats
    entity: item
    features:
      - {name: popularity, dtype: float32}
      - {name: aisle, dtype: string, nullable: true}
`

var noon = time.Date(2017, 11, 6, 12, 0, 0, 0, time.UTC)

func memoryConfig() Config {
	cfg := Defaults()
	cfg.Store.Kind = Memory
	cfg.Items.Poll = time.Millisecond
	cfg.Items.Heartbeat = 5 * time.Millisecond
	return cfg
}

// newService returns a service that runs and is closed by the test's cleanup. Its clock stands at noon.
func newService(t testing.TB, cfg Config) *Service {
	t.Helper()
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return newServiceWith(t, cfg, Deps{Project: project, Signals: telemetry.Discard(), Now: func() time.Time { return noon }})
}

func newServiceWith(t testing.TB, cfg Config, deps Deps) *Service {
	t.Helper()
	s, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	run(t, s.Run)
	return s
}

// run runs a component until the test's cleanup.
func run(t testing.TB, component func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- component(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// serve returns a client of the service over a connection in memory.
func serve(t testing.TB, s *Service) featurev1.FeatureServiceClient {
	t.Helper()
	return featurev1.NewFeatureServiceClient(rpctest.Connect(t, s))
}

func num(n float64) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Number{Number: n}}
}

func whole(n int64) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Integer{Integer: n}}
}

func text(s string) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: s}}
}

func texts(s ...string) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Texts{Texts: &featurev1.TextList{Values: s}}}
}

type values = map[string]*featurev1.FeatureValue

func row(id string, v values) *featurev1.WriteRow {
	return &featurev1.WriteRow{EntityId: id, Values: v, EventTime: timestamppb.New(noon)}
}

// writer is what both a service and a client of it do.
type writer func(view string, rows ...*featurev1.WriteRow) error

func writes(t testing.TB, client featurev1.FeatureServiceClient) writer {
	return func(view string, rows ...*featurev1.WriteRow) error {
		response, err := client.WriteRows(t.Context(), &featurev1.WriteRowsRequest{View: view, Rows: rows})
		if err == nil && response.GetWritten() != uint32(len(rows)) {
			err = errors.New("not all rows were written")
		}
		return err
	}
}

func (w writer) must(t testing.TB, view string, rows ...*featurev1.WriteRow) {
	t.Helper()
	if err := w(view, rows...); err != nil {
		t.Fatalf("write %s: %v", view, err)
	}
}

func expect(t testing.TB, err error, code codes.Code, reason string) {
	t.Helper()
	if got := fault.Status(err); got.Code() != code || fault.Reason(err) != reason {
		t.Fatalf("error %v, reason %q; want %v, %q", status.Convert(err), fault.Reason(err), code, reason)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"store.kind":            func(c *Config) { c.Store.Kind = "mysql" },
		"store.redis.pool_size": func(c *Config) { c.Store.Redis.PoolSize = 0 },
		"items.poll":            func(c *Config) { c.Items.Poll = 0 },
		"read_timeout":          func(c *Config) { c.ReadTimeout = 0 },
		"at most store.redis":   func(c *Config) { c.ReadTimeout = time.Hour },
		"cache.bytes":           func(c *Config) { c.Cache.Bytes = -1 },
		"cache.warm_file":       func(c *Config) { c.Cache.Enabled, c.Cache.WarmFile = false, "warm" },
		"breaker.share":         func(c *Config) { c.Breaker.Share = 0 },
	} {
		cfg := Defaults()
		change(&cfg)
		if _, err := New(cfg, Deps{Signals: telemetry.Discard(), Now: time.Now}); err == nil || !contains(err, name) {
			t.Errorf("error %v, want one that names %s", err, name)
		}
	}
}
