package allinone

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/metadata"

	"github.com/repli-mesh/repli/demo"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/feature"
)

const metricsPage = "../../docs/metrics.md"

// The page of figures is what the services have: it is made from their instruments, and everything that they expose while they
// serve, degraded and not, is in it, with no other labels and values. REPLI_METRICS_PAGE names a file to write it to.
func TestMetricsPage(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9") // of nobody: figures of traces need no collector
	store := redistest.Start(t)
	mesh, c := startWith(t, func(cfg *Config) {
		cfg.Feature.Feature.Store.Kind = feature.Redis
		cfg.Feature.Feature.Store.Redis.Addresses = []string{store.Addr}
	})
	figures := figuresOf(t, mesh)
	page := renderPage(figures, families(t, setup(t).Handler()))
	if path := os.Getenv("REPLI_METRICS_PAGE"); path != "" {
		if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page {
		t.Errorf("%s is stale: run make generate", metricsPage)
	}

	degrade(t, mesh, c, store)
	runtime := families(t, setup(t).Handler())
	live := map[string]figure{}
	for i, component := range mesh.processes {
		for name, family := range parse(t, strings.NewReader(exposed(t, component, "text/plain"))) {
			if _, ok := runtime[name]; ok {
				continue
			}
			f, ok := figures[i][name]
			if !ok {
				t.Errorf("%s exposes %s, which is not in the page", services[i].name, name)
				continue
			}
			live[name] = f
			for _, series := range family.GetMetric() {
				for _, pair := range series.GetLabel() {
					if !f.has(pair.GetName(), pair.GetValue()) {
						t.Errorf("%s: %s=%q is not in the page", name, pair.GetName(), pair.GetValue())
					}
				}
			}
		}
	}
	checkRules(t, live)
	leadsToTraces(t, mesh)
}

// has says whether a label can have the value.
func (f figure) has(label, value string) bool {
	return slices.ContainsFunc(f.labels, func(l figureLabel) bool {
		return l.name == label && (l.values == nil || slices.Contains(l.values, value))
	})
}

// degrade has the mesh answer while each of its parts is away, and when all is well again.
func degrade(t *testing.T, mesh *Mesh, c *client.Client, store *redistest.Server) {
	t.Helper()
	ask := func(user string) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, _ = c.Recommend(ctx, &repliv1.RecommendRequest{UserId: user, Count: 5, Placement: "home", SegmentHint: "nobody's"})
	}
	ask(demo.KnownUser)
	ask("nobody")
	for _, service := range []string{Feature, Ranking, Fallback} {
		mesh.Pause(service)
		ask(demo.KnownUser)
		mesh.Resume(service)
	}
	store.Pause(t)
	ask("somebody-else")
	store.Resume(t)
	steady(t, c, &repliv1.RecommendRequest{UserId: demo.KnownUser, Count: 5})
}

// leadsToTraces asks within a trace that the caller records, and looks for it in the figures.
func leadsToTraces(t *testing.T, mesh *Mesh) {
	t.Helper()
	const trace = "0af7651916cd43dd8448eb211c80319c"
	cfg := rpc.ClientDefaults()
	cfg.Target = "inproc:///gateway"
	connection, err := rpc.Dial(cfg, rpc.ClientDeps{Signals: telemetry.Discard(), Local: mesh.local})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	request := &repliv1.RecommendRequest{UserId: demo.KnownUser, Count: 5}
	if _, err := repliv1.NewRecommendationServiceClient(connection).Recommend(ctx, request); err != nil {
		t.Fatal(err)
	}
	for i, component := range mesh.processes {
		page := exposed(t, component, "application/openmetrics-text; version=1.0.0")
		for _, name := range map[string][]string{
			"gateway":  {"repli_gateway_request_duration_seconds", "repli_gateway_step_duration_seconds", "rpc_server_call_duration_seconds"},
			"feature":  {"rpc_server_call_duration_seconds"},
			"ranking":  {"repli_ranking_duration_seconds", "rpc_server_call_duration_seconds"},
			"fallback": {"rpc_server_call_duration_seconds"},
		}[services[i].name] {
			exemplar := regexp.MustCompile(`(?m)^` + name + `_bucket\{.*\} [0-9]+ # \{.*trace_id="` + trace + `"`)
			if !exemplar.MatchString(page) {
				t.Errorf("%s of %s does not lead to the trace", name, services[i].name)
			}
		}
	}
}

