package fallback

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// observed is a service over a file, with its metrics.
type observed struct {
	*Service
	path   string
	reader *metric.ManualReader
}

func overFile(t *testing.T, s *Snapshot) *observed {
	t.Helper()
	o := &observed{path: filepath.Join(t.TempDir(), "snapshot.bin"), reader: metric.NewManualReader()}
	if s != nil {
		o.write(t, s)
	}
	provider := metric.NewMeterProvider(metric.WithReader(o.reader))
	signals := telemetry.Discard()
	signals.Meter = provider
	cfg := Defaults()
	cfg.Snapshot, cfg.Reload = o.path, 10*time.Millisecond
	service, err := New(cfg, Deps{Signals: signals, Now: func() time.Time { return now.Add(time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	o.Service = service
	return o
}

func (o *observed) write(t *testing.T, s *Snapshot) {
	t.Helper()
	if err := s.WriteFile(o.path); err != nil {
		t.Fatal(err)
	}
}

// run starts Run and stops it, waiting, with the test.
func (o *observed) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// values are the metrics by name and attributes.
func (o *observed) values(t *testing.T) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			maps.Copy(values, points(m))
		}
	}
	return values
}

func points(m metricdata.Metrics) map[string]float64 {
	values := map[string]float64{}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			key := m.Name
			for _, kv := range p.Attributes.ToSlice() {
				key += "/" + string(kv.Key) + "=" + kv.Value.AsString()
			}
			values[key] = float64(p.Value)
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			values[m.Name] = float64(p.Value)
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			values[m.Name] = p.Value
		}
	}
	return values
}

const (
	loaded  = "repli.fallback.snapshot.reloads/outcome=loaded"
	refused = "repli.fallback.snapshot.reloads/outcome=refused"
)

// until polls for an event that Run causes.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-deadline.C:
			t.Fatalf("did not happen: %s", what)
		case <-tick.C:
		}
	}
}

func (o *observed) version(t *testing.T) string {
	t.Helper()
	return suggested(t, o.Service, &fallbackv1.SuggestRequest{Count: 1}).GetSnapshotVersion()
}

func TestRunServesAFileOnceItAppears(t *testing.T) {
	t.Parallel()
	s := shop(t, 1, 20, 20, 100)
	o := overFile(t, nil)
	want := map[string]float64{
		loaded: 0, refused: 0, "repli.fallback.suggestions/source=popular": 0, "repli.fallback.suggestions/source=trending": 0,
		"repli.fallback.suggestions/source=neighbour": 0,
	}
	if got := o.values(t); !maps.Equal(got, want) {
		t.Errorf("metrics before the first snapshot: %v, expected %v", got, want)
	}
	o.run(t)
	o.write(t, s)
	<-o.Ready()
	if got := o.version(t); got != s.Version() {
		t.Errorf("version is %s, expected %s", got, s.Version())
	}
}

