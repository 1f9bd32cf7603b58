package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// deadline is long enough for a full answer on a busy machine.
const deadline = 5 * time.Second

// measure gives each variant its turn in every round, in an order drawn anew: whatever else the machine does falls on all alike.
// The first rounds warm up and do not count.
func measure(ctx context.Context, p plan, all []*variant) error {
	warm := max(1, p.rounds/20)
	for round := range warm + p.rounds {
		order := rand.Perm(len(all)) //nolint:gosec // an order is no secret
		for _, i := range order {
			cpu, err := all[i].take(ctx, p)
			if err != nil {
				return fmt.Errorf("%s: %w", all[i].name, err)
			}
			if round >= warm {
				all[i].turns = append(all[i].turns, float64(cpu.Microseconds())/float64(p.requests))
			}
		}
	}
	return nil
}

// take sends a turn's requests and returns the CPU that the services took, until their last spans were sent.
func (v *variant) take(ctx context.Context, p plan) (time.Duration, error) {
	before, err := v.cpu()
	if err != nil {
		return 0, err
	}
	var asked, others atomic.Int64
	faults := make([]error, p.callers)
	var callers sync.WaitGroup
	for i := range p.callers {
		callers.Go(func() {
			for faults[i] == nil && asked.Add(1) <= int64(p.requests) {
				var personalized bool
				if personalized, faults[i] = v.ask(ctx); !personalized {
					others.Add(1)
				}
			}
		})
	}
	callers.Wait()
	for _, err := range append(faults, ctx.Err()) {
		if err != nil {
			return 0, err
		}
	}
	time.Sleep(turnsEnd)
	v.asked += p.requests
	v.others += int(others.Load())
	after, err := v.cpu()
	return after - before, err
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

// tell prints the table. A ratio is that of the sums over all turns, with its standard error by leaving out one round at a time.
// It fails where a limit is not kept, where the variants did not do the same work, and where spans did not arrive.
func tell(out io.Writer, p plan, all []*variant) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "telemetry\tother tiers\tspans a request\tCPU us a request\tratio\terror\tat most\t")
	var missed error
	for _, v := range all {
		ratio, spread := compare(v.turns, all[0].turns)
		limit := "-"
		if v.limit > 0 {
			if limit = fmt.Sprintf("%.2f", v.limit); ratio > v.limit {
				missed = fmt.Errorf("%s takes %.3f times the CPU, expected at most %s", v.name, ratio, limit)
			}
		}
		if v.others*100 > p.rounds*p.requests {
			missed = fmt.Errorf("%s: %d answers are not from the model, so the variants cannot be compared", v.name, v.others)
		}
		if v.spans() < v.least || v.least == 0 && v.spans() > 0 {
			missed = fmt.Errorf("%s: %.2f spans a request were received, expected at least %.2f, and none if that is 0", v.name, v.spans(), v.least)
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%.2f\t%.0f\t%.3f\t%.3f\t%s\t\n",
			v.name, v.others, v.spans(), sum(v.turns)/float64(len(v.turns)), ratio, spread, limit)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(out, "%d rounds of %d requests\n", p.rounds, p.requests)
	return missed
}

func sum(values []float64) (total float64) {
	for _, value := range values {
		total += value
	}
	return total
}

// compare returns the ratio of two sums of paired values and its standard error by the jackknife.
func compare(these, those []float64) (ratio, spread float64) {
	n, a, b := float64(len(these)), sum(these), sum(those)
	ratio = a / b
	for i := range these {
		without := (a-these[i])/(b-those[i]) - ratio
		spread += without * without
	}
	return ratio, math.Sqrt(spread * (n - 1) / n)
}
