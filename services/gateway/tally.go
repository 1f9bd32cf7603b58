package gateway

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// tally counts answers. The meter reads it when it is asked: an addition costs a few nanoseconds, where the meter's own counters
// cost a good part of an answer from memory. Safe for concurrent use.
type tally struct {
	tiers        *counts // of answers
	outcomes     *counts // of requests that were not answered
	degradations []*counts
	cancelled    *counts
	// By tier. Callers choose the values, so their number is bounded.
	segments, placements *telemetry.Bounded[*counts]
}

// The places of the outcomes.
const (
	abandoned = iota
	refused
)

func newTally(cfg LabelsConfig) *tally {
	bounded := func(most int, key string) *telemetry.Bounded[*counts] {
		return telemetry.NewBounded(most, func(value string) *counts {
			return newCounts(tierKey, tiers, attribute.String(key, value))
		})
	}
	t := &tally{
		tiers: newCounts(tierKey, tiers), outcomes: newCounts(outcomeKey, outcomes), cancelled: newCounts(componentKey, peers),
		segments: bounded(cfg.Segments, segmentKey), placements: bounded(cfg.Placements, placementKey),
	}
	for c := range components {
		t.degradations = append(t.degradations, newCounts(reasonKey, causes, componentOf(ladder.Component(c))))
	}
	return t
}

// answered counts an answer.
func (t *tally) answered(request *repliv1.RecommendRequest, response *repliv1.RecommendResponse) {
	tier, segment, placement := response.GetTier(), response.GetSegment(), request.GetPlacement()
	if segment == "" {
		segment = "everybody"
	}
	if placement == "" {
		placement = "default"
	}
	t.tiers.by[tier].Add(1)
	t.segments.Of(segment).by[tier].Add(1)
	t.placements.Of(placement).by[tier].Add(1)
	for _, d := range response.GetDegradations() {
		t.degradations[d.GetComponent()].by[d.GetReason()].Add(1)
	}
}

// counts are counters for the values of a label.
type counts struct {
	by     []atomic.Int64
	labels []metric.ObserveOption
}

// newCounts returns a counter for each value of the label that is not "", beside other labels.
func newCounts(key string, values []string, beside ...attribute.KeyValue) *counts {
	c := &counts{by: make([]atomic.Int64, len(values)), labels: make([]metric.ObserveOption, len(values))}
	for i, value := range values {
		if value != "" {
			c.labels[i] = of(append(beside[:len(beside):len(beside)], attribute.String(key, value))...)
		}
	}
	return c
}

// observe shows those that have come to `least`.
func (c *counts) observe(o metric.Int64Observer, least int64) {
	for i, label := range c.labels {
		if count := c.by[i].Load(); label != nil && count >= least {
			o.Observe(count, label)
		}
	}
}

// describe has the meter read the tally.
func (t *tally) describe(meter metric.Meter) error {
	counter := func(name, unit, about string, observe func(metric.Int64Observer)) error {
		_, err := meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(about),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error { observe(o); return nil }))
		return err
	}
	each := func(of *telemetry.Bounded[*counts]) func(metric.Int64Observer) {
		return func(o metric.Int64Observer) {
			for c := range of.All() {
				c.observe(o, 1)
			}
		}
	}
	return errors.Join(
		counter("repli.gateway.requests", "{request}",
			"Answers by tier; the outcome abandoned counts the callers that gave up, refused the sheddable requests turned away.",
			func(o metric.Int64Observer) { t.tiers.observe(o, 0); t.outcomes.observe(o, 0) }),
		counter("repli.gateway.segment.requests", "{request}", "Answers by the segment whose lists were used, and tier.", each(t.segments)),
		counter("repli.gateway.placement.requests", "{request}", "Answers by placement and tier.", each(t.placements)),
		counter("repli.gateway.degradations", "{degradation}", "Reasons why answers were not the best ones, by component and reason.",
			func(o metric.Int64Observer) {
				for _, c := range t.degradations[1:] { // the first is of no component
					c.observe(o, 0)
				}
			}),
		counter("repli.gateway.cancelled", "{call}", "Calls that were cancelled at their soft deadline, by component.",
			func(o metric.Int64Observer) { t.cancelled.observe(o, 0) }),
		counter("repli.gateway.labels.other", "{request}",
			"Answers whose segment or placement was counted as other: more came than have figures of their own.",
			func(o metric.Int64Observer) {
				o.Observe(t.segments.Others(), of(attribute.String(labelKey, "segment")))
				o.Observe(t.placements.Others(), of(attribute.String(labelKey, "placement")))
			}),
	)
}
