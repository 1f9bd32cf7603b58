package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// between is how long lies between two requests for an answer that is not yet good enough.
const between = 500 * time.Millisecond

// tiers are the names of the tiers, from the best to the worst.
var tiers = []string{"PERSONALIZED", "STALE", "PARTIAL", "SIMPLE", "STATIC"}

// worst is the worst tier that --expect lets pass; any does where it is not given.
func (f recommendFlags) worst() (repliv1.Tier, error) {
	if f.expect == "" {
		return repliv1.Tier_TIER_STATIC, nil
	}
	if !slices.Contains(tiers, strings.ToUpper(f.expect)) {
		return 0, fmt.Errorf("--expect: is %q, expected one of %s", f.expect, strings.Join(tiers, ", "))
	}
	return repliv1.Tier(repliv1.Tier_value["TIER_"+strings.ToUpper(f.expect)]), nil
}

// await asks until an answer is of the worst tier that passes, or a better one, or patience is over; it returns the last answer.
func (f recommendFlags) await(
	ctx context.Context, c *client.Client, request *repliv1.RecommendRequest, worst repliv1.Tier,
) (*repliv1.RecommendResponse, time.Duration, error) {
	patience := time.NewTimer(f.patience)
	defer patience.Stop()
	for {
		response, took, err := f.once(ctx, c, request)
		if err == nil && response.GetTier() <= worst {
			return response, took, nil
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
	if response.GetTier() <= worst {
		return nil
	}
	return fmt.Errorf("the tier is %s, expected %s or better",
		strings.TrimPrefix(response.GetTier().String(), "TIER_"), strings.TrimPrefix(worst.String(), "TIER_"))
}
