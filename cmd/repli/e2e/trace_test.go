package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
)

// span is one span and the service that it came from.
type span struct {
	*trace.Span
	service string
}

// receiver is an OTLP collector that keeps every span.
type receiver struct {
	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans []span
}

func (r *receiver) Register(registrar grpc.ServiceRegistrar) {
	collector.RegisterTraceServiceServer(registrar, r)
}

func (r *receiver) Export(
	_ context.Context, request *collector.ExportTraceServiceRequest,
) (*collector.ExportTraceServiceResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		service := value(resource.GetResource().GetAttributes(), "service.name").GetStringValue()
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, span{s, service})
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func (r *receiver) all() []span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]span(nil), r.spans...)
}

func value(attributes []*common.KeyValue, key string) *common.AnyValue {
	for _, attribute := range attributes {
		if attribute.GetKey() == key {
			return attribute.GetValue()
		}
	}
	return nil
}

// One Recommend is one trace through all four processes, with the tier and the budget on the gateway's span and no user
// anywhere.
func TestOneTraceOverFourProcesses(t *testing.T) {
	r := &receiver{}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+rpctest.Serve(t, rpc.ServerDefaults(), nil, r).Addr())
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
	for _, service := range []string{"GATEWAY", "FEATURE", "RANKING", "FALLBACK"} {
		t.Setenv("REPLI_"+service+"_PROCESS_TELEMETRY_TRACE_RATIO", "1")
	}
	in := demoInputs()
	m := startMesh(t, in)
	recommend(t, m.client, time.Second, &repliv1.RecommendRequest{UserId: in.known, Count: 3})

	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if whole(r.all()) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no trace holds all four services; %d spans came", len(r.all()))
		}
	}
	personal := false
	for _, s := range r.all() {
		for _, attribute := range s.GetAttributes() {
			if strings.Contains(attribute.GetValue().String(), in.known) {
				t.Errorf("span %s of %s names the user in %s", s.GetName(), s.service, attribute.GetKey())
			}
		}
		if strings.HasPrefix(s.GetName(), "grpc.health") {
			t.Errorf("a health check is traced: %s", s.GetName())
		}
		tier := value(s.GetAttributes(), "repli.tier").GetStringValue()
		granted := value(s.GetAttributes(), "repli.budget.granted_ms").GetDoubleValue()
		personal = personal || tier == "personalized" && granted > 0 && s.service == "repli-gateway"
	}
	if !personal {
		t.Error("no span of the gateway carries the tier personalized and its budget")
	}
}

// whole says whether one trace holds a connected tree of spans from all four services, the store's and the scorer's
// among them.
func whole(spans []span) bool {
	traces := map[string][]span{}
	for _, s := range spans {
		traces[string(s.GetTraceId())] = append(traces[string(s.GetTraceId())], s)
	}
	for _, trace := range traces {
		services, names, ids := map[string]bool{}, map[string]bool{}, map[string]bool{"": true}
		for _, s := range trace {
			services[s.service], names[s.GetName()], ids[string(s.GetSpanId())] = true, true, true
		}
		connected := true
		for _, s := range trace {
			connected = connected && ids[string(s.GetParentSpanId())]
		}
		if connected && len(services) == 4 && names["feature.store.read"] && names["ranking.score"] {
			return true
		}
	}
	return false
}
