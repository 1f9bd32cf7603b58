package quality

import (
	"context"
	"fmt"
	"math"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/ranking"
)

// Tolerance is how far a served score may lie from the model's own.
const Tolerance = 1e-5

// Verification compares served scores with a direct evaluation of the model on the rows of the files.
type Verification struct {
	// Scores is how many were compared.
	Scores int `json:"scores"`
	// MaxAbsErr is the largest difference.
	MaxAbsErr float64 `json:"max_abs_err"`
}

// verify evaluates the model for every item of every answer that the model ranked.
func verify(ctx context.Context, model *ranking.Bundle, lists answers, users, items table) (Verification, error) {
	var v Verification
	for user, response := range lists {
		if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED {
			continue
		}
		rows := make([]map[string]float64, len(response.GetItems()))
		for i, item := range response.GetItems() {
			rows[i] = items.values[item.GetItemId()]
			if rows[i] == nil {
				return v, fmt.Errorf("served item %q is not in the items' files", item.GetItemId())
			}
		}
		scores, err := model.Score(ctx, users.values[user], rows)
		if err != nil {
			return v, fmt.Errorf("evaluating the model: %w", err)
		}
		for i, item := range response.GetItems() {
			v.Scores++
			v.MaxAbsErr = max(v.MaxAbsErr, math.Abs(float64(item.GetScore())-float64(scores[i])))
		}
	}
	return v, nil
}
