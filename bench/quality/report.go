package quality

import (
	"maps"
	"slices"
	"strings"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Random is the name of the tier that no mesh serves: lists drawn at random.
const Random = "RANDOM"

// Unsearched is the name of what the model's lists are without the manifest's retrieval.
const Unsearched = "UNSEARCHED"

// Report is what was measured.
type Report struct {
	// Model is the model's name and version.
	Model string `json:"model"`
	// Truth says what relevance is.
	Truth string `json:"truth"`
	// Config is how it was measured.
	Config Config `json:"config"`
	// Users is how many were asked for, Items how many there are.
	Users int `json:"users"`
	Items int `json:"items"`
	// Missed is how many calls missed their deadline and were made again.
	Missed int `json:"missed"`
	// Rows are the figures by tier and segment; the segment "" is everybody.
	Rows []Row `json:"rows"`
	// Ratio is the NDCG of PERSONALIZED divided by that of SIMPLE, over the users who got both.
	Ratio Interval `json:"ratio"`
	// Gain is the NDCG of PERSONALIZED divided by that without retrieval; nil where the manifest has none.
	Gain *Interval `json:"gain,omitempty"`
	// Verification compares served scores with the model's own.
	Verification Verification `json:"verification"`
}

// Row is one tier in one segment.
type Row struct {
	Tier    string   `json:"tier"`
	Segment string   `json:"segment"`
	Users   int      `json:"users"`
	NDCG    Interval `json:"ndcg"`
	HitRate Interval `json:"hit_rate"`
}

// Row returns the figures of a tier in a segment, nil when nobody there was served by it.
func (r *Report) Row(tier, segment string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Tier == tier && r.Rows[i].Segment == segment {
			return &r.Rows[i]
		}
	}
	return nil
}

// Segments are those that occur, by name, without everybody.
func (r *Report) Segments() []string {
	names := map[string]bool{}
	for _, row := range r.Rows {
		names[row.Segment] = true
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names))
}

// values are one tier's figures for each user that it served.
type values struct {
	users      []string
	ndcg, hits []float64
}

// measure fills the rows and the ratio.
func (r *Report) measure(
	cfg Config, truth Truth, asked []string, segments map[string]string, served served, random map[string][]string,
) {
	tiers := map[string]*values{}
	note := func(tier, user string, list []string) {
		v := tiers[tier]
		if v == nil {
			v = &values{}
			tiers[tier] = v
		}
		if n := len(v.users); n > 0 && v.users[n-1] == user {
			return // both passes fell to the same tier: a user counts once, or the intervals would be too narrow
		}
		gains := make([]float64, len(list))
		for i, item := range list {
			gains[i] = truth.Relevance(user, item)
		}
		v.users = append(v.users, user)
		v.ndcg = append(v.ndcg, ndcg(gains, truth.Ideal(user, cfg.Count)))
		v.hits = append(v.hits, hit(list, func(item string) bool { return truth.Bought(user, item) }))
	}
	for _, user := range asked {
		note(tierOf(served.healthy[user]), user, listOf(served.healthy[user]))
		note(tierOf(served.degraded[user]), user, listOf(served.degraded[user]))
		if served.unsearched != nil {
			note(Unsearched, user, listOf(served.unsearched[user]))
		}
		note(Random, user, random[user])
	}
	for _, tier := range slices.Sorted(maps.Keys(tiers)) {
		r.Rows = append(r.Rows, rows(cfg, tier, *tiers[tier], segments)...)
	}
	r.Ratio = ratio(cfg, tiers["PERSONALIZED"], tiers["SIMPLE"])
	if served.unsearched != nil {
		gain := ratio(cfg, tiers["PERSONALIZED"], tiers[Unsearched])
		r.Gain = &gain
	}
}

// rows are one tier's figures for everybody and for each segment. A user without one is in the segment "(none)".
func rows(cfg Config, tier string, all values, segments map[string]string) []Row {
	parts := map[string]*values{}
	for i, user := range all.users {
		segment := segments[user]
		if segment == "" {
			segment = "(none)"
		}
		part := parts[segment]
		if part == nil {
			part = &values{}
			parts[segment] = part
		}
		part.ndcg, part.hits = append(part.ndcg, all.ndcg[i]), append(part.hits, all.hits[i])
	}
	result := []Row{row(cfg, tier, "", all)}
	for _, segment := range slices.Sorted(maps.Keys(parts)) {
		result = append(result, row(cfg, tier, segment, *parts[segment]))
	}
	return result
}

func row(cfg Config, tier, segment string, v values) Row {
	return Row{
		Tier: tier, Segment: segment, Users: len(v.ndcg),
		NDCG:    bootstrap(len(v.ndcg), cfg.Resamples, cfg.Seed, meanOf(v.ndcg)),
		HitRate: bootstrap(len(v.hits), cfg.Resamples, cfg.Seed, meanOf(v.hits)),
	}
}

// ratio pairs the users that both tiers served.
func ratio(cfg Config, above, below *values) Interval {
	if above == nil || below == nil {
		return Interval{}
	}
	lower := map[string]float64{}
	for i, user := range below.users {
		lower[user] = below.ndcg[i]
	}
	var top, bottom []float64
	for i, user := range above.users {
		if value, ok := lower[user]; ok {
			top, bottom = append(top, above.ndcg[i]), append(bottom, value)
		}
	}
	return bootstrap(len(top), cfg.Resamples, cfg.Seed, ratioOf(top, bottom))
}

func tierOf(response *repliv1.RecommendResponse) string {
	return strings.TrimPrefix(response.GetTier().String(), "TIER_")
}

func listOf(response *repliv1.RecommendResponse) []string {
	list := make([]string, len(response.GetItems()))
	for i, item := range response.GetItems() {
		list[i] = item.GetItemId()
	}
	return list
}
