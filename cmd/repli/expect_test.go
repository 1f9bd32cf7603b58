package main

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// scripted answers with one tier after the other, and with the last one from then on; without any it takes the request for invalid.
type scripted struct {
	repliv1.UnimplementedRecommendationServiceServer
	tiers []repliv1.Tier
	asked atomic.Int32
}

func (s *scripted) Register(r grpc.ServiceRegistrar) {
	repliv1.RegisterRecommendationServiceServer(r, s)
}

func (s *scripted) Recommend(context.Context, *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
	at := min(int(s.asked.Add(1)), len(s.tiers)) - 1
	if at < 0 {
		return nil, fault.Invalid("count", "is 0, expected at least 1")
	}
	return &repliv1.RecommendResponse{Tier: s.tiers[at]}, nil
}

// serveScript returns the address of a gateway that answers by a script.
func serveScript(t *testing.T, script *scripted) string {
	t.Helper()
	server, err := rpc.NewServer("test", rpc.ServerDefaults(), rpc.ServerDeps{Signals: telemetry.Discard()}, script)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-server.Listening()
	return server.Addr()
}

func TestRecommendExpectsATier(t *testing.T) {
	t.Parallel()
	const best, simple = repliv1.Tier_TIER_PERSONALIZED, repliv1.Tier_TIER_SIMPLE
	for name, c := range map[string]struct {
		tiers []repliv1.Tier
		args  []string
		code  int
		want  string
		asked int32
	}{
		"any tier":        {[]repliv1.Tier{simple, best}, nil, 0, "SIMPLE", 1},
		"good enough":     {[]repliv1.Tier{simple, best}, []string{"--expect", "simple"}, 0, "SIMPLE", 1},
		"not good enough": {[]repliv1.Tier{simple, best}, []string{"--expect", "PERSONALIZED"}, failed, "the tier is SIMPLE, expected PERSONALIZED or better", 1},
		"patience":        {[]repliv1.Tier{simple, best}, []string{"--expect", "PERSONALIZED", "--patience", "1h"}, 0, "PERSONALIZED", 2},
		"no tier at all":  {[]repliv1.Tier{0}, []string{"--expect", "STATIC"}, failed, "the tier is UNSPECIFIED, expected STATIC or better", 1},
		"any, even none":  {[]repliv1.Tier{0}, nil, 0, "UNSPECIFIED", 1},
		"a mistake":       {nil, []string{"--expect", "STATIC", "--patience", "1h"}, misused, "invalid request: ", 1},
		"no such tier":    {nil, []string{"--expect", "good"}, misused, `--expect: is "good", expected one of PERSONALIZED, `, 0},
		"not with watch":  {nil, []string{"--expect", "SIMPLE", "--watch"}, misused, "--expect, --patience: are set with --watch", 0},
		"impatience":      {nil, []string{"--patience", "-1s"}, misused, "--expect, --patience: are set with --watch, or negative", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := &scripted{tiers: c.tiers}
			var stdout, stderr bytes.Buffer
			args := append([]string{"recommend", "--address", serveScript(t, script), "--user", "u", "--deadline", "10s"}, c.args...)
			code := run(context.Background(), args, &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String()+stderr.String(), c.want) || script.asked.Load() != c.asked {
				t.Errorf("exit code %d after %d requests, %q and %q; expected %d after %d and %q",
					code, script.asked.Load(), &stdout, &stderr, c.code, c.asked, c.want)
			}
		})
	}
}
