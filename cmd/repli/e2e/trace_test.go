package e2e

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"syscall"
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

// startTracedMesh starts a mesh that exports to the receiver, with a ratio in every service.
func startTracedMesh(t *testing.T, r *receiver, ratio string) (*mesh, inputs) {
	t.Helper()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+rpctest.Serve(t, rpc.ServerDefaults(), nil, r).Addr())
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
	for _, service := range []string{"GATEWAY", "FEATURE", "RANKING", "FALLBACK"} {
		t.Setenv("REPLI_"+service+"_PROCESS_TELEMETRY_TRACE_RATIO", ratio)
		// What is degraded while the mesh starts must not use up the tokens.
		t.Setenv("REPLI_"+service+"_PROCESS_TELEMETRY_LATE_TRACES_PER_SECOND", "1000")
	}
	t.Setenv("REPLI_GATEWAY_GATEWAY_HEDGE_BUDGET", "0") // on a busy machine any read may be slow enough for a second copy
	in := demoInputs()
	return startMesh(t, in), in
}

// The names of the calls' spans.
const (
	recommendCall = "repli.v1.RecommendationService/Recommend"
	getUserCall   = "repli.feature.v1.FeatureService/GetUser"
	suggestCall   = "repli.fallback.v1.FallbackService/Suggest"
	rankCall      = "repli.ranking.v1.RankingService/Rank"
)

// One Recommend is one trace through all four processes.
func TestOneTraceOverFourProcesses(t *testing.T) {
	r := &receiver{}
	m, in := startTracedMesh(t, r, "1")
	answer, traceID, err := m.client.Traced(within(t, time.Second), &repliv1.RecommendRequest{
		UserId: "never-seen-before", Count: 3, SegmentHint: "gourmet",
	})
	if err != nil {
		t.Fatal(err)
	}
	const gateway, feature, ranking, fallback = "repli-gateway ", "repli-feature ", "repli-ranking ", "repli-fallback "
	awaitTree(t, r, traceID, []string{
		gateway + recommendCall,
		gateway + recommendCall + " > " + gateway + "gateway.plan",
		gateway + recommendCall + " > " + gateway + getUserCall,
		gateway + getUserCall + " > " + feature + getUserCall,
		feature + getUserCall + " > " + feature + "feature.cache.get",
		feature + "feature.cache.get > " + feature + "feature.store.read",
		gateway + recommendCall + " > " + gateway + suggestCall,
		gateway + suggestCall + " > " + fallback + suggestCall,
		gateway + recommendCall + " > " + gateway + "gateway.gather",
		gateway + recommendCall + " > " + gateway + rankCall,
		gateway + rankCall + " > " + ranking + rankCall,
		ranking + rankCall + " > " + ranking + "ranking.join",
		ranking + rankCall + " > " + ranking + "ranking.score",
		ranking + rankCall + " > " + ranking + "ranking.topk",
		gateway + recommendCall + " > " + gateway + "gateway.assemble",
	})
	root := r.find(traceID, recommendCall)
	for key, want := range map[string]string{
		"repli.tier": "personalized", "rpc.system.name": "grpc", "rpc.method": recommendCall,
		"repli.segment": "gourmet", "repli.model.version": answer.GetModel(),
	} {
		if got := value(root.GetAttributes(), key).GetStringValue(); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if answer.GetModel() == "" {
		t.Error("the answer names no model")
	}
	if value(root.GetAttributes(), "repli.budget.granted_ms").GetDoubleValue() <= 0 ||
		value(root.GetAttributes(), "repli.budget.spent_ms").GetDoubleValue() <= 0 ||
		value(root.GetAttributes(), "repli.coverage").GetDoubleValue() != 1 {
		t.Errorf("the request's span has %v", root.GetAttributes())
	}
	if look := r.find(traceID, "feature.cache.get"); value(look.GetAttributes(), "repli.cache.state").GetStringValue() != "loaded" {
		t.Errorf("the look into the rows in memory has %v", look.GetAttributes())
	}
	read := r.find(traceID, "feature.store.read")
	if value(read.GetAttributes(), "db.system.name").GetStringValue() != "redis" ||
		value(read.GetAttributes(), "db.operation.name").GetStringValue() != "HMGET" {
		t.Errorf("the read's span has %v", read.GetAttributes())
	}
	checkPrivate(t, r, "never-seen-before", in.known)
}

// Nothing is sampled, and the trace of a degraded answer comes all the same, with the reason: the gateway's part, and the part of
// the service that could not do better, unless it does nothing at all.
func TestDegradedAnswersAreTracedWhateverTheRatio(t *testing.T) {
	r := &receiver{}
	m, in := startTracedMesh(t, r, "0")
	const gateway, feature = "repli-gateway ", "repli-feature "
	ofGateway := []string{
		gateway + recommendCall,
		gateway + recommendCall + " > " + gateway + "gateway.plan",
		gateway + recommendCall + " > " + gateway + getUserCall,
		gateway + recommendCall + " > " + gateway + suggestCall,
		gateway + recommendCall + " > " + gateway + "gateway.gather",
		gateway + recommendCall + " > " + gateway + "gateway.assemble",
	}
	ofFeature := []string{
		gateway + getUserCall + " > " + feature + getUserCall,
		feature + getUserCall + " > " + feature + "feature.cache.get",
		feature + "feature.cache.get > " + feature + "feature.store.read",
	}

	m.feature.signal(t, syscall.SIGSTOP)
	wantDegraded(t, r, m, "never-seen-a", ofGateway)
	m.feature.signal(t, syscall.SIGCONT)
	await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)

	m.redis.Pause(t)
	t.Cleanup(func() { m.redis.Resume(t) })
	wantDegraded(t, r, m, "never-seen-b", slices.Concat(ofGateway, ofFeature))
	checkPrivate(t, r, "never-seen-a", "never-seen-b", in.known)
}

