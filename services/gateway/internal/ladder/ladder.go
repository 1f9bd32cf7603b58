// Package ladder owns the choice of tier: given how each step of a request ended, how good the answer is and why.
//
// It is pure: no clock, no I/O, no goroutine. It imports the standard library only, so its numbers mirror those of
// repli.v1 and the gateway's tests hold the two together.
package ladder

import "time"

// Tier is how good an answer is; lower is better. The numbers are those of repli.v1.Tier.
type Tier int32

// The tiers, best first.
const (
	Personalized Tier = iota + 1
	Stale
	Partial
	Simple
	Static
)

// Component is a part of the mesh. The numbers are those of repli.v1.Component.
type Component int32

// The components.
const (
	Gateway Component = iota + 1
	Feature
	FeatureStore
	Ranking
	Fallback
)

// Reason is why a component did not give its full answer. The numbers are those of repli.v1.Reason.
type Reason int32

// The reasons. None says that a step gave its full answer.
const (
	None Reason = iota
	SoftDeadline
	Unavailable
	Failed
	InvalidAnswer
	SkippedNoBudget
	NotReady
	OutsideMaxAge
	NoDefault
	Overloaded
	CandidatesNotScored
	SkippedDependency
	SchemaMismatch
	CatalogueNotSearched
)

// Outcome is how one step ended.
type Outcome struct {
	// Component is where the fault lies: a feature service may say that its store failed.
	Component Component
	// Reason is None for a step that gave an answer.
	Reason Reason
	// Granted is how long the gateway was ready to wait; zero for a step that was not started.
	Granted time.Duration
	// Spent is how long it waited.
	Spent time.Duration
}

// OK reports whether the step gave an answer.
func (o Outcome) OK() bool { return o.Reason == None }

// Steps is how the whole request went.
type Steps struct {
	// Feature, Fallback and Ranking are the three calls.
	Feature, Fallback, Ranking Outcome
	// StaleViews is true when some of the user's views were past their freshness and left out.
	StaleViews bool
	// Scored and Unscored count the candidates that the model gave a score, and those that it could have.
	Scored, Unscored int
	// Unsearched is true when a part of the catalogue was not searched for candidates.
	Unsearched bool
}

// Degradation is one reason why the answer is not the best one.
type Degradation Outcome

// Choose returns the tier of the answer and the degradations that explain it, in the order feature, fallback, ranking.
// The degradations are empty if and only if the tier is Personalized. They are appended to `into`.
func Choose(s Steps, into []Degradation) (Tier, []Degradation) {
	ranked := s.Ranking.OK() && s.Scored > 0
	for _, step := range []Outcome{s.Feature, s.Fallback, s.Ranking} {
		if !step.OK() {
			into = append(into, Degradation(step))
		}
	}
	if s.Feature.OK() && s.StaleViews {
		into = append(into, because(s.Feature, OutsideMaxAge))
	}
	if s.Ranking.OK() && (s.Unscored > 0 || !ranked) {
		into = append(into, because(s.Ranking, CandidatesNotScored))
	}
	if s.Ranking.OK() && s.Unsearched {
		into = append(into, because(s.Ranking, CatalogueNotSearched))
	}
	switch {
	case ranked && len(into) == 0:
		return Personalized, into
	case ranked:
		return Partial, into
	case s.Fallback.OK():
		return Simple, into
	default:
		return Static, into
	}
}

// because is a degradation of a step that did answer, only not fully.
func because(step Outcome, reason Reason) Degradation {
	step.Reason = reason
	return Degradation(step)
}
