package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// between is how long lies between two requests for an answer that is not yet good enough.
const between = 500 * time.Millisecond

// tiers are the names of the tiers, from the best to the worst.
var tiers = []string{"PERSONALIZED", "STALE", "PARTIAL", "SIMPLE", "STATIC"}

// anyTier passes whatever an answer's tier is.
const anyTier = repliv1.Tier_TIER_UNSPECIFIED

// worst is the worst tier that --expect lets pass; any does where it is not given.
func (f recommendFlags) worst() (repliv1.Tier, error) {
	if f.expect == "" {
		return anyTier, nil
	}
	if !slices.Contains(tiers, strings.ToUpper(f.expect)) {
		return 0, fmt.Errorf("--expect: is %q, expected one of %s", f.expect, strings.Join(tiers, ", "))
	}
	return repliv1.Tier(repliv1.Tier_value["TIER_"+strings.ToUpper(f.expect)]), nil
}

// passes says whether a tier is as good as the worst that does, or better.
func passes(tier, worst repliv1.Tier) bool {
	return worst == anyTier || tier != repliv1.Tier_TIER_UNSPECIFIED && tier <= worst
}

// await asks until an answer's tier passes, patience is over, or the request itself turns out to be a mistake; it returns the last
// answer.
func (f recommendFlags) await(
	ctx context.Context, c *client.Client, request *repliv1.RecommendRequest, worst repliv1.Tier,
) (*repliv1.RecommendResponse, time.Duration, error) {
	patience := time.NewTimer(f.patience)
	defer patience.Stop()
	for {
		response, took, err := f.once(ctx, c, request)
		if err == nil && passes(response.GetTier(), worst) || status.Code(err) == codes.InvalidArgument {
			return response, took, err
		}
		select {
		case <-ctx.Done():
			return response, took, err
		case <-patience.C:
			return response, took, err
		case <-time.After(between):
		}
	}
}

// short says that an answer is worse than was expected.
func short(response *repliv1.RecommendResponse, worst repliv1.Tier) error {
	if passes(response.GetTier(), worst) {
		return nil
	}
	return fmt.Errorf("the tier is %s, expected %s or better",
		strings.TrimPrefix(response.GetTier().String(), "TIER_"), strings.TrimPrefix(worst.String(), "TIER_"))
}
