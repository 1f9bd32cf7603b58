package gateway

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
)

// deadlines are those that the promise is made for.
var deadlines = []time.Duration{10 * ms, 20 * ms, 50 * ms, 200 * ms}

// slow is longer than any step may take at most deadlines, and shorter than ranking may take at the longest.
const slow = 100 * ms

// cell is one way in which one component can be unwell.
type cell struct {
	component repliv1.Component
	state     string
	apply     func(*mesh)
	// tier of the answer for a user whom the gateway has seen before, and for one whom it has not.
	seen, unseen repliv1.Tier
	why          repliv1.Reason
}

func (c cell) String() string { return fmt.Sprintf("%v %s", c.component, c.state) }

const (
	personalized = repliv1.Tier_TIER_PERSONALIZED
	stale        = repliv1.Tier_TIER_STALE
	partial      = repliv1.Tier_TIER_PARTIAL
	simple       = repliv1.Tier_TIER_SIMPLE

	late        = repliv1.Reason_REASON_SOFT_DEADLINE
	unavailable = repliv1.Reason_REASON_UNAVAILABLE
	garbage     = repliv1.Reason_REASON_INVALID_ANSWER
)

var errReset = status.Error(codes.Unavailable, "connection reset by peer")

// storeError is how the feature service says that its store fails.
func storeError(reason string) error {
	return fault.Status(fault.New(fault.Unavailable, reason, "somewhere else")).Err()
}

// matrix is {feature store, feature, ranking, fallback} x {slow, hang, refuse, reset, partial, garbage}; flapping is tested apart.
func matrix() []cell {
	peers := []struct {
		component    repliv1.Component
		of           func(*mesh) *behaviour
		seen, unseen repliv1.Tier
		garbage      func(*mesh)
	}{
		{
			repliv1.Component_COMPONENT_FEATURE, func(m *mesh) *behaviour { return &m.users.behaviour }, stale, simple,
			func(m *mesh) { m.users.response = &featurev1.GetUserResponse{Status: 99} },
		},
		{
			repliv1.Component_COMPONENT_RANKING, func(m *mesh) *behaviour { return &m.ranker.behaviour }, simple, simple,
			func(m *mesh) {
				m.ranker.say = func(*rankingv1.RankRequest) *rankingv1.RankResponse {
					return &rankingv1.RankResponse{Indices: []uint32{9999}, Scores: []float32{1}, Scored: 1}
				}
			},
		},
		{
			repliv1.Component_COMPONENT_FALLBACK, func(m *mesh) *behaviour { return &m.suggester.behaviour }, partial, partial,
			func(m *mesh) {
				m.suggester.say = func(*fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse {
					return &fallbackv1.SuggestResponse{ItemIds: []string{"a", "a"}, Scores: []float32{1}}
				}
			},
		},
	}
	var cells []cell
	for _, p := range peers {
		add := func(state string, why repliv1.Reason, apply func(*mesh)) {
			cells = append(cells, cell{p.component, state, apply, p.seen, p.unseen, why})
		}
		add("slow", late, func(m *mesh) { p.of(m).takes = slow })
		add("hangs", late, func(m *mesh) { p.of(m).takes = time.Hour })
		add("refuses", unavailable, func(m *mesh) { p.of(m).takes, p.of(m).err = 0, errRefused })
		add("resets", unavailable, func(m *mesh) { p.of(m).err = errReset })
		add("errs", repliv1.Reason_REASON_ERROR, func(m *mesh) { p.of(m).err = errors.New("boom") })
		add("garbage", garbage, p.garbage)
		add("has no data", repliv1.Reason_REASON_NOT_READY, func(m *mesh) {
			p.of(m).err = fault.Status(fault.New(fault.NotReady, "NOT_READY", "no data")).Err()
		})
	}
	return append(cells, append(storeCells(), partialCells()...)...)
}

// storeCells are the ways in which the store can be unwell, as the feature service reports them: where it has the row in
// memory, it gives that.
func storeCells() []cell {
	var cells []cell
	for _, c := range []struct {
		state, reason string
		why           repliv1.Reason
	}{
		{"slow", "STORE_TIMEOUT", late},
		{"hangs", "STORE_TIMEOUT", late},
		{"refuses", "STORE_UNREACHABLE", unavailable},
		{"resets", "STORE_UNREACHABLE", unavailable},
		{"garbage", "STORE_CORRUPT", garbage},
		{"is not asked any more", "STORE_CIRCUIT_OPEN", repliv1.Reason_REASON_CIRCUIT_OPEN},
		{"is loading", "STORE_LOADING", repliv1.Reason_REASON_LOADING},
		{"refuses the password", "STORE_AUTH", repliv1.Reason_REASON_ACCESS_DENIED},
		{"is full", "STORE_OOM", repliv1.Reason_REASON_OUT_OF_MEMORY},
		{"is a replica", "STORE_READONLY", repliv1.Reason_REASON_READ_ONLY},
		{"refuses", "STORE_ERROR", repliv1.Reason_REASON_ERROR},
	} {
		cells = append(cells,
			cell{
				repliv1.Component_COMPONENT_FEATURE_STORE, c.state, func(m *mesh) { m.users.err = storeError(c.reason) },
				stale, simple, c.why,
			},
			cell{repliv1.Component_COMPONENT_FEATURE_STORE, c.state + " (an old row is there)", func(m *mesh) {
				m.users.response.Stale, m.users.response.StaleReason = true, c.reason
			}, stale, stale, c.why})
	}
	return cells
}

// partialCells are answers with a part missing.
func partialCells() []cell {
	return []cell{
		{repliv1.Component_COMPONENT_FEATURE, "has unreadable views", func(m *mesh) {
			m.users.response.UnreadableViews = []string{"user_stats"}
		}, partial, partial, repliv1.Reason_REASON_VIEWS_NOT_READ},
		{repliv1.Component_COMPONENT_FEATURE, "has views past their freshness", func(m *mesh) {
			m.users.response.OutsideMaxAgeViews = []string{"user_stats"}
		}, partial, partial, repliv1.Reason_REASON_OUTSIDE_MAX_AGE},
		{repliv1.Component_COMPONENT_RANKING, "scores a part", func(m *mesh) {
			m.ranker.say = func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
				return &rankingv1.RankResponse{Indices: []uint32{3, 1}, Scores: []float32{2, 1}, Scored: 2, Model: "test/1"}
			}
		}, partial, partial, repliv1.Reason_REASON_CANDIDATES_NOT_SCORED},
		{repliv1.Component_COMPONENT_RANKING, "searches a part", func(m *mesh) {
			answer := m.ranker.answer
			m.ranker.say = func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
				response := answer(in)
				response.Scanned, response.Scannable = 10, 20
				return response
			}
		}, partial, partial, repliv1.Reason_REASON_CATALOGUE_NOT_SEARCHED},
	}
}

