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
	StaleFeatures
	ViewsNotRead
	CircuitOpen
	Loading
	ReadOnly
	OutOfMemory
	AccessDenied
	Brownout
)

// Outcome is how one step ended.
type Outcome struct {
	// Component is where the fault lies: a feature service may say that its store failed.
	Component Component
	// Reason is None for a step that gave an answer.
	Reason Reason
	// Started is when the component was asked; zero for a step that was not started.
	Started time.Time
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
	// Stale is true when the user's row was past its time to live: the feature service's own, or the gateway's last one.
	Stale bool
	// StaleBecause is why the feature service has no newer row, where it says so; None where it does not.
	StaleBecause Reason
	// OldViews is true when some of the user's views were past their freshness and left out, and UnreadViews when some could
	// not be read.
	OldViews, UnreadViews bool
	// Scored and Unscored count the candidates that the model gave a score, and those that it could have.
	Scored, Unscored int
	// Unsearched is true when a part of the catalogue was not searched for candidates.
	Unsearched bool
}

// Degradation is one reason why the answer is not the best one.
type Degradation Outcome

// Choose returns the tier of the answer and the degradations that explain it, in the order feature, fallback, ranking.
// The degradations are empty if and only if the tier is Personalized. They are appended to `into`.
// The time of a step stands in the first of its entries only, so that the entries add up.
func Choose(s Steps, into []Degradation) (Tier, []Degradation) {
	ranked, listed := s.Ranking.OK() && s.Scored > 0, s.Fallback.OK()
	for _, step := range []*Outcome{&s.Feature, &s.Fallback, &s.Ranking} {
		if !step.OK() {
			into = append(into, because(step, step.Component, step.Reason))
		}
	}
	if s.Stale && s.StaleBecause != None {
		into = append(into, because(&s.Feature, FeatureStore, s.StaleBecause))
	}
	if s.Stale {
		into = append(into, because(&s.Feature, Feature, StaleFeatures))
	}
	whole := len(into)
	if s.OldViews {
		into = append(into, because(&s.Feature, Feature, OutsideMaxAge))
	}
	if s.UnreadViews {
		into = append(into, because(&s.Feature, Feature, ViewsNotRead))
	}
	if s.Ranking.OK() && (s.Unscored > 0 || !ranked) {
		into = append(into, because(&s.Ranking, Ranking, CandidatesNotScored))
	}
	if s.Ranking.OK() && s.Unsearched {
		into = append(into, because(&s.Ranking, Ranking, CatalogueNotSearched))
	}
	switch {
	case ranked && len(into) == 0:
		return Personalized, into
	case ranked && len(into) == whole && listed:
		return Stale, into // nothing is missing: all that is wrong is the age of the row
	case ranked:
		return Partial, into
	case listed:
		return Simple, into
	default:
		return Static, into
	}
}

// Relieved returns the tier and the degradation of an answer from memory, given under overload with no component asked: as
// good as the fallback service's while the list is current.
func Relieved(current bool) (Tier, Degradation) {
	if current {
		return Simple, Degradation{Component: Gateway, Reason: Brownout}
	}
	return Static, Degradation{Component: Gateway, Reason: Brownout}
}

// because makes an entry of a step, which gives its time to it.
func because(step *Outcome, component Component, reason Reason) Degradation {
	d := Degradation{Component: component, Reason: reason, Granted: step.Granted, Spent: step.Spent}
	step.Granted, step.Spent = 0, 0
	return d
}
