package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/scenario"
)

// variant is a mesh with telemetry of one kind.
type variant struct {
	name  string
	limit float64 // how many times the CPU of the first variant it may take; 0 where that is not judged
	least float64 // how many spans a request must arrive at least; 0 where none may
	// environment is that of the services, beside what all variants share.
	environment map[string]string
	ratio       string

	collector *sink
	mesh      *mesh.Mesh
	turns     []float64 // the CPU of each, in microseconds a request
	asked     int       // requests
	others    int       // answers that were not personalized
}

// variants are what is compared with the first. Off is no handler on any hop, no figure and no span: what the mesh would cost
// if nobody could see it.
func variants() []*variant {
	return []*variant{
		{name: "off", environment: map[string]string{"OTEL_SDK_DISABLED": "true"}, ratio: "0"},
		{name: "figures only", environment: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, ratio: "0"},
		{name: "1 % sampled", limit: 1.08, least: 0.01, ratio: "0.01"},
		{name: "100 % sampled", limit: 1.35, least: 8, ratio: "1"},
	}
}

// The delay after which a batch of spans leaves is shorter than a turn's end, so that a turn pays for its own spans.
const (
	batchDelay = 50 * time.Millisecond
	turnsEnd   = 120 * time.Millisecond
)

// start starts the mesh. What telemetry reads from the environment is set in this process's own, which the services inherit.
func (v *variant) start(ctx context.Context, data mesh.Data, programs mesh.Programs, dir string) (err error) {
	if v.collector, err = startCollector(ctx); err != nil {
		return err
	}
	environment := map[string]string{
		"OTEL_SDK_DISABLED":           "",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + v.collector.address,
		"OTEL_BSP_SCHEDULE_DELAY":     fmt.Sprint(batchDelay.Milliseconds()),
	}
	for name, value := range v.environment {
		environment[name] = value
	}
	for name, value := range environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	spec := scenario.Defaults().Mesh
	spec.Config = map[string]map[string]string{}
	for _, service := range []string{"gateway", "feature", "ranking", "fallback"} {
		spec.Config[service] = map[string]string{"process.telemetry.trace_ratio": v.ratio}
	}
	// However busy the machine is, all variants do the same work for a request.
	gateway := spec.Config["gateway"]
	gateway["gateway.overload.delay"], gateway["gateway.overload.shed"] = "10s", "10s"
	gateway["gateway.quality.target"] = "10s"
	gateway["gateway.budget.max"], gateway["gateway.budget.ranking.ceiling"] = "10s", "10s"
	gateway["gateway.budget.fallback.ceiling"], gateway["gateway.budget.feature.ceiling"] = "10s", "10s"
	gateway["gateway.hedge.budget"] = "0"
	v.mesh, err = mesh.Start(ctx, spec, data, programs, dir)
	return err
}

// close stops the mesh, and then what it sends to.
func (v *variant) close() (err error) {
	if v.mesh != nil {
		err = v.mesh.Close()
	}
	if v.collector != nil {
		err = errors.Join(err, v.collector.stop())
	}
	return err
}

// spans is how many arrived for a request.
func (v *variant) spans() float64 {
	return float64(v.collector.spans.Load()) / float64(max(v.asked, 1))
}

// cpu is the processor time that the service processes have taken since they started.
func (v *variant) cpu() (time.Duration, error) {
	var sum time.Duration
	for _, name := range v.mesh.Services() {
		service, err := v.mesh.Service(name)
		if err != nil {
			return 0, err
		}
		took, err := service.CPU()
		if err != nil {
			return 0, err
		}
		sum += took
	}
	return sum, nil
}
