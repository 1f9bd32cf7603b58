package load

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/repli-mesh/repli/bench/drill/scenario"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// order is one request before it is sent.
type order struct {
	request  *repliv1.RecommendRequest
	deadline time.Duration
}

// draws makes orders from a seed. Safe for concurrent use.
type draws struct {
	cfg   scenario.Load
	users []string
	total float64 // of the deadlines' shares

	mu   sync.Mutex
	rng  *rand.Rand
	zipf *rand.Zipf
	met  int
}

func newDraws(cfg scenario.Load, users []string, seed uint64) *draws {
	d := &draws{cfg: cfg, users: users, rng: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // a load is to be repeatable
	if len(users) > 0 {
		d.zipf = rand.NewZipf(d.rng, cfg.Skew, 1, uint64(len(users)-1)) //nolint:gosec // there is a user
	}
	for _, deadline := range cfg.Deadlines {
		d.total += deadline.Share
	}
	return d
}

func (d *draws) draw() order {
	d.mu.Lock()
	defer d.mu.Unlock()
	return order{
		request:  &repliv1.RecommendRequest{UserId: d.user(), Count: d.cfg.Count, Priority: d.priority()},
		deadline: d.deadline(),
	}
}

// user is a known one by Zipf's law, or one who was never there.
func (d *draws) user() string {
	if d.zipf == nil || d.rng.Float64() < d.cfg.NewUsers {
		d.met++
		return fmt.Sprintf("drill-newcomer-%d", d.met)
	}
	return d.users[d.zipf.Uint64()]
}

func (d *draws) priority() repliv1.Priority {
	switch at := d.rng.Float64(); {
	case at < d.cfg.Sheddable:
		return repliv1.Priority_PRIORITY_SHEDDABLE
	case at < d.cfg.Sheddable+d.cfg.Critical:
		return repliv1.Priority_PRIORITY_CRITICAL
	default:
		return repliv1.Priority_PRIORITY_DEFAULT
	}
}

func (d *draws) deadline() time.Duration {
	at := d.rng.Float64() * d.total
	for _, deadline := range d.cfg.Deadlines {
		if at -= deadline.Share; at < 0 {
			return deadline.After
		}
	}
	return d.cfg.Deadlines[len(d.cfg.Deadlines)-1].After
}
