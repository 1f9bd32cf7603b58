package rpc

import "github.com/repli-mesh/repli/pkg/telemetry"

// The keys of labels, which are OpenTelemetry's.
const (
	systemKey = "rpc.system.name"
	methodKey = "rpc.method"
	statusKey = "rpc.response.status_code"
)

// Labels are the labels of the figures that every server has.
func Labels() telemetry.Labels {
	return telemetry.Labels{
		"rpc.server.call.duration": {
			{Key: methodKey},
			{Key: statusKey, Values: []string{
				"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
				"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
				"DATA_LOSS", "UNAUTHENTICATED",
			}},
			{Key: systemKey, Values: []string{"grpc"}},
		},
		"repli.rpc.panics": {{Key: methodKey}},
	}
}
