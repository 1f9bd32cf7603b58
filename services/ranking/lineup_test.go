package ranking

import (
	"math"
	"testing"

	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
)

// groups is how many groups of users there are.
const groups = 65536

// trying is a line-up with a canary of a version, at a percentage.
func trying(version string, percent float64) *lineup {
	m := &models.Model{Bundle: &bundle.Bundle{Name: "m", Version: version}}
	return newLineup(registry.Roles{Serving: m, Canary: registry.Share{Model: m, Percent: percent}},
		func(m *models.Model) *serving { return &serving{Model: m} })
}

func TestACanaryHasItsShareOfTheUsers(t *testing.T) {
	t.Parallel()
	for _, percent := range []float64{0.5, 1, 5, 12.5, 50, 100} {
		line, tried := trying("7", percent), 0
		for group := uint32(1); group <= groups; group++ {
			if line.tries(group) {
				tried++
			}
		}
		p := percent / 100
		if off := math.Abs(float64(tried) - groups*p); off > 5*math.Sqrt(groups*p*(1-p)) {
			t.Errorf("%v percent: %d of %d groups", percent, tried, groups)
		}
	}
}

func TestACanaryGrowsAndIsSticky(t *testing.T) {
	t.Parallel()
	few, again, more := trying("7", 5), trying("7", 5), trying("7", 20)
	for group := uint32(1); group <= groups; group++ {
		if few.tries(group) != again.tries(group) || few.tries(group) && !more.tries(group) {
			t.Fatalf("group %d changes sides", group)
		}
	}
	if trying("7", 100).tries(0) {
		t.Error("a user of whom the caller says no group is tried on")
	}
	if (&lineup{}).tries(1) {
		t.Error("there is no canary, and it is tried")
	}
}

// The users of one version's canary are those of the next one's no more often than by chance.
func TestEachVersionHasItsOwnUsers(t *testing.T) {
	t.Parallel()
	seven, eight, both := trying("7", 10), trying("8", 10), 0
	for group := uint32(1); group <= groups; group++ {
		if seven.tries(group) && eight.tries(group) {
			both++
		}
	}
	if want := groups / 100; both < want*8/10 || both > want*12/10 {
		t.Errorf("%d groups are both versions', expected about %d", both, want)
	}
}
