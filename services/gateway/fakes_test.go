package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// behaviour is how one fake behaves: it takes its time, keeps to its context, and then fails or answers.
type behaviour struct {
	takes   time.Duration
	err     error
	running int
	calls   int
	mu      sync.Mutex
}

// become changes how the fake behaves while it may be asked.
func (p *behaviour) become(takes time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takes = takes
}

func (p *behaviour) work(ctx context.Context) error {
	p.mu.Lock()
	p.calls++
	p.running++
	takes, err := p.takes, p.err
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
	}()
	select {
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	case <-time.After(takes):
		return err
	}
}

type fakeUsers struct {
	behaviour
	response *featurev1.GetUserResponse
}

func (f *fakeUsers) GetUser(
	ctx context.Context, _ *featurev1.GetUserRequest, _ ...grpc.CallOption,
) (*featurev1.GetUserResponse, error) {
	if err := f.work(ctx); err != nil {
		return nil, err
	}
	return f.response, nil
}

// fakeRanker scores candidates by their position, the last one best, unless it is told what to say.
type fakeRanker struct {
	behaviour
	say  func(*rankingv1.RankRequest) *rankingv1.RankResponse
	last *rankingv1.RankRequest
}

func (f *fakeRanker) Rank(
	ctx context.Context, in *rankingv1.RankRequest, _ ...grpc.CallOption,
) (*rankingv1.RankResponse, error) {
	err := f.work(ctx)
	f.mu.Lock()
	f.last = in
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if f.say != nil {
		return f.say(in), nil
	}
	return f.answer(in), nil
}

func (f *fakeRanker) answer(in *rankingv1.RankRequest) *rankingv1.RankResponse {
	n := len(in.GetCandidateItemIds())
	response := &rankingv1.RankResponse{Scored: uint32(n), Model: "test/1"}
	for i := 0; i < min(n, int(in.GetCount())); i++ {
		response.Indices = append(response.Indices, uint32(n-1-i))
		response.Scores = append(response.Scores, float32(n-1-i))
	}
	return response
}

// fakeSuggester knows 300 items, p0 the most popular.
type fakeSuggester struct {
	behaviour
	say  func(*fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse
	last *fallbackv1.SuggestRequest
}

func (f *fakeSuggester) Suggest(
	ctx context.Context, in *fallbackv1.SuggestRequest, _ ...grpc.CallOption,
) (*fallbackv1.SuggestResponse, error) {
	err := f.work(ctx)
	f.mu.Lock()
	f.last = in
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if f.say != nil {
		return f.say(in), nil
	}
	response := &fallbackv1.SuggestResponse{Segment: in.GetSegment(), SnapshotTime: timestamppb.New(time.Unix(1, 0))}
	for i := 0; i < min(300, int(in.GetCount())); i++ {
		response.ItemIds = append(response.ItemIds, fmt.Sprintf("p%d", i))
		response.Scores = append(response.Scores, 1/float32(i+1))
		response.Sources = append(response.Sources, repliv1.Source_SOURCE_POPULAR)
	}
	return response, nil
}

var errRefused = status.Error(codes.Unavailable, "connection refused")
