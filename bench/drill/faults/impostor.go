package faults

import (
	"context"
	"errors"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/scenario"
	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// impersonate has something else answer in the place of a service, for every gateway and for the item stream.
func impersonate(ctx context.Context, m *mesh.Mesh, f scenario.Fault) (End, error) {
	var turn turns
	service := impostor(f.At, f.Kind == scenario.Errors, &turn)
	address, stop, err := serve(ctx, service)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, hop := range m.Hops(f.At) {
		faults = append(faults, hop.Divert(address))
	}
	end := func(ctx context.Context) error {
		var faults []error
		for _, hop := range m.Hops(f.At) {
			faults = append(faults, hop.Restore())
		}
		return errors.Join(append(faults, stop(ctx))...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, errors.Join(err, end(ctx))
	}
	return end, nil
}

// impostor takes the place of a service.
func impostor(service string, fails bool, turn *turns) rpc.Service {
	switch service {
	case "feature":
		return &feature{turns: turn, fails: fails}
	case "ranking":
		return &ranking{turns: turn, fails: fails}
	default:
		return &fallback{turns: turn, fails: fails}
	}
}

// serve runs a server on any free port of the loopback interface.
func serve(ctx context.Context, service rpc.Service) (address string, stop End, err error) {
	server, err := rpc.NewServer("impostor", rpc.ServerDefaults(), rpc.ServerDeps{Signals: telemetry.Discard()}, service) //nolint:contextcheck // Run takes it
	if err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	end := goOn(context.WithoutCancel(ctx), func(ctx context.Context) error {
		defer close(ended)
		return server.Run(ctx)
	})
	select {
	case <-server.Listening():
		return server.Addr(), end, nil
	case <-ended:
		return "", nil, end(ctx)
	}
}

// turns counts calls, so that each of several misdeeds has its turn. Safe for concurrent use.
type turns struct{ n atomic.Uint64 }

// next is 0 to n-1, in turn.
func (t *turns) next(n int) int { return int(t.n.Add(1) % uint64(n)) } //nolint:gosec // n is a few

// refusals are the codes that a service answering errors answers.
var refusals = []codes.Code{codes.Internal, codes.Unavailable, codes.Unknown, codes.ResourceExhausted, codes.DataLoss}

func (t *turns) refuse() error {
	return status.Error(refusals[t.next(len(refusals))], "the drill refuses")
}

// feature answers in the place of the feature service.
type feature struct {
	featurev1.UnimplementedFeatureServiceServer
	*turns

	fails bool
}

// Register puts it on a server.
func (s *feature) Register(r grpc.ServiceRegistrar) { featurev1.RegisterFeatureServiceServer(r, s) }

// GetUser answers what cannot be used.
func (s *feature) GetUser(context.Context, *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
	if s.fails {
		return nil, s.refuse()
	}
	return garbageUsers[s.next(len(garbageUsers))](), nil
}

// WatchItems has no items.
func (s *feature) WatchItems(*featurev1.WatchItemsRequest, grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error {
	return s.refuse()
}

// ranking answers in the place of the ranking service.
type ranking struct {
	rankingv1.UnimplementedRankingServiceServer
	*turns

	fails bool
}

// Register puts it on a server.
func (s *ranking) Register(r grpc.ServiceRegistrar) { rankingv1.RegisterRankingServiceServer(r, s) }

// Rank answers what cannot be used.
func (s *ranking) Rank(_ context.Context, request *rankingv1.RankRequest) (*rankingv1.RankResponse, error) {
	if s.fails {
		return nil, s.refuse()
	}
	return garbageRankings[s.next(len(garbageRankings))](request), nil
}

// fallback answers in the place of the fallback service.
type fallback struct {
	fallbackv1.UnimplementedFallbackServiceServer
	*turns

	fails bool
}

// Register puts it on a server.
func (s *fallback) Register(r grpc.ServiceRegistrar) { fallbackv1.RegisterFallbackServiceServer(r, s) }

// Suggest answers what cannot be used.
func (s *fallback) Suggest(_ context.Context, request *fallbackv1.SuggestRequest) (*fallbackv1.SuggestResponse, error) {
	if s.fails {
		return nil, s.refuse()
	}
	return garbageLists[s.next(len(garbageLists))](request), nil
}
