package drill

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/repli-mesh/repli/bench/drill/faults"
	"github.com/repli-mesh/repli/bench/drill/load"
	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/report"
	"github.com/repli-mesh/repli/bench/drill/scenario"
	"github.com/repli-mesh/repli/bench/drill/timeline"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

const (
	// glance is how often progress is told of, and recovery looked for.
	glance = 250 * time.Millisecond
	// steady is how long all has to have been well, besides the sliding second, for the recovery to end early.
	steady = time.Second
	// patience is for what ends a fault.
	patience = time.Minute
	// capacityFor and capacityCallers are how the capacity is measured.
	capacityFor     = 3 * time.Second
	capacityCallers = 8 // as many as are always answered in full
)

// run is one scenario at work.
type run struct {
	scenario scenario.Scenario
	mesh     *mesh.Mesh
	watch    Watcher
	seed     uint64

	load     *load.Load
	seen     record
	before   map[string]mesh.Figures
	after    map[string]mesh.Figures
	capacity float64
	fullCPU  float64 // seconds of a full answer, where the capacity was measured
	faultCPU float64 // seconds during the fault
}

// all goes through the phases and returns the row.
func (r *run) all(ctx context.Context) (report.Row, error) {
	s := r.scenario
	if s.Mesh.Pinned {
		undo, err := mesh.Apart()
		if err != nil {
			return report.Row{}, err
		}
		defer undo()
	}
	if s.Load.FaultFactor > 0 {
		if err := r.measureCapacity(ctx); err != nil {
			return report.Row{}, err
		}
	}
	if err := r.phases(ctx); err != nil {
		return report.Row{}, err
	}
	row := sum(s, r.seen)
	row.Before, row.After, row.Capacity = r.before, r.after, r.capacity
	row.CheapCPU = cheapCPU(row.Fault, r.fullCPU, r.faultCPU)
	row.Broken = judge(s.Expect, row, r.seen.samples)
	return row, nil
}

func (r *run) newLoad() *load.Load {
	data := r.mesh.Data()
	return load.New(r.scenario.Load, load.Deps{Callers: r.mesh.Callers(), Users: data.UserIDs, Items: data.ItemIDs, Seed: r.seed})
}

// phases are warm, fault and recovery, with the load going on through all of them.
func (r *run) phases(ctx context.Context) (err error) {
	s := r.scenario
	warm := s.Phases.Warm > 0
	if warm {
		r.load = r.newLoad()
	}
	pump := &pump{run: r}
	defer pump.stop()
	if warm {
		pump.start(ctx, s.Load.Rate)
		if err := r.pause(ctx, "warm", s.Phases.Warm); err != nil {
			return err
		}
	}
	if r.before, err = r.mesh.Figures(ctx); err != nil {
		return err
	}
	var ends []faults.End
	defer func() { err = errors.Join(err, endAll(ctx, ends)) }() // does nothing once they have ended
	if warm {
		r.seen.begin = r.load.Elapsed()
		if s.Load.FaultFactor > 0 {
			pump.start(ctx, s.Load.FaultFactor*r.capacity)
		}
	}
	for _, f := range s.Faults {
		end, err := faults.Begin(ctx, r.mesh, f)
		if err != nil {
			return err
		}
		ends = append(ends, end)
	}
	if !warm {
		r.load = r.newLoad()
		pump.start(ctx, s.Load.Rate)
	}
	if err := r.pause(ctx, "fault", s.Phases.Fault); err != nil {
		return err
	}
	if err := r.countFaultCPU(ctx); err != nil {
		return err
	}
	due := ends
	ends = nil
	if err := endAll(ctx, due); err != nil {
		return err
	}
	r.seen.end = r.load.Elapsed()
	if s.Load.FaultFactor > 0 {
		pump.start(ctx, s.Load.Rate)
	}
	if err := r.recovery(ctx); err != nil {
		return err
	}
	r.seen.stop = r.load.Elapsed()
	pump.stop()
	r.seen.samples = r.load.Samples()
	return ctx.Err()
}

// endAll ends faults, the last first, also when ctx is done.
func endAll(ctx context.Context, ends []faults.End) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var all []error
	for _, end := range slices.Backward(ends) {
		all = append(all, end(ctx))
	}
	return errors.Join(all...)
}

