package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The keys and values of labels of this package's own figures.
const (
	outcomeKey = "outcome"
	causeKey   = "cause"
	causeLimit = "limit"
	causeWrite = "write"
)

// Label is an attribute of a figure.
type Label struct {
	// Key is the attribute's.
	Key string
	// Values are all that it can have; nil where they are not known beforehand.
	Values []string
}

// Labels are those of some figures, by the name of the instrument. docs/metrics.md is made from them, and tests hold what is
// measured against them.
type Labels map[string][]Label

// Zero has a counter start at 0 for every combination of its labels' values, so that its first event is seen as a rise.
func Zero(counter metric.Int64Counter, labels ...Label) { zero(counter, nil, labels) }

func zero(counter metric.Int64Counter, set []attribute.KeyValue, labels []Label) {
	if len(labels) == 0 {
		counter.Add(context.Background(), 0, metric.WithAttributes(set...))
		return
	}
	for _, value := range labels[0].Values {
		zero(counter, append(set[:len(set):len(set)], attribute.String(labels[0].Key, value)), labels[1:])
	}
}

// OwnLabels are the labels of the figures that every service has by Setup, those of traces where there is a collector.
func OwnLabels() Labels {
	outcomes := func(values ...string) []Label { return []Label{{Key: outcomeKey, Values: values}} }
	return Labels{
		"repli.build.info":             {{Key: versionKey}, {Key: revisionKey}, {Key: runtimeKey}},
		"repli.log.lost":               {{Key: causeKey, Values: []string{causeLimit, causeWrite}}},
		"repli.telemetry.traces":       outcomes("sampled", "late", "refused", "outlived", "unrecorded"),
		"repli.telemetry.spans":        outcomes("sent", "lost", "overflow", "truncated"),
		"repli.telemetry.traces.open":  nil,
		"repli.telemetry.spans.queued": nil,
	}
}
