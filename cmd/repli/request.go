package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// requestFlags is one request as it is typed, and the gateway that it goes to.
type requestFlags struct {
	address, user, placement, segment string
	candidates, exclude, context      []string
	features                          []string
	count                             uint32
	deadline                          time.Duration
}

func (f *requestFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "address", "localhost:9000", "the gateway, as host:port or a gRPC target")
	flags.StringVar(&f.user, "user", "", "the user's id")
	flags.Uint32Var(&f.count, "count", 10, "how many items")
	flags.StringVar(&f.placement, "placement", "", "where the items will be shown")
	flags.StringVar(&f.segment, "segment", "", "what is known of the user's segment")
	flags.StringSliceVar(&f.candidates, "candidates", nil, "items to be ranked besides the mesh's own")
	flags.StringSliceVar(&f.exclude, "exclude", nil, "items that must not come back")
	flags.StringSliceVar(&f.context, "context", nil, "items that the user is looking at")
	flags.StringArrayVar(&f.features, "feature", nil, "a request-time feature, name=value (repeatable)")
	flags.DurationVar(&f.deadline, "deadline", 100*time.Millisecond, "the deadline of the call")
}

// with connects to the gateway and has the request asked.
func (f requestFlags) with(ask func(*client.Client, *repliv1.RecommendRequest) error) error {
	request, err := f.request()
	if err != nil {
		return misuse(err)
	}
	if f.user == "" {
		return misuse(errors.New("--user: is empty, expected the user's id"))
	}
	if f.deadline <= 0 {
		return misuse(fmt.Errorf("--deadline: is %v, expected more than 0s", f.deadline))
	}
	c, err := client.New(f.address)
	if err != nil {
		return misuse(err)
	}
	err = ask(c, request)
	if closed := c.Close(); err == nil {
		err = closed
	}
	return err
}

// ready waits for the gateway: two seconds, or longer.
func (f requestFlags) ready(ctx context.Context, c *client.Client, patience time.Duration) error {
	if err := c.Ready(ctx, max(2*time.Second, patience)); err != nil {
		return fmt.Errorf("%s: %w", f.address, err)
	}
	return nil
}

// once asks, and says how long that took.
func (f requestFlags) once(
	ctx context.Context, c *client.Client, request *repliv1.RecommendRequest,
) (*repliv1.RecommendResponse, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, f.deadline)
	defer cancel()
	started := time.Now()
	response, err := c.Recommend(ctx, request)
	return response, time.Since(started), err
}

// request is what is asked.
func (f requestFlags) request() (*repliv1.RecommendRequest, error) {
	request := &repliv1.RecommendRequest{
		UserId: f.user, Placement: f.placement, Count: f.count, SegmentHint: f.segment,
		CandidateItemIds: f.candidates, ExcludeItemIds: f.exclude, ContextItemIds: f.context,
		RequestFeatures: make(map[string]*repliv1.RequestFeature, len(f.features)),
	}
	for _, feature := range f.features {
		name, value, ok := strings.Cut(feature, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--feature: is %q, expected name=value", feature)
		}
		request.RequestFeatures[name] = featureOf(value)
	}
	return request, nil
}

// featureOf takes a value for an integer, else a number, else a text.
func featureOf(value string) *repliv1.RequestFeature {
	if integer, err := strconv.ParseInt(value, 10, 64); err == nil {
		return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Integer{Integer: integer}}
	}
	if number, err := strconv.ParseFloat(value, 64); err == nil && !math.IsInf(number, 0) && !math.IsNaN(number) {
		return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Number{Number: number}}
	}
	return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Text{Text: value}}
}

// readable is a status in one line; a request that can never succeed is a misuse.
func readable(err error) error {
	s := status.Convert(err)
	if s.Code() == codes.InvalidArgument {
		return misuse(fmt.Errorf("invalid request: %s", s.Message()))
	}
	return fmt.Errorf("%s: %s", s.Code(), s.Message())
}
