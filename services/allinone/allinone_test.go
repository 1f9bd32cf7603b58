package allinone

import (
	"context"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/demo"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func demoData(t *testing.T) Data {
	t.Helper()
	text, err := fs.ReadFile(demo.Data(), "views.yaml")
	if err != nil {
		t.Fatal(err)
	}
	project, err := views.Parse("views.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	source := func(name string) []dataset.Source {
		s, err := dataset.FromFS(demo.Data(), name+".csv.gz")
		if err != nil {
			t.Fatal(err)
		}
		return []dataset.Source{s}
	}
	return Data{
		Project: project, Users: source("users"), Items: source("items"), Events: source("events"), Bundle: demo.Bundle(),
	}
}

// start runs a mesh on the demo's data and returns it with a client, warm.
func start(t *testing.T) (*Mesh, *client.Client) {
	t.Helper()
	return startWith(t, func(*Config) {})
}

// startWith runs one whose configuration is changed.
func startWith(t *testing.T, change func(*Config)) (*Mesh, *client.Client) {
	t.Helper()
	cfg, err := LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	change(&cfg)
	cfg.Gateway.Process.Server.Listen = "inproc:///gateway"
	// Under the race detector a model takes long; the tiers must not depend on how long.
	cfg.Gateway.Gateway.Budget.Max, cfg.Gateway.Gateway.Budget.Ranking.Ceiling = time.Minute, 0
	mesh, err := New(t.Context(), cfg, demoData(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- mesh.Run(ctx) }()
	<-mesh.Listening()
	c, err := client.New("inproc:///gateway", client.WithLocal(mesh.local), client.WithDeadline(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	warm, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := mesh.AwaitPersonalized(warm, c, demo.KnownUser); err != nil {
		t.Fatal(err)
	}
	return mesh, c
}

// Whatever is paused, and for however many callers at once, there is an answer, and after it all is as before.
func TestPausesLowerTheTierAndNothingElse(t *testing.T) {
	mesh, c := start(t)
	request := &repliv1.RecommendRequest{UserId: demo.KnownUser, Count: 10}
	for _, test := range []struct {
		paused string
		tier   repliv1.Tier
	}{
		{Feature, repliv1.Tier_TIER_STALE},
		{Ranking, repliv1.Tier_TIER_SIMPLE},
		{Fallback, repliv1.Tier_TIER_PARTIAL},
	} {
		t.Run(test.paused, func(t *testing.T) {
			mesh.Pause(test.paused)
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					response, err := c.Recommend(t.Context(), request)
					if err != nil || len(response.GetItems()) != 10 || response.GetTier() != test.tier {
						t.Errorf("%v, %v; want 10 items of %v", response, err, test.tier)
					}
				})
			}
			callers.Wait()
			mesh.Resume(test.paused)
			steady(t, c, request)
		})
	}
}

// steady asks until all has been well for as many answers as a circuit counts failures among.
func steady(t *testing.T, c *client.Client, request *repliv1.RecommendRequest) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for well := 0; well < 20; well++ {
		response, err := c.Recommend(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED {
			well = 0
		}
	}
}

func TestNewRefusesABadBundleAndLeavesNothing(t *testing.T) {
	cfg, err := LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	data := demoData(t)
	data.Bundle = fstest.MapFS{"manifest.json": {Data: []byte(`{"name":"m"`)}}
	if _, err := New(t.Context(), cfg, data); err == nil {
		t.Error("a truncated manifest was accepted")
	}
}
