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

// served is what the mesh served, in each of the ways that are compared.
type served struct {
	// healthy is the mesh as it is, degraded while ranking is paused, and unsearched without the manifest's retrieval; nil
	// where the manifest has none.
	healthy, degraded, unsearched answers
	missed                        int
}

// serve asks for every user in every way.
func serve(
	ctx context.Context, cfg Config, data allinone.Data, retrieves bool, users []string, segments map[string]string,
) (s served, err error) {
	err = during(ctx, data, users[0], func(mesh *allinone.Mesh, c *client.Client) (err error) {
		if s.healthy, err = s.askAll(ctx, c, cfg, unhurried, users, segments); err != nil {
			return err
		}
		mesh.Pause(allinone.Ranking)
		defer mesh.Resume(allinone.Ranking)
		s.degraded, err = s.askAll(ctx, c, cfg, hurried, users, segments)
		return err
	})
	if err != nil || !retrieves {
		return s, err
	}
	if data.Bundle, err = withoutRetrieval(data.Bundle); err != nil {
		return s, err
	}
	err = during(ctx, data, users[0], func(_ *allinone.Mesh, c *client.Client) (err error) {
		s.unsearched, err = s.askAll(ctx, c, cfg, unhurried, users, segments)
		return err
	})
	return s, err
}

// during does something while a mesh runs that ranks.
func during(ctx context.Context, data allinone.Data, user string, do func(*allinone.Mesh, *client.Client) error) (err error) {
	mesh, err := newMesh(ctx, data)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- mesh.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	select {
	case <-mesh.Listening():
	case early := <-ended:
		ended <- nil
		return errors.Join(errEnded, early)
	}
	c, err := client.New(mesh.Address())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	warm, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := mesh.AwaitPersonalized(warm, c, user); err != nil {
		return err
	}
	return do(mesh, c)
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
func (s *served) askAll(
	ctx context.Context, c *client.Client, cfg Config, deadline time.Duration, users []string, segments map[string]string,
) (answers, error) {
	var mu sync.Mutex
	got := make(answers, len(users))
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
			s.missed += again
			return nil
		})
	}
	return got, group.Wait()
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
