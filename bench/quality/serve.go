package quality

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/services/allinone"
)

const (
	// unhurried is the deadline of calls that shall be personal: quality is measured here, not speed.
	unhurried = 5 * time.Second
	// hurried is the deadline of calls while ranking is paused.
	hurried = 100 * time.Millisecond
	// attempts is how often one user is asked for when the deadline was missed.
	attempts = 5
	// callers is how many users ask at the same time.
	callers = 4
)

// answers are what the mesh served to users.
type answers map[string]*repliv1.RecommendResponse

// errEnded says that the mesh ended, or was told to, before it listened.
var errEnded = errors.New("the mesh ended before it listened")

// serve runs the mesh and asks for every user twice: as it is, and while ranking is paused.
func serve(ctx context.Context, cfg Config, data allinone.Data, users []string, segments map[string]string) (
	healthy, degraded answers, missed int, err error,
) {
	mesh, err := newMesh(ctx, data)
	if err != nil {
		return nil, nil, 0, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- mesh.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	select {
	case <-mesh.Listening():
	case early := <-ended:
		ended <- nil
		return nil, nil, 0, errors.Join(errEnded, early)
	}
	c, err := client.New(mesh.Address())
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	warm, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := mesh.AwaitPersonalized(warm, c, users[0]); err != nil {
		return nil, nil, 0, err
	}
	healthy, before, err := askAll(ctx, c, cfg, unhurried, users, segments)
	if err != nil {
		return nil, nil, 0, err
	}
	mesh.Pause(allinone.Ranking)
	defer mesh.Resume(allinone.Ranking)
	degraded, after, err := askAll(ctx, c, cfg, hurried, users, segments)
	return healthy, degraded, before + after, err
}

// newMesh is the mesh with deadlines that nothing misses by being slow, and without admin ports.
func newMesh(ctx context.Context, data allinone.Data) (*allinone.Mesh, error) {
	cfg, err := allinone.LoadConfig()
	if err != nil {
		return nil, err
	}
	cfg.Gateway.Process.Server.Listen = "127.0.0.1:0"
	cfg.Gateway.Process.Server.AdminListen = ""
	cfg.Feature.Process.Server.AdminListen = ""
	cfg.Ranking.Process.Server.AdminListen = ""
	cfg.Fallback.Process.Server.AdminListen = ""
	cfg.Gateway.Gateway.Budget.Max = unhurried
	cfg.Gateway.Gateway.Budget.Ranking.Ceiling = 0
	return allinone.New(ctx, cfg, data)
}

// askAll asks for every user, with the segment that a caller who knows its users would send.
func askAll(
	ctx context.Context, c *client.Client, cfg Config, deadline time.Duration, users []string, segments map[string]string,
) (got answers, missed int, err error) {
	var mu sync.Mutex
	got = make(answers, len(users))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callers)
	for _, user := range users {
		group.Go(func() error {
			response, again, err := ask(ctx, c, deadline, &repliv1.RecommendRequest{
				UserId: user, Count: uint32(cfg.Count), SegmentHint: segments[user], //nolint:gosec // bounded by Validate
			})
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			got[user] = response
			missed += again
			return nil
		})
	}
	err = group.Wait()
	return got, missed, err
}

// ask asks again when this machine was too busy to keep the deadline, and counts how often: it is lists that are measured
// here, not speed.
func ask(
	ctx context.Context, c *client.Client, deadline time.Duration, request *repliv1.RecommendRequest,
) (response *repliv1.RecommendResponse, missed int, err error) {
	for range attempts {
		limited, cancel := context.WithTimeout(ctx, deadline)
		response, err = c.Recommend(limited, request)
		cancel()
		if status.Code(err) != codes.DeadlineExceeded {
			break
		}
		missed++
	}
	return response, missed, err
}