// trial is one request to a mesh that is unwell.
type trial struct {
	mesh     *mesh
	response *repliv1.RecommendResponse
	took     time.Duration
}

// try makes a mesh, lets the gateway see the fallback's lists and, if seen, the user, makes it unwell, and asks.
func try(t *testing.T, deadline time.Duration, seen bool, cells ...cell) trial {
	t.Helper()
	m := newMesh(t)
	m.remember(t)
	if seen {
		m.recommend(t, deadline, ask(10))
	}
	for _, c := range cells {
		c.apply(m)
	}
	response, took := m.recommend(t, deadline, ask(10))
	return trial{m, response, took}
}

// check verifies what every answer must be: in time, whole, with a ledger that is true, and nothing left running.
func (r trial) check(t *testing.T, deadline time.Duration) {
	t.Helper()
	plan := r.mesh.service.cfg.Budget.Start(deadline, true)
	if r.took > plan.Total {
		t.Errorf("took %v, the deadline less the reserve is %v", r.took, plan.Total)
	}
	if len(r.response.GetItems()) != 10 {
		t.Errorf("%d items, want 10", len(r.response.GetItems()))
	}
	if (r.response.GetTier() == personalized) != (len(r.response.GetDegradations()) == 0) {
		t.Errorf("%v with the degradations %v", r.response.GetTier(), r.response.GetDegradations())
	}
	var first, then time.Duration
	for _, d := range r.response.GetDegradations() {
		spent := d.GetSpent().AsDuration()
		if spent < 0 || spent > d.GetGranted().AsDuration() {
			t.Errorf("spent %v of %v: %v", spent, d.GetGranted().AsDuration(), d)
		}
		if d.GetComponent() == repliv1.Component_COMPONENT_RANKING {
			then += spent
		} else {
			first = max(first, spent)
		}
	}
	well := ms // what ranking takes while the ledger has nothing to say of it
	if r.response.GetModel() != "" && then == 0 {
		well = r.mesh.ranker.takes
	}
	if sum := first + then; sum > r.took || r.took > max(first, ms)+max(then, well) {
		t.Errorf("the ledger says %v and then %v; it took %v, ranking takes %v", first, then, r.took, well)
	}
	if running := r.mesh.users.running + r.mesh.ranker.running + r.mesh.suggester.running; running != 0 {
		t.Errorf("%d calls are still running", running)
	}
}

