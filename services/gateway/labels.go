package gateway

import (
	"errors"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// The keys of labels, which are those of the spans' attributes.
const (
	tierKey      = "repli.tier"
	componentKey = "repli.component"
	reasonKey    = "repli.degradation.reason"
	segmentKey   = "repli.segment"
	placementKey = "repli.placement"
	outcomeKey   = "outcome"
	labelKey     = "label"
)

// The values of labels that are enumerations of the contract, by their numbers.
var (
	tiers      = words(repliv1.Tier_name, "TIER_", "")
	components = words(repliv1.Component_name, "COMPONENT_", "")
	reasons    = words(repliv1.Reason_name, "REASON_", "none")
	// causes are the reasons of degradations, of which none is not one.
	causes = words(repliv1.Reason_name, "REASON_", "")
)

// peers are the components that the gateway calls.
var peers = []string{ladder.Feature: "feature", ladder.Ranking: "ranking", ladder.Fallback: "fallback"}

// outcomes are those of requests that were not answered.
var outcomes = []string{abandoned: "abandoned", refused: "refused"}

// words are the lower-case names of an enumeration's values without their prefix: TIER_SIMPLE becomes simple.
func words(names map[int32]string, prefix, none string) []string {
	list := make([]string, len(names))
	for i := range list {
		list[i] = strings.ToLower(strings.TrimPrefix(names[int32(i)], prefix))
	}
	list[0] = none
	return list
}

// Labels are the labels of the gateway's figures.
func Labels() telemetry.Labels {
	label := func(key string, values []string) telemetry.Label {
		return telemetry.Label{Key: key, Values: slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })}
	}
	tier, peer := label(tierKey, tiers), label(componentKey, peers)
	return telemetry.Labels{
		"repli.gateway.requests":           {tier, label(outcomeKey, outcomes)},
		"repli.gateway.segment.requests":   {{Key: segmentKey}, tier},
		"repli.gateway.placement.requests": {{Key: placementKey}, tier},
		"repli.gateway.labels.other":       {label(labelKey, []string{"segment", "placement"})},
		"repli.gateway.request.duration":   {tier},
		"repli.gateway.step.duration":      {peer, label(reasonKey, reasons)},
		"repli.gateway.degradations":       {label(componentKey, components), label(reasonKey, causes)},
		"repli.gateway.cancelled":          {peer},
		"repli.gateway.calls":              {peer},
		"repli.gateway.circuit.open":       {peer},
		"repli.gateway.circuit.opened":     {peer},
	}
}

func tierOf(t repliv1.Tier) attribute.KeyValue { return attribute.String(tierKey, tiers[t]) }

func componentOf(c ladder.Component) attribute.KeyValue {
	return attribute.String(componentKey, components[c])
}

func reasonOf(r ladder.Reason) attribute.KeyValue { return attribute.String(reasonKey, reasons[r]) }

// recorded is a set of labels as a histogram takes it, made once.
func recorded(labels ...attribute.KeyValue) []metric.RecordOption {
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels...))}
}

// LabelsConfig bounds the labels that callers choose: the values that come first have figures of their own, all others one.
type LabelsConfig struct {
	// Segments and Placements are how many of them have figures of their own.
	Segments   int `yaml:"segments"`
	Placements int `yaml:"placements"`
}

// mostLabels times the tiers is less than the meter takes of one figure.
const mostLabels = 300

// Validate returns every fault, each a *config.FieldError.
func (c LabelsConfig) Validate() error {
	return errors.Join(within("segments", c.Segments, 0, mostLabels), within("placements", c.Placements, 0, mostLabels))
}