func TestRunRefusesACorruptFileAndServesOn(t *testing.T) {
	t.Parallel()
	first, second := shop(t, 1, 20, 20, 100), shop(t, 2, 20, 20, 100)
	o := overFile(t, first)
	<-o.Ready()
	o.run(t)
	good, err := os.ReadFile(o.path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range 3 {
		if err := os.WriteFile(o.path, good[:len(good)-1-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		until(t, "a corrupt file is counted", func() bool { return o.values(t)[refused] > float64(cut) })
		if got := o.version(t); got != first.Version() {
			t.Errorf("version is %s, expected the last good one, %s", got, first.Version())
		}
	}
	if err := os.Remove(o.path); err != nil {
		t.Fatal(err)
	}
	o.write(t, second)
	until(t, "the next good file is served", func() bool { return o.version(t) == second.Version() })
	if got := o.values(t); got[loaded] != 2 {
		t.Errorf("%v snapshots were loaded, expected 2", got[loaded])
	}
}

func TestReloadReadsAFileOnce(t *testing.T) {
	t.Parallel()
	s := shop(t, 1, 20, 20, 100)
	o := overFile(t, s)
	for range 3 {
		o.reload()
	}
	if got := o.values(t)[loaded]; got != 1 {
		t.Errorf("an unchanged file was loaded %v times, expected once", got)
	}
	if err := os.WriteFile(o.path, []byte("no snapshot"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		o.reload()
	}
	if got := o.values(t)[refused]; got != 1 {
		t.Errorf("an unchanged corrupt file was refused %v times, expected once", got)
	}
	if err := os.Remove(o.path); err != nil {
		t.Fatal(err)
	}
	o.reload()
	if got := o.values(t); got[refused] != 1 || o.version(t) != s.Version() {
		t.Errorf("a file that is gone changed something: %v", got)
	}
}

// What may pass is tried at every look: here the folder is a file at first.
func TestReloadTriesAgainAfterAPassingFailure(t *testing.T) {
	t.Parallel()
	s := shop(t, 1, 20, 20, 100)
	o := overFile(t, s)
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.file.path = filepath.Join(folder, "snapshot.bin")
	o.reload()
	o.reload()
	if got := o.values(t)[refused]; got != 2 {
		t.Errorf("refused %v times, expected at both looks", got)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFile(o.file.path); err != nil {
		t.Fatal(err)
	}
	o.reload()
	if got := o.values(t)[loaded]; got != 2 {
		t.Errorf("loaded %v times, expected 2", got)
	}
}

func TestNewStartsDespiteACorruptFile(t *testing.T) {
	t.Parallel()
	built := shop(t, 1, 20, 20, 100)
	path := filepath.Join(t.TempDir(), "snapshot.bin")
	if err := os.WriteFile(path, []byte("no snapshot"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSnapshot(path); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error is %v, expected ErrCorrupt", err)
	}
	cfg := Defaults()
	cfg.Snapshot = path
	service, err := New(cfg, Deps{Signals: telemetry.Discard(), Snapshot: built})
	if err != nil {
		t.Fatal(err)
	}
	<-service.Ready()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	o := overFile(t, corner(t))
	suggested(t, o.Service, &fallbackv1.SuggestRequest{Count: 6, ContextItemIds: []string{"c"}})
	want := map[string]float64{
		"repli.fallback.snapshot.age": 60, "repli.fallback.snapshot.items": 12, loaded: 1, refused: 0,
		"repli.fallback.suggestions/source=neighbour": 3,
		"repli.fallback.suggestions/source=popular":   2,
		"repli.fallback.suggestions/source=trending":  1,
	}
	if got := o.values(t); !maps.Equal(got, want) {
		t.Errorf("metrics are %v, expected %v", got, want)
	}
}

func TestSuggestDuringReloads(t *testing.T) {
	t.Parallel()
	snapshots := map[string]*Snapshot{}
	var order []*Snapshot
	for seed := range uint64(4) {
		s := shop(t, seed, 30, 20+20*int(seed), 200) // of several sizes: scratch of one must not serve another
		snapshots[s.Version()] = s
		order = append(order, s)
	}
	o := overFile(t, order[0])
	o.run(t)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			request := &fallbackv1.SuggestRequest{Count: 30, ContextItemIds: []string{"i1", "i2"}, ExcludeItemIds: []string{"i3"}}
			for {
				select {
				case <-stop:
					return
				default:
				}
				got, err := o.Suggest(context.Background(), request)
				if err != nil || snapshots[got.GetSnapshotVersion()] == nil {
					t.Errorf("%v, %v: expected an answer from one of the snapshots", got, err)
					return
				}
				for _, id := range got.GetItemIds() {
					if _, known := snapshots[got.GetSnapshotVersion()].Index(id); !known {
						t.Errorf("item %s is not of snapshot %s", id, got.GetSnapshotVersion())
						return
					}
				}
			}
		})
	}
	for i := range 8 {
		next := order[(i+1)%len(order)]
		o.write(t, next)
		until(t, "the next snapshot is served", func() bool { return o.version(t) == next.Version() })
	}
	close(stop)
	group.Wait()
}
