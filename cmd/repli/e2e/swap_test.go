package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

var versionKey = regexp.MustCompile(`"version": *"[^"]*"`)

// publish copies a bundle of the demo into a registry as a version.
func publish(t *testing.T, registry, bundle, version string) {
	t.Helper()
	from := filepath.Join("..", "..", "..", "demo", "bundles", bundle)
	to := filepath.Join(registry, version)
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"model.onnx", "golden.json", "manifest.json"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "manifest.json" {
			content = versionKey.ReplaceAll(content, []byte(`"version": "`+version+`"`))
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// load asks without a pause until it is stopped, and counts.
type load struct {
	answers, personalized, failed atomic.Int64
	first                         atomic.Pointer[error]

	changing atomic.Bool // a model is on its way
	mu       sync.Mutex
	took     map[bool][]time.Duration // by whether one was when the request began
}

// note keeps what a request took.
func (l *load) note(changing bool, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.took == nil {
		l.took = map[bool][]time.Duration{}
	}
	l.took[changing] = append(l.took[changing], took)
}

// p99 of the requests that began while a model was, or was not, on its way.
func (l *load) p99(changing bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := slices.Sorted(slices.Values(l.took[changing]))
	return took[len(took)*99/100]
}

func (l *load) run(ctx context.Context, c *client.Client, user string, clients int) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for ctx.Err() == nil {
				l.ask(c, user)
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// ask sends one request, which ends by its own deadline alone.
func (l *load) ask(c *client.Client, user string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	changing, started := l.changing.Load(), time.Now()
	response, err := c.Recommend(ctx, &repliv1.RecommendRequest{UserId: user, Count: 10})
	l.note(changing, time.Since(started))
	switch {
	case err != nil:
		l.failed.Add(1)
		l.first.CompareAndSwap(nil, &err)
	case response.GetTier() == repliv1.Tier_TIER_PERSONALIZED:
		l.personalized.Add(1)
	}
	l.answers.Add(1)
}

// awaitModel asks until a version answers.
func awaitModel(t *testing.T, c *client.Client, user, version string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		response := recommend(t, c, time.Second, &repliv1.RecommendRequest{UserId: user, Count: 10})
		if strings.HasSuffix(response.GetModel(), "/"+version) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("version %s does not answer; %s does", version, response.GetModel())
		}
	}
}

// TestModelsChangeUnderLoad changes the model twenty times while requests go on, refuses a broken one, and goes back to the one
// before.
func TestModelsChangeUnderLoad(t *testing.T) {
	registry := t.TempDir()
	publish(t, registry, "mlp", "1")
	in := demoInputs()
	in.rankingEnv = []string{"REPLI_RANKING_RANKING_REGISTRY_PATH=" + registry, "REPLI_RANKING_RANKING_REGISTRY_INTERVAL=100ms"}
	m := startMesh(t, in)
	var l load
	stop := l.run(t.Context(), m.client, in.known, 4)
	const swaps = 20
	for i := range swaps {
		version := fmt.Sprint(i + 2)
		settled := l.answers.Load()
		for end := time.Now().Add(patience); l.answers.Load() < settled+200 && time.Now().Before(end); { // as many without a change
			time.Sleep(time.Millisecond)
		}
		l.changing.Store(true)
		publish(t, registry, []string{"dcn", "gbdt", "mlp"}[i%3], version)
		awaitModel(t, m.client, in.known, version)
		l.changing.Store(false)
	}
	publish(t, registry, "mlp", "99")
	if err := os.WriteFile(filepath.Join(registry, "99", "model.onnx"), []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); !strings.Contains(m.ranking.output(), `version \"99\" is refused`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a broken version is not refused:\n%s", m.ranking.output())
		}
	}
	awaitModel(t, m.client, in.known, fmt.Sprint(swaps+1))
	if err := os.WriteFile(filepath.Join(registry, "SERVING"), fmt.Append(nil, swaps), 0o600); err != nil {
		t.Fatal(err)
	}
	awaitModel(t, m.client, in.known, fmt.Sprint(swaps))
	stop()
	if l.failed.Load() > 0 {
		t.Errorf("%d of %d requests failed, the first with: %v", l.failed.Load(), l.answers.Load(), *l.first.Load())
	}
	if l.personalized.Load()*100 < l.answers.Load()*99 {
		t.Errorf("%d of %d answers are personalized, expected 99 in 100", l.personalized.Load(), l.answers.Load())
	}
	during, between := l.p99(true), l.p99(false)
	t.Logf("%d requests over %d changes of the model; p99 %v while one is on its way, %v otherwise: %.2f times",
		l.answers.Load(), swaps+1, during, between, float64(during)/float64(between))
}
