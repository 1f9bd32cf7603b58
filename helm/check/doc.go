// Package check holds the chart against what is promised of it: what helm makes of sets of values, and which values it refuses.
// Its tests have the build tag chart and need helm and kubeconform; `make chart-check` runs them.
package check
