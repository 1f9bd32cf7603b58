package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// turn is what one variant did in one round.
type turn struct {
	requests int
	cpu      time.Duration
}

// perRequest is in microseconds.
func (t turn) perRequest() float64 { return float64(t.cpu.Microseconds()) / float64(t.requests) }

// deadline is long enough for a full answer on a busy machine.
const deadline = 2 * time.Second

// measure gives each variant its turn in every round, in an order drawn anew. The first round warms up and does not count.
func measure(ctx context.Context, p plan, all []*variant) error {
	for round := range p.rounds + 1 {
		order := rand.Perm(len(all)) //nolint:gosec // an order is no secret
		for _, i := range order {
			t, err := all[i].take(ctx, p)
			if err != nil {
				return fmt.Errorf("%s: %w", all[i].name, err)
			}
			if round > 0 {
				all[i].turns = append(all[i].turns, t)
			}
		}
	}
	return nil
}

// take asks for a turn's time and returns the CPU that the services took, until their last spans were sent.
func (v *variant) take(ctx context.Context, p plan) (turn, error) {
	before, err := v.cpu()
	if err != nil {
		return turn{}, err
	}
	asking, cancel := context.WithTimeout(ctx, p.turn)
	defer cancel()
	var asked, others atomic.Int64
	faults := make([]error, p.callers)
	var callers sync.WaitGroup
	for i := range p.callers {
		callers.Go(func() {
			for asking.Err() == nil && faults[i] == nil {
				var personalized bool
				if personalized, faults[i] = v.ask(ctx); !personalized {
					others.Add(1)
				}
				asked.Add(1)
			}
		})
	}
	callers.Wait()
	for _, err := range append(faults, ctx.Err()) {
		if err != nil {
			return turn{}, err
		}
	}
	time.Sleep(turnsEnd)
	after, err := v.cpu()
	v.asked, v.others = v.asked+int(asked.Load()), v.others+int(others.Load())
	return turn{requests: int(asked.Load()), cpu: after - before}, err
}

// ask sends one request for any user.
func (v *variant) ask(ctx context.Context) (personalized bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	users := v.mesh.Data().UserIDs
	response, err := v.mesh.Callers()[0].Recommend(ctx, &repliv1.RecommendRequest{
		UserId: users[rand.IntN(len(users))], Count: 10, //nolint:gosec // a load is no secret
	})
	return response.GetTier() == repliv1.Tier_TIER_PERSONALIZED, err
}

// tell prints the table. A ratio is the median over the rounds, each held against the same round's first variant. It fails
// where a limit is not kept, and where the variants did not do the same work.
func tell(out io.Writer, all []*variant, spans int64) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "telemetry\trequests\tother tiers\tCPU us a request\tratio\tat most\t")
	var missed error
	for _, v := range all {
		total := turn{}
		var ratios []float64
		for i, t := range v.turns {
			total.requests, total.cpu = total.requests+t.requests, total.cpu+t.cpu
			ratios = append(ratios, t.perRequest()/all[0].turns[i].perRequest())
		}
		ratio, limit := median(ratios), "-"
		if v.limit > 0 {
			if limit = fmt.Sprintf("%.2f", v.limit); ratio > v.limit {
				missed = fmt.Errorf("%s takes %.3f times the CPU, expected at most %s", v.name, ratio, limit)
			}
		}
		if v.others*100 > v.asked {
			missed = fmt.Errorf("%s: %d of %d answers are not from the model, so the variants cannot be compared", v.name, v.others, v.asked)
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%.0f\t%.3f\t%s\t\n", v.name, total.requests, v.others, total.perRequest(), ratio, limit)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(out, "%d spans were received\n", spans)
	return missed
}

func median(values []float64) float64 {
	slices.Sort(values)
	if middle := len(values) / 2; len(values)%2 == 1 {
		return values[middle]
	}
	return (values[len(values)/2-1] + values[len(values)/2]) / 2
}
