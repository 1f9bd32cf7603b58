package ranking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/shadow"
)

// describe has the meter show who works and waits, and which models are used.
func (s *Service) describe(signals telemetry.Signals) error {
	meter := signals.Meter.Meter(scope)
	if err := errors.Join(s.describeQueue(meter), s.describeModels(meter)); err != nil {
		return fmt.Errorf("ranking: %w", err)
	}
	return nil
}

func (s *Service) describeQueue(meter metric.Meter) error {
	working, err0 := meter.Int64ObservableGauge("repli.ranking.working", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that are being ranked."))
	depth, err1 := meter.Int64ObservableGauge("repli.ranking.queue.depth", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that wait to be ranked."))
	delay, err2 := meter.Float64ObservableGauge("repli.ranking.queue.delay", metric.WithUnit("s"),
		metric.WithDescription("How long one that came now would wait, by how long requests usually take."))
	if err := errors.Join(err0, err1, err2); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		waiting := s.turns.waiting.Load()
		o.ObserveInt64(working, int64(len(s.turns.slots)))
		o.ObserveInt64(depth, waiting)
		o.ObserveFloat64(delay, s.turns.wait(waiting).Seconds())
		return nil
	}, working, depth, delay)
	return err
}

// describeModels shows the models in use, of which there are at most three.
func (s *Service) describeModels(meter metric.Meter) error {
	info, err0 := meter.Int64ObservableGauge("repli.ranking.model.info",
		metric.WithDescription("Always 1; its labels say which model is used, by role."))
	age, err1 := meter.Float64ObservableGauge("repli.ranking.model.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the model was trained, by role; absent where its manifest does not say."))
	if err := errors.Join(err0, err1); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for as, model := range s.current.Load().roles() {
			name := attribute.String("role", string(as))
			o.ObserveInt64(info, 1, metric.WithAttributes(name, attribute.String("repli.model.version", model.ID())))
			if !model.TrainedAt.IsZero() {
				o.ObserveFloat64(age, max(s.now().Sub(model.TrainedAt), time.Duration(0)).Seconds(), metric.WithAttributes(name))
			}
		}
		return nil
	}, info, age)
	return err
}

// roles are the models in use by what they do.
func (l *lineup) roles() map[role]*serving {
	roles := map[role]*serving{roleServing: l.serving}
	if l.canary != nil {
		roles[roleCanary] = l.canary
	}
	if l.shadow != nil {
		roles[roleShadow] = l.shadow
	}
	return roles
}

// Labels are the labels of the ranking service's figures.
func Labels() telemetry.Labels {
	role := telemetry.Label{Key: "role", Values: []string{string(roleServing), string(roleCanary), string(roleShadow)}}
	outcome := func(values ...string) telemetry.Label { return telemetry.Label{Key: "outcome", Values: values} }
	return telemetry.Labels{
		"repli.ranking.duration":                {outcome(succeeded, failed)},
		"repli.ranking.candidates":              {outcome(scored, unknown, unscored, nonFinite)},
		"repli.ranking.defaults":                {{Key: "feature"}},
		"repli.ranking.items.drops":             {{Key: "reason", Values: items.DropReasons}},
		"repli.ranking.model.age":               {role},
		"repli.ranking.model.duration":          {role, outcome(succeeded, failed)},
		"repli.ranking.model.info":              {role, {Key: "repli.model.version"}},
		"repli.ranking.model.loads":             {outcome(succeeded, refused)},
		"repli.ranking.model.non_finite":        {role},
		"repli.ranking.shadow.requests":         {outcome(shadow.Outcomes...)},
		"repli.ranking.shadow.score_difference": {{Key: "statistic", Values: []string{"mean", "max"}}},
	}
}
