package gateway

import (
	"crypto/rand"
	"encoding/base64"

	"google.golang.org/protobuf/types/known/durationpb"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// answer builds the response from what the journey brought; list is the fallback's, or the last good one, or nil.
func (s *Service) answer(j *journey, list *fallbackv1.SuggestResponse) *repliv1.RecommendResponse {
	tier, degradations := ladder.Choose(j.steps, make([]ladder.Degradation, 0, 4))
	response := &repliv1.RecommendResponse{
		Tier:             repliv1.Tier(tier),
		Degradations:     describe(degradations),
		Coverage:         coverage(j),
		RecommendationId: newID(),
		SnapshotTime:     list.GetSnapshotTime(),
		NewUser:          j.user.GetStatus() == featurev1.UserStatus_USER_STATUS_NOT_FOUND,
		Segment:          list.GetSegment(),
		QualityFactor:    float32(j.wanted) / float32(s.most(j.request)),
	}
	if tier >= ladder.Simple {
		response.Items = j.candidates.safe(int(j.request.GetCount()))
		return response
	}
	response.Model = j.ranked.GetModel()
	response.Items = ranked(j)
	return response
}

// ranked returns the model's order; where too few candidates were scored, the mesh's own others follow in the safe
// order.
func ranked(j *journey) []*repliv1.Item {
	c, count := j.candidates, int(j.request.GetCount())
	indices := j.ranked.GetIndices()
	items := make([]*repliv1.Item, len(indices), count)
	for i, index := range indices {
		items[i] = c.item(int(index), j.ranked.GetScores()[i])
	}
	if len(items) == count || j.steps.Unscored == 0 {
		return items
	}
	in := make([]bool, len(c.ids))
	for _, index := range indices {
		in[index] = true
	}
	for i := 0; i < c.own && len(items) < count; i++ {
		if !in[i] {
			items = append(items, c.item(i, 0))
		}
	}
	return items
}

func coverage(j *journey) *repliv1.Coverage {
	c := &repliv1.Coverage{
		// The ranker names those of the retrieved items only that are in the answer.
		Candidates: uint32(len(j.candidates.ids)+j.candidates.withheld-len(j.ranked.GetRetrievedItemIds())) + j.ranked.GetRetrieved(), //nolint:gosec // bounded by the contracts
		Scored:     j.ranked.GetScored(),
		Unknown:    j.ranked.GetUnknown(),
		Duplicates: j.candidates.duplicates,
		Excluded:   j.candidates.excluded,
		Retrieved:  j.ranked.GetRetrieved(),
	}
	c.Unscored = c.Candidates - c.Scored - c.Unknown
	return c
}

func describe(degradations []ladder.Degradation) []*repliv1.Degradation {
	described := make([]*repliv1.Degradation, len(degradations))
	for i, d := range degradations {
		described[i] = &repliv1.Degradation{
			Component: repliv1.Component(d.Component),
			Reason:    repliv1.Reason(d.Reason),
			Granted:   durationpb.New(d.Granted),
			Spent:     durationpb.New(d.Spent),
		}
	}
	return described
}

// newID returns 128 random bits as 22 letters.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(id[:])
}
