package gateway

import (
	"testing"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// The ladder is pure and cannot import the contract, so its numbers are held to the contract's here.
func TestLadderMirrorsTheContract(t *testing.T) {
	t.Parallel()
	tiers := []ladder.Tier{ladder.Personalized, ladder.Stale, ladder.Partial, ladder.Simple, ladder.Static}
	for i, want := range []repliv1.Tier{
		repliv1.Tier_TIER_PERSONALIZED, repliv1.Tier_TIER_STALE, repliv1.Tier_TIER_PARTIAL,
		repliv1.Tier_TIER_SIMPLE, repliv1.Tier_TIER_STATIC,
	} {
		if repliv1.Tier(tiers[i]) != want {
			t.Errorf("tier %v is %v in the ladder", want, tiers[i])
		}
	}
	components := []ladder.Component{ladder.Gateway, ladder.Feature, ladder.FeatureStore, ladder.Ranking, ladder.Fallback}
	for i, want := range []repliv1.Component{
		repliv1.Component_COMPONENT_GATEWAY, repliv1.Component_COMPONENT_FEATURE,
		repliv1.Component_COMPONENT_FEATURE_STORE, repliv1.Component_COMPONENT_RANKING,
		repliv1.Component_COMPONENT_FALLBACK,
	} {
		if repliv1.Component(components[i]) != want {
			t.Errorf("component %v is %v in the ladder", want, components[i])
		}
	}
	reasons := []ladder.Reason{
		ladder.SoftDeadline, ladder.Unavailable, ladder.Failed, ladder.InvalidAnswer, ladder.SkippedNoBudget,
		ladder.NotReady, ladder.OutsideMaxAge, ladder.NoDefault, ladder.Overloaded, ladder.CandidatesNotScored,
		ladder.SkippedDependency, ladder.SchemaMismatch, ladder.CatalogueNotSearched, ladder.StaleFeatures, ladder.ViewsNotRead,
		ladder.CircuitOpen, ladder.Loading, ladder.ReadOnly, ladder.OutOfMemory, ladder.AccessDenied, ladder.Brownout,
	}
	if got, want := len(reasons), len(repliv1.Reason_name)-1; got != want {
		t.Errorf("the ladder has %d reasons, the contract %d", got, want)
	}
	for i, want := range []repliv1.Reason{
		repliv1.Reason_REASON_SOFT_DEADLINE, repliv1.Reason_REASON_UNAVAILABLE, repliv1.Reason_REASON_ERROR,
		repliv1.Reason_REASON_INVALID_ANSWER, repliv1.Reason_REASON_SKIPPED_NO_BUDGET, repliv1.Reason_REASON_NOT_READY,
		repliv1.Reason_REASON_OUTSIDE_MAX_AGE, repliv1.Reason_REASON_NO_DEFAULT, repliv1.Reason_REASON_OVERLOADED,
		repliv1.Reason_REASON_CANDIDATES_NOT_SCORED, repliv1.Reason_REASON_SKIPPED_DEPENDENCY,
		repliv1.Reason_REASON_SCHEMA_MISMATCH, repliv1.Reason_REASON_CATALOGUE_NOT_SEARCHED,
		repliv1.Reason_REASON_STALE_FEATURES, repliv1.Reason_REASON_VIEWS_NOT_READ, repliv1.Reason_REASON_CIRCUIT_OPEN,
		repliv1.Reason_REASON_LOADING, repliv1.Reason_REASON_READ_ONLY, repliv1.Reason_REASON_OUT_OF_MEMORY,
		repliv1.Reason_REASON_ACCESS_DENIED, repliv1.Reason_REASON_BROWNOUT,
	} {
		if repliv1.Reason(reasons[i]) != want {
			t.Errorf("reason %v is %v in the ladder", want, reasons[i])
		}
	}
}
