package ranking

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// modelFigures are those of each role, so that a canary and a shadow can be held against the model that serves.
type modelFigures struct {
	duration  metric.Float64Histogram
	nonFinite metric.Int64Counter
	roles     map[role]roleOptions // made once
}

// roleOptions are the labels of a role.
type roleOptions struct {
	success, failure []metric.RecordOption
	count            []metric.AddOption
}

// register adds the figures.
func (m *modelFigures) register(meter metric.Meter) error {
	var durationErr, nonFiniteErr error
	m.duration, durationErr = meter.Float64Histogram("repli.ranking.model.duration", metric.WithUnit("s"),
		metric.WithDescription("Time of a model for a request, by role (serving, canary or shadow) and outcome (ok or error)."))
	m.nonFinite, nonFiniteErr = meter.Int64Counter("repli.ranking.model.non_finite", metric.WithUnit("{candidate}"),
		metric.WithDescription("Candidates that a model gave NaN or an infinity, by role."))
	m.roles = map[role]roleOptions{}
	for _, each := range []role{roleServing, roleCanary, roleShadow} {
		name := attribute.String("role", string(each))
		with := func(outcome string) []metric.RecordOption {
			return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(name, attribute.String("outcome", outcome)))}
		}
		m.roles[each] = roleOptions{
			success: with(succeeded), failure: with(failed),
			count: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(name))},
		}
	}
	return errors.Join(durationErr, nonFiniteErr)
}

// scoredAs records what a model did for a request.
func (r *report) scoredAs(ctx context.Context, as role, took time.Duration, nonFinite int, err error) {
	options := r.models.roles[as]
	if err != nil {
		r.models.duration.Record(ctx, took.Seconds(), options.failure...)
		return
	}
	r.models.duration.Record(ctx, took.Seconds(), options.success...)
	if nonFinite > 0 {
		r.models.nonFinite.Add(ctx, int64(nonFinite), options.count...)
	}
}