// wantDegraded asks for a user without features, and wants an answer that waited for them in vain, and its trace.
func wantDegraded(t *testing.T, r *receiver, m *mesh, user string, want []string) {
	t.Helper()
	answer, traceID, err := m.client.Traced(within(t, time.Second), &repliv1.RecommendRequest{UserId: user, Count: 3})
	if err != nil || answer.GetTier() != repliv1.Tier_TIER_SIMPLE {
		t.Fatalf("%v, %v", answer, err)
	}
	awaitTree(t, r, traceID, want)
	root := r.find(traceID, recommendCall)
	if value(root.GetAttributes(), "repli.tier").GetStringValue() != "simple" ||
		value(root.GetAttributes(), "repli.degradation.reason").GetStringValue() != "soft_deadline" {
		t.Errorf("the request's span has %v", root.GetAttributes())
	}
	events := map[string]int{}
	for _, event := range root.GetEvents() {
		events[event.GetName()]++
	}
	if events["repli.step"] != 3 || events["repli.degradation"] != len(answer.GetDegradations()) || events["repli.cancelled"] != 1 {
		t.Errorf("the request's span has the events %v", events)
	}
}

// within is a context with a deadline.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// of returns the spans of a trace.
func (r *receiver) of(traceID string) (spans []span) {
	for _, s := range r.all() {
		if hex.EncodeToString(s.GetTraceId()) == traceID {
			spans = append(spans, s)
		}
	}
	return spans
}

// find returns a span of a trace by its name; one that is on both sides of a hop is either.
func (r *receiver) find(traceID, name string) (found span) {
	for _, s := range r.of(traceID) {
		if s.GetName() == name {
			found = s
		}
	}
	return found
}

// awaitTree waits until a trace has these spans, each "service name" under its parent's, and wants no other spans, one root, and
// every parent among them.
func awaitTree(t *testing.T, r *receiver, traceID string, want []string) {
	t.Helper()
	slices.Sort(want)
	var got []string
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if got = tree(r.of(traceID)); len(got) >= len(want) {
			break
		}
		if time.Now().After(end) {
			break
		}
	}
	got = slices.DeleteFunc(got, func(line string) bool { return strings.HasSuffix(line, "ranking.retrieve") }) // new users have no vector
	if !slices.Equal(got, want) {
		t.Fatalf("trace %s is\n%s\nwant\n%s", traceID, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// tree describes each span by its own and its parent's service and name.
func tree(spans []span) []string {
	ids := map[string]span{}
	for _, s := range spans {
		ids[string(s.GetSpanId())] = s
	}
	var lines []string
	for _, s := range spans {
		line := s.service + " " + s.GetName()
		if id := string(s.GetParentSpanId()); id != "" {
			parent := ids[id]
			line = parent.service + " " + parent.GetName() + " > " + line
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// checkPrivate wants no user and no health check in anything that came.
func checkPrivate(t *testing.T, r *receiver, users ...string) {
	t.Helper()
	for _, s := range r.all() {
		text := s.String()
		for _, user := range users {
			if strings.Contains(text, user) {
				t.Errorf("a span of %s names the user %s: %s", s.service, user, text)
			}
		}
		if strings.HasPrefix(s.GetName(), "grpc.health") {
			t.Errorf("a health check is traced: %s", s.GetName())
		}
	}
}