// renderPage is docs/metrics.md.
func renderPage(figures []served, runtime map[string]*family) string {
	var b strings.Builder
	b.WriteString(pageIntroduction)
	common := served{}
	for name, f := range figures[0] {
		if !slices.ContainsFunc(figures, func(s served) bool { _, ok := s[name]; return !ok }) {
			common[name] = f
		}
	}
	var long []string
	table := func(title string, of served) {
		fmt.Fprintf(&b, "\n## %s\n| figure | type | unit | labels | what it tells |\n| --- | --- | --- | --- | --- |\n", title)
		for _, name := range sortedKeys(of) {
			f := of[name]
			labels := make([]string, len(f.labels))
			for i, label := range f.labels {
				labels[i] = "`" + label.name + "`"
				switch {
				case len(label.values) > 7:
					long = append(long, fmt.Sprintf("| `%s` | `%s` | %s |", f.name, label.name, strings.Join(label.values, ", ")))
					labels[i] += " ([values](#values))"
				case label.values != nil:
					labels[i] += " (" + strings.Join(label.values, ", ") + ")"
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.name, f.kind, f.unit, strings.Join(labels, ", "), f.about)
		}
	}
	table("Every service", common)
	for _, name := range []string{"gateway", "feature", "ranking", "fallback"} {
		own := served{}
		for key, f := range figures[indexOf(name)] {
			if _, ok := common[key]; !ok {
				own[key] = f
			}
		}
		table("The "+name+" service", own)
	}
	b.WriteString("\n## Values\nOf labels that have many.\n\n| figure | label | values |\n| --- | --- | --- |\n")
	b.WriteString(strings.Join(long, "\n") + "\n")
	b.WriteString(runtimeIntroduction)
	for _, name := range sortedKeys(runtime) {
		if _, ok := common[name]; !ok {
			f := runtime[name]
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, strings.ToLower(f.GetType().String()), strings.ReplaceAll(f.GetHelp(), "|", `\|`))
		}
	}
	return b.String()
}

// family is what Prometheus reads of one name.
type family = dto.MetricFamily

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func indexOf(service string) int {
	for i, s := range services {
		if s.name == service {
			return i
		}
	}
	return -1
}

const pageIntroduction = `# Figures
Every figure that the services expose to Prometheus, made from the services themselves by ` + "`make generate`" + `, and held against
what they expose while they serve by ` + "`make test`" + `. What to look at when something is wrong is in [on-call.md](on-call.md).

**Prometheus** reads ` + "`/metrics`" + ` at the admin port of each service. Durations have buckets from 0.1 ms to 10 s. A Prometheus with
` + "`--enable-feature=exemplar-storage`" + ` also gets, with the buckets, the ids of traces that are kept. Counters whose labels are known
start at 0, so that ` + "`increase()`" + ` sees the first event.

**OTLP**: the same figures, without those of Go and of the process, are pushed to a collector, once a minute
(` + "`OTEL_METRIC_EXPORT_INTERVAL`" + `, in milliseconds), where ` + "`OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`" + ` names one. With
` + "`OTEL_EXPORTER_OTLP_ENDPOINT`" + ` alone only traces are sent; ` + "`OTEL_METRICS_EXPORTER=otlp`" + ` asks for figures there, too, and
` + "`OTEL_METRICS_EXPORTER=none`" + ` for none. The protocol is gRPC. A collector that is away costs a line in the log and nothing else: figures
are totals, and the next ones hold what was missed.

**Labels** that hold what callers say are bounded: the first ` + "`gateway.labels.segments`" + ` segments and ` + "`gateway.labels.placements`" + `
placements that come (50 each, by [configuration](configuration.md)) have figures of their own until the gateway restarts, all others
are counted as ` + "`other`" + `, and how many were is in ` + "`repli_gateway_labels_other_total`" + `. An answer to a request without a placement is
counted as ` + "`default`" + `, one from the lists for everybody as ` + "`everybody`" + `. No label holds a user, an item or an address.

**Hit rate of L1**: a row in the feature service's memory holds all views of a user, so a hit is one of all views, and there is no
hit rate of a view: it is ` + "`repli_feature_cache_requests_total`" + ` by outcome, and the recording rule ` + "`job:repli_l1_hits:ratio_rate5m`" + `.
How good the values of each view were that were served is ` + "`repli_feature_views_total`" + `.

**Calls** are measured by the servers that answer them. What the gateway waited for them is ` + "`repli_gateway_step_duration_seconds`" + `;
clients have no figures of their own, because these would carry the address of every pod that there ever was.

**Percentiles and ratios** are recorded by
[the rules](../helm/repli/files/recording-rules.yaml), which are tested with promtool: of Recommend (` + "`job:repli_recommend_*`" + `), by tier
(` + "`job_tier:*`" + `), of the gateway's steps by component (` + "`job_component:*`" + `), and of each method (` + "`job_method:*`" + `).

The figures of the model in use, ` + "`repli_ranking_model_info`" + `, and of the build, ` + "`repli_build_info`" + `, are joined to others by their
service: ` + "`... * on (job, instance) group_left (repli_model_version) repli_ranking_model_info{role=\"serving\"}`" + `.
`

const runtimeIntroduction = `
## Go and the process
In every service; not pushed over OTLP.

| figure | type | what it tells |
| --- | --- | --- |
`
