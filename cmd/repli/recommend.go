package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/cmd/repli/show"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// recommendFlags is one request as it is typed.
type recommendFlags struct {
	address, user, placement, segment string
	candidates, exclude, context      []string
	features                          []string
	count                             uint32
	expect                            string
	deadline, every, patience         time.Duration
	watch, json                       bool
}

func newRecommend() *cobra.Command {
	var f recommendFlags
	cmd := &cobra.Command{
		Use:   "recommend --user ID",
		Short: "Ask a running mesh for recommendations",
		Example: `  repli recommend --user u00042
  repli recommend --address localhost:9000 --user u00042 --count 5 --json
  repli recommend --user u00042 --context i0007,i0011 --exclude i0003 --feature hour=18 --watch`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
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
	flags.BoolVar(&f.json, "json", false, "print the answer as one line of JSON")
	flags.BoolVar(&f.watch, "watch", false, "ask again and again, one line an answer, until interrupted")
	flags.DurationVar(&f.every, "every", time.Second, "how often to ask with --watch")
	flags.StringVar(&f.expect, "expect", "", "the worst tier that is a success, such as PERSONALIZED (default: any)")
	flags.DurationVar(&f.patience, "patience", 0, "for how long to ask again while there is no such answer")
	return cmd
}

func (f recommendFlags) run(cmd *cobra.Command) error {
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
	if f.watch && f.every <= 0 {
		return misuse(fmt.Errorf("--every: is %v, expected more than 0s", f.every))
	}
	worst, err := f.worst()
	if err != nil {
		return misuse(err)
	}
	if f.watch && (f.expect != "" || f.patience != 0) || f.patience < 0 {
		return misuse(errors.New("--expect, --patience: are set with --watch, or negative, expected one answer to wait for"))
	}
	c, err := client.New(f.address)
	if err != nil {
		return misuse(err)
	}
	err = f.ask(cmd, c, request, worst)
	if closed := c.Close(); err == nil {
		err = closed
	}
	return err
}

func (f recommendFlags) ask(cmd *cobra.Command, c *client.Client, request *repliv1.RecommendRequest, worst repliv1.Tier) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if err := c.Ready(ctx, max(2*time.Second, f.patience)); err != nil && !f.watch {
		return fmt.Errorf("%s: %w", f.address, err)
	}
	ticker := time.NewTicker(max(f.every, time.Millisecond))
	defer ticker.Stop()
	for {
		response, took, err := f.await(ctx, c, request, worst)
		switch {
		case err != nil && !f.watch:
			return readable(err)
		case err != nil:
			_, err = fmt.Fprintln(out, readable(err))
		case f.json:
			err = show.JSON(out, response)
		case f.watch:
			err = show.Line(out, response, took)
		default:
			err = show.Answer(out, response, took)
		}
		if err == nil && response != nil {
			err = short(response, worst)
		}
		if err != nil || !f.watch {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (f recommendFlags) once(
	ctx context.Context, c *client.Client, request *repliv1.RecommendRequest,
) (*repliv1.RecommendResponse, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, f.deadline)
	defer cancel()
	started := time.Now()
	response, err := c.Recommend(ctx, request)
	return response, time.Since(started), err
}

func (f recommendFlags) request() (*repliv1.RecommendRequest, error) {
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
