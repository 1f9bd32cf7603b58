package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/bench/load"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
)

// everyTenth is a gateway that answers, except where it is told to refuse every tenth.
type everyTenth struct {
	repliv1.UnimplementedRecommendationServiceServer

	refuses bool
	asked   atomic.Int64
}

func (s *everyTenth) Register(r grpc.ServiceRegistrar) {
	repliv1.RegisterRecommendationServiceServer(r, s)
}

func (s *everyTenth) Recommend(context.Context, *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
	if s.asked.Add(1)%10 == 0 && s.refuses {
		return nil, fault.New(fault.Overloaded, "FULL", "no more")
	}
	return &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_PERSONALIZED, Items: []*repliv1.Item{{ItemId: "i1"}}}, nil
}

func TestBenchLoadSumsUp(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("\nu1\n u2 \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		refuses bool
		args    []string
		code    int
		failed  int
	}{
		"of demo users": {args: []string{"--progress", "10ms"}},
		"of a file":     {args: []string{"--users", users}},
		"failing":       {refuses: true, args: []string{"--max-failures", "9"}, code: failed, failed: 10},
		"as allowed":    {refuses: true, args: []string{"--max-failures", "10"}, failed: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := rpctest.Serve(t, rpc.ServerDefaults(), nil, &everyTenth{refuses: c.refuses})
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append([]string{
				"bench", "load", "--address", server.Addr(), "--rate", "500", "--count", "100", "--deadline", "30s",
			}, c.args...), &stdout, &stderr)
			var sums load.Summary
			if err := json.Unmarshal(stdout.Bytes(), &sums); err != nil {
				t.Fatalf("%v in %q", err, &stdout)
			}
			if code != c.code || sums.Requests != 100 || sums.Failed != c.failed || sums.Codes["RESOURCE_EXHAUSTED"] != c.failed {
				t.Errorf("exit code %d, %+v, expected %d and %d of 100 failed", code, sums, c.code, c.failed)
			}
			if want := "10 of 100 requests ended without an answer, at most 9 may"; (code != 0) != strings.Contains(stderr.String(), want) {
				t.Errorf("exit code %d and %q", code, &stderr)
			}
		})
	}
}

func TestBenchLoadRefuses(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a rate of nothing":     {[]string{"--rate", "0"}, misused, "--rate: is 0, expected more than 0"},
		"two faults":            {[]string{"--rate", "0", "--items", "0"}, misused, "--items: is 0, expected 1 to 500"},
		"negative failures":     {[]string{"--max-failures", "-1"}, misused, "--max-failures: is negative"},
		"no such file of users": {[]string{"--users", "nowhere"}, misused, "--users: open nowhere"},
		"a file without users":  {[]string{"--users", empty}, misused, "has no lines"},
		"a target that is none": {[]string{"--address", "ftp:///x"}, misused, "--address: client: "},
		"an argument":           {[]string{"now"}, misused, `unknown argument "now"`},
		"nobody there":          {[]string{"--address", "127.0.0.1:1", "--wait", "1ms"}, failed, "no gateway can be reached there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append([]string{"bench", "load"}, c.args...), &stdout, &stderr)
			if code != c.code || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("exit code %d and %q, expected %d and %q", code, &stderr, c.code, c.want)
			}
		})
	}
}