// names reports whether the answer names the component and the reason.
func (r trial) names(component repliv1.Component, why repliv1.Reason) bool {
	return slices.ContainsFunc(r.response.GetDegradations(), func(d *repliv1.Degradation) bool {
		return d.GetComponent() == component && d.GetReason() == why
	})
}

// TestOneFaultNeverFailsTheCall is the promise, in virtual time.
func TestOneFaultNeverFailsTheCall(t *testing.T) {
	for _, deadline := range deadlines {
		for _, c := range matrix() {
			for _, seen := range []bool{true, false} {
				t.Run(fmt.Sprintf("%v/%v/seen=%v", c, deadline, seen), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := try(t, deadline, seen, c)
						r.check(t, deadline)
						want := map[bool]repliv1.Tier{true: c.seen, false: c.unseen}[seen]
						if c.component == repliv1.Component_COMPONENT_RANKING && c.state == "slow" && deadline > slow {
							want = personalized // ranking may take all that is left
						}
						if r.response.GetTier() != want {
							t.Errorf("tier %v, want %v; %v", r.response.GetTier(), want, r.response.GetDegradations())
						}
						if want != personalized && !r.names(c.component, c.why) {
							t.Errorf("%v is not among the degradations %v", c.why, r.response.GetDegradations())
						}
					})
				})
			}
		}
	}
}

// TestTwoFaultsNeverRaiseTheTier holds every pair of faults of two components against each of them alone.
func TestTwoFaultsNeverRaiseTheTier(t *testing.T) {
	cells := matrix()
	for _, deadline := range []time.Duration{10 * ms, 200 * ms} {
		for _, seen := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				alone := make([]repliv1.Tier, len(cells))
				for i, c := range cells {
					alone[i] = try(t, deadline, seen, c).response.GetTier()
				}
				for i, a := range cells {
					for j, b := range cells[:i] {
						if asked(a) == asked(b) {
							continue
						}
						r := try(t, deadline, seen, a, b)
						r.check(t, deadline)
						if got := r.response.GetTier(); got < max(alone[i], alone[j]) {
							t.Errorf("%v with %v is %v; alone %v and %v", a, b, got, alone[i], alone[j])
						}
					}
				}
			})
		}
	}
}

// asked is the component that the gateway itself asks.
func asked(c cell) repliv1.Component {
	if c.component == repliv1.Component_COMPONENT_FEATURE_STORE {
		return repliv1.Component_COMPONENT_FEATURE
	}
	return c.component
}

// TestFlapping asks while a component refuses every second call: every answer is in time, and of the tier that is due.
func TestFlapping(t *testing.T) {
	for _, c := range matrix() {
		if c.state != "refuses" {
			continue
		}
		for _, deadline := range deadlines {
			t.Run(fmt.Sprintf("%v/%v", c, deadline), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					for i := range 6 {
						if i%2 == 0 {
							if got := try(t, deadline, true).response.GetTier(); got != personalized {
								t.Fatalf("well again: %v", got)
							}
							continue
						}
						r := try(t, deadline, true, c)
						if r.check(t, deadline); r.response.GetTier() != c.seen {
							t.Fatalf("tier %v, want %v", r.response.GetTier(), c.seen)
						}
					}
				})
			})
		}
	}
}
