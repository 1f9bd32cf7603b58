package gateway

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// label is a set of attributes of figures, made once: an answer should not allocate any.
type label struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

func newLabel(attributes ...attribute.KeyValue) label {
	set := metric.WithAttributeSet(attribute.NewSet(attributes...))
	return label{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
}

// labels are those of the enumerations of the contract. Immutable.
type labels struct {
	tiers      map[repliv1.Tier]label
	components map[ladder.Component]label
	reasons    map[because]label
}

// because is a component and what was wrong with it.
type because struct {
	component ladder.Component
	reason    ladder.Reason
}

func newLabels() labels {
	l := labels{
		tiers: map[repliv1.Tier]label{}, components: map[ladder.Component]label{}, reasons: map[because]label{},
	}
	for number := range repliv1.Tier_name {
		tier := repliv1.Tier(number)
		l.tiers[tier] = newLabel(tierOf(tier))
	}
	for number := range repliv1.Component_name {
		component := ladder.Component(number)
		l.components[component] = newLabel(componentOf(component))
		for reason := range repliv1.Reason_name { // its zero stands for none
			b := because{component, ladder.Reason(reason)}
			l.reasons[b] = newLabel(componentOf(component), reasonOf(b.reason))
		}
	}
	return l
}
