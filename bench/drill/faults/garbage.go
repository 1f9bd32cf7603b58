package faults

import (
	"fmt"
	"math"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// tooMany multiplies what was asked for.
const tooMany = 10

// unknown is an item that no catalogue holds.
func unknown(i int) string { return fmt.Sprintf("drill-no-such-item-%d", i) }

// garbageUsers are what a broken feature service may say.
var garbageUsers = []func() *featurev1.GetUserResponse{
	func() *featurev1.GetUserResponse { return &featurev1.GetUserResponse{} }, // nothing
	func() *featurev1.GetUserResponse { // values without statuses
		return found(&featurev1.Row{SchemaFingerprint: 1, Numbers: []float32{1, 2, 3}, Statuses: []byte{1}})
	},
	func() *featurev1.GetUserResponse { // a layout that nobody knows
		return found(&featurev1.Row{SchemaFingerprint: 4711, Numbers: []float32{1}, Statuses: []byte{1}})
	},
	func() *featurev1.GetUserResponse { // not numbers
		return found(&featurev1.Row{SchemaFingerprint: 1, Numbers: []float32{float32(math.NaN())}, Statuses: []byte{1}})
	},
	func() *featurev1.GetUserResponse { // far too many candidates, none of which there is
		user := found(&featurev1.Row{})
		for i := range 500 * tooMany {
			user.CandidateItemIds = append(user.CandidateItemIds, unknown(i))
		}
		return user
	},
}

func found(row *featurev1.Row) *featurev1.GetUserResponse {
	return &featurev1.GetUserResponse{Status: featurev1.UserStatus_USER_STATUS_FOUND, Row: row}
}

// garbageRankings are what a broken ranking service may say.
var garbageRankings = []func(*rankingv1.RankRequest) *rankingv1.RankResponse{
	func(*rankingv1.RankRequest) *rankingv1.RankResponse { return &rankingv1.RankResponse{Scored: 5} }, // nothing
	func(r *rankingv1.RankRequest) *rankingv1.RankResponse { // scores that are no numbers
		return ranked(r, 1, func(int) float32 { return float32(math.NaN()) })
	},
	func(r *rankingv1.RankRequest) *rankingv1.RankResponse { // the worst first
		return ranked(r, 1, func(i int) float32 { return float32(i) })
	},
	func(r *rankingv1.RankRequest) *rankingv1.RankResponse { // far more rows than were asked for
		return ranked(r, tooMany, func(i int) float32 { return -float32(i) })
	},
	func(r *rankingv1.RankRequest) *rankingv1.RankResponse { // fewer scores than rows
		answer := ranked(r, 1, func(i int) float32 { return -float32(i) })
		answer.Scores = answer.GetScores()[:len(answer.GetScores())/2]
		return answer
	},
	func(r *rankingv1.RankRequest) *rankingv1.RankResponse { // candidates that there are not
		answer := ranked(r, 1, func(i int) float32 { return -float32(i) })
		for i := range answer.GetIndices() {
			answer.Indices[i] += 1_000_000
		}
		return answer
	},
	func(r *rankingv1.RankRequest) *rankingv1.RankResponse { // found items that are candidates already
		answer := ranked(r, 1, func(i int) float32 { return -float32(i) })
		answer.RetrievedItemIds = r.GetCandidateItemIds()[:1]
		answer.Retrieved = 1
		return answer
	},
}

// ranked is an answer that would be a good one with other scores or fewer rows.
func ranked(r *rankingv1.RankRequest, times int, score func(int) float32) *rankingv1.RankResponse {
	count := min(int(r.GetCount()), len(r.GetCandidateItemIds()))
	answer := &rankingv1.RankResponse{Model: "drill/1", Scored: uint32(len(r.GetCandidateItemIds()))} //nolint:gosec // at most 4000
	for i := range count * times {
		answer.Indices = append(answer.Indices, uint32(i))
		answer.Scores = append(answer.Scores, score(i))
	}
	return answer
}

// garbageLists are what a broken fallback service may say.
var garbageLists = []func(*fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse{
	func(r *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { // items that there are not
		return listed(r, 1, func(i int) float32 { return 1 / float32(i+1) })
	},
	func(r *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { // weights that are no numbers
		return listed(r, 1, func(int) float32 { return float32(math.NaN()) })
	},
	func(r *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { // the worst first
		return listed(r, 1, func(i int) float32 { return float32(i) })
	},
	func(r *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { // far more than were asked for
		return listed(r, tooMany, func(i int) float32 { return 1 / float32(i+1) })
	},
	func(r *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { // items without weights
		list := listed(r, 1, func(i int) float32 { return 1 / float32(i+1) })
		list.Scores = nil
		return list
	},
	func(r *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { // ids that are none
		list := listed(r, 1, func(i int) float32 { return 1 / float32(i+1) })
		list.ItemIds[0] = ""
		return list
	},
}

func listed(r *fallbackv1.SuggestRequest, times int, score func(int) float32) *fallbackv1.SuggestResponse {
	list := &fallbackv1.SuggestResponse{SnapshotVersion: "drill"}
	for i := range int(r.GetCount()) * times {
		list.ItemIds = append(list.ItemIds, unknown(i))
		list.Scores = append(list.Scores, score(i))
		list.Sources = append(list.Sources, repliv1.Source_SOURCE_POPULAR)
	}
	return list
}
