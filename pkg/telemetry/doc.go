// Package telemetry owns how Repli is observed: structured logs, traces over OTLP and metrics for Prometheus.
//
// Nothing in it is global: several services live in one process, each with its own registry. It knows no service and no
// metric by name, and it never makes a caller wait for a collector.
package telemetry
