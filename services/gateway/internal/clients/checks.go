package clients

import (
	"math"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
)

// The bounds of the contracts for what comes back.
const (
	maxUserCandidates = 500
	maxRetrieved      = 4000
	maxItemID         = 128
	maxDropped        = 500
	maxDefaulted      = 200
	maxDropReasons    = 64 // more than there are
)

func checkUser(response *featurev1.GetUserResponse) error {
	switch response.GetStatus() {
	case featurev1.UserStatus_USER_STATUS_FOUND, featurev1.UserStatus_USER_STATUS_NOT_FOUND:
	default:
		return invalid("status is %v", response.GetStatus())
	}
	row := response.GetRow()
	if row == nil {
		return invalid("no row")
	}
	if values := len(row.GetNumbers()) + len(row.GetIntegers()) + len(row.GetTexts()); values != len(row.GetStatuses()) {
		return invalid("%d values with %d statuses", values, len(row.GetStatuses()))
	}
	if n := len(response.GetCandidateItemIds()); n > maxUserCandidates {
		return invalid("%d candidates, at most %d expected", n, maxUserCandidates)
	}
	return checkIDs(response.GetCandidateItemIds())
}

func checkSuggestion(response *fallbackv1.SuggestResponse, count int) error {
	n := len(response.GetItemIds())
	if len(response.GetScores()) != n || len(response.GetSources()) != n {
		return invalid("%d items with %d scores and %d sources", n, len(response.GetScores()), len(response.GetSources()))
	}
	if n > count {
		return invalid("%d items, at most %d were asked for", n, count)
	}
	if err := checkIDs(response.GetItemIds()); err != nil {
		return err
	}
	return checkScores(response.GetScores())
}

func checkRanking(response *rankingv1.RankResponse, request *rankingv1.RankRequest) error {
	given, found := len(request.GetCandidateItemIds()), int(response.GetRetrieved())
	named := len(response.GetRetrievedItemIds())
	if found > maxRetrieved || named > found || found > 0 && !request.GetRetrieve() {
		return invalid("%d retrieved items, %d of them named", found, named)
	}
	if err := checkIDs(response.GetRetrievedItemIds()); err != nil {
		return err
	}
	if response.GetScanned() > response.GetScannable() {
		return invalid("%d items scanned of %d", response.GetScanned(), response.GetScannable())
	}
	indices := response.GetIndices()
	if len(indices) != len(response.GetScores()) {
		return invalid("%d indices with %d scores", len(indices), len(response.GetScores()))
	}
	scored := int(response.GetScored())
	if total := scored + int(response.GetUnknown()) + int(response.GetNonFinite()); total > given+found {
		return invalid("counts of %d candidates out of %d", total, given+found)
	}
	if count := int(request.GetCount()); len(indices) != min(scored, count) {
		return invalid("%d indices of %d scored, %d were asked for", len(indices), scored, count)
	}
	if err := checkIndices(indices, given+named); err != nil {
		return err
	}
	if !soundDebug(response.GetDebug()) {
		response.Debug = nil // no reason to do without the answer
	}
	return checkScores(response.GetScores())
}

func soundDebug(d *rankingv1.RankDebug) bool {
	if len(d.GetDropped()) > maxDropped || len(d.GetDefaulted()) > maxDefaulted || len(d.GetDropCounts()) > maxDropReasons {
		return false
	}
	for _, dropped := range d.GetDropped() {
		if id := dropped.GetItemId(); id == "" || len(id) > maxItemID || !finite(dropped.GetScore()) {
			return false
		}
	}
	return true
}

func checkIndices(indices []uint32, candidates int) error {
	seen := make([]bool, candidates)
	for _, index := range indices {
		if int64(index) >= int64(candidates) || seen[index] {
			return invalid("index %d of %d candidates is out of range or there twice", index, candidates)
		}
		seen[index] = true
	}
	return nil
}

func checkIDs(ids []string) error {
	for i, id := range ids {
		if id == "" || len(id) > maxItemID {
			return invalid("item %d has an id of %d bytes", i, len(id))
		}
	}
	return nil
}

// checkScores wants finite scores that never increase.
func checkScores(scores []float32) error {
	last := float32(math.Inf(1))
	for i, score := range scores {
		if !finite(score) || score > last {
			return invalid("score %d is %v after %v", i, score, last)
		}
		last = score
	}
	return nil
}

func finite(score float32) bool { return !math.IsNaN(float64(score)) && !math.IsInf(float64(score), 0) }