// pause lets a phase last and tells of it.
func (r *run) pause(ctx context.Context, phase string, d time.Duration) error {
	over := time.NewTimer(d)
	defer over.Stop()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		select {
		case <-over.C:
			return nil
		case <-tick.C:
			r.tell(phase)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell gives the last second to the watcher.
func (r *run) tell(phase string) {
	now := r.load.Elapsed()
	last := sum(r.scenario, record{samples: timeline.Between(r.load.Samples(), now-time.Second, now), begin: now - time.Second, end: now})
	r.watch.Progress(r.scenario.Name, phase, &last)
}

// recovery watches until all is well and has been for a while, or the phase is over.
func (r *run) recovery(ctx context.Context) error {
	e := r.scenario.Expect
	stop := r.seen.end + r.scenario.Phases.Recovery
	for r.load.Elapsed() < stop {
		if err := r.pause(ctx, "recovery", min(glance, stop-r.load.Elapsed())); err != nil {
			return err
		}
		// Requests in flight are not among the samples yet; what is judged now had to end before.
		whole := r.load.Elapsed() - r.scenario.Load.Longest() - timeline.Step
		after, ok := timeline.Recovered(r.load.Samples(), r.seen.end, whole)
		if e.RecoveredWithin > 0 && (!ok || whole-r.seen.end-after < time.Second+steady) {
			continue
		}
		var err error
		if r.after, err = r.mesh.Figures(ctx); err == nil && settled(e.Counts, r.before, r.after) {
			return nil
		}
	}
	var err error
	r.after, err = r.mesh.Figures(ctx)
	return err
}

// pump sends an open or a closed load beside the phases. For one goroutine.
type pump struct {
	run    *run
	cancel context.CancelFunc
	group  sync.WaitGroup
}

// start replaces the load that goes on, without a pause.
func (p *pump) start(ctx context.Context, rate float64) {
	if p.cancel != nil {
		p.cancel()
		p.group.Wait()
	}
	ctx, p.cancel = context.WithCancel(ctx)
	p.group.Go(func() {
		if callers := p.run.scenario.Load.Callers; callers > 0 {
			p.run.load.Closed(ctx, callers)
			return
		}
		p.run.load.Open(ctx, rate)
	})
}

// stop ends the load and waits for its last answer. It may be called twice.
func (p *pump) stop() {
	if p.cancel == nil {
		return
	}
	p.cancel()
	p.group.Wait()
	p.run.load.Wait()
}

// measureCapacity finds how many personal answers a second there are at most, and what CPU one takes.
func (r *run) measureCapacity(ctx context.Context) error {
	before, err := r.cpu(ctx)
	if err != nil {
		return err
	}
	r.load = r.newLoad()
	r.watch.Progress(r.scenario.Name, "capacity", nil)
	bounded, cancel := context.WithTimeout(ctx, capacityFor)
	defer cancel()
	r.load.Closed(bounded, capacityCallers)
	took := r.load.Elapsed()
	after, err := r.cpu(ctx)
	if err != nil {
		return err
	}
	samples := r.load.Samples()
	full := timeline.Count(samples, func(s timeline.Sample) bool {
		return s.Code == codes.OK && s.Tier == repliv1.Tier_TIER_PERSONALIZED && s.Good()
	})
	if full == 0 {
		return errors.New("no answer was PERSONALIZED while the capacity was measured")
	}
	r.capacity = float64(full) / took.Seconds()
	r.fullCPU = (after - before) / float64(len(samples))
	return nil
}

// cpu is the seconds that all services have used.
func (r *run) cpu(ctx context.Context) (float64, error) {
	figures, err := r.mesh.Figures(ctx)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, f := range figures {
		total += f.CPU
	}
	return total, nil
}

// countFaultCPU notes what the services used during the fault, where that is asked for.
func (r *run) countFaultCPU(ctx context.Context) error {
	if r.scenario.Load.FaultFactor == 0 {
		return nil
	}
	now, err := r.cpu(ctx)
	if err != nil {
		return err
	}
	for _, f := range r.before {
		now -= f.CPU
	}
	r.faultCPU = now
	return nil
}

// cheapCPU is what a request that the model did not answer cost, as a share of a full answer: what is left of the CPU when
// the full answers are taken off. Nil where there is nothing to say.
func cheapCPU(w report.Window, full, used float64) *float64 {
	expensive := w.Tiers["PERSONALIZED"] + w.Tiers["STALE"] + w.Tiers["PARTIAL"]
	others := w.Tiers["SIMPLE"] + w.Tiers["STATIC"] + w.Shed // what failed is on their bill, too
	if full <= 0 || others == 0 {
		return nil
	}
	share := max(0, (used-full*float64(expensive))/float64(others)/full)
	return &share
}
