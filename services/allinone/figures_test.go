package allinone

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/repli-mesh/repli/pkg/process"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/fallback"
	"github.com/repli-mesh/repli/services/feature"
	"github.com/repli-mesh/repli/services/gateway"
	"github.com/repli-mesh/repli/services/ranking"
)

// figure is what Prometheus sees of an instrument.
type figure struct {
	name, kind, unit, about string
	labels                  []figureLabel
}

// figureLabel is a label as Prometheus names it. values is nil where they are not known beforehand.
type figureLabel struct {
	name   string
	values []string
}

// served are the figures of one service, by name.
type served map[string]figure

// services are the names of the four, in the order in which a mesh has them, and the labels of their own figures.
var services = []struct {
	name   string
	labels func() telemetry.Labels
}{
	{"fallback", fallback.Labels}, {"feature", feature.Labels}, {"ranking", ranking.Labels}, {"gateway", gateway.Labels},
}

// figuresOf returns the figures of a mesh, of each service in its order.
func figuresOf(t *testing.T, mesh *Mesh) []served {
	t.Helper()
	var all []served
	for i, component := range mesh.processes {
		labels := telemetry.Labels{}
		for _, some := range []telemetry.Labels{telemetry.OwnLabels(), rpc.Labels(), services[i].labels()} {
			for name, of := range some {
				labels[name] = of
			}
		}
		figures, used := served{}, map[string]bool{}
		for _, instrument := range component.(*process.Process).Instruments() {
			f := specimen(t, instrument, labels[instrument.Name])
			figures[f.name], used[instrument.Name] = f, true
		}
		for name := range services[i].labels() {
			if !used[name] {
				t.Errorf("%s declares labels of %s, which it does not have", services[i].name, name)
			}
		}
		all = append(all, figures)
	}
	return all
}

// specimen makes an instrument like the given one where there is no other, and returns what Prometheus sees of it: names are
// the exporter's business.
func specimen(t *testing.T, like sdkmetric.Instrument, labels []telemetry.Label) figure {
	t.Helper()
	set, bare := setup(t), families(t, setup(t).Handler())
	attributes := make([]attribute.KeyValue, len(labels))
	for i, label := range labels {
		attributes[i] = attribute.String(label.Key, label.Key) // so that the exposition says which label is which
	}
	name := strings.ReplaceAll(like.Name, ".", "_")
	_, own := telemetry.OwnLabels()[like.Name] // which the specimen's telemetry has, and shows, by itself
	if !own {
		measureLike(t, set.Signals().Meter.Meter("specimen"), like, metric.WithAttributes(attributes...))
	}
	for _, family := range families(t, set.Handler()) {
		_, others := bare[family.GetName()]
		if own && strings.TrimSuffix(family.GetName(), "_total") != name || !own && (others || !strings.HasPrefix(family.GetName(), name)) {
			continue
		}
		f := figure{
			name: family.GetName(), kind: strings.ToLower(family.GetType().String()), unit: like.Unit, about: family.GetHelp(),
		}
		shown := family.GetMetric()[0].GetLabel()
		for _, label := range labels {
			i := slices.IndexFunc(shown, func(pair *dto.LabelPair) bool {
				return pair.GetValue() == label.Key || pair.GetName() == strings.ReplaceAll(label.Key, ".", "_")
			})
			f.labels = append(f.labels, figureLabel{shown[i].GetName(), label.Values})
		}
		return f
	}
	t.Fatalf("%s is not exposed", like.Name)
	return figure{}
}

// measureLike measures once with a new instrument.
func measureLike(t *testing.T, meter metric.Meter, like sdkmetric.Instrument, labels metric.MeasurementOption) {
	t.Helper()
	unit, about := metric.WithUnit(like.Unit), metric.WithDescription(like.Description)
	once := metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error { o.Observe(1, labels); return nil })
	var err error
	switch like.Kind {
	case sdkmetric.InstrumentKindCounter:
		var counter metric.Float64Counter
		counter, err = meter.Float64Counter(like.Name, unit, about)
		counter.Add(t.Context(), 1, labels)
	case sdkmetric.InstrumentKindHistogram:
		var histogram metric.Float64Histogram
		histogram, err = meter.Float64Histogram(like.Name, unit, about)
		histogram.Record(t.Context(), 1, labels)
	case sdkmetric.InstrumentKindObservableCounter:
		_, err = meter.Float64ObservableCounter(like.Name, unit, about, once)
	case sdkmetric.InstrumentKindObservableUpDownCounter:
		_, err = meter.Float64ObservableUpDownCounter(like.Name, unit, about, once)
	case sdkmetric.InstrumentKindObservableGauge:
		_, err = meter.Float64ObservableGauge(like.Name, unit, about, once)
	default:
		t.Fatalf("%s: no specimen of kind %v can be made", like.Name, like.Kind)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func setup(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	set, err := telemetry.Setup(t.Context(), telemetry.Defaults(), "specimen")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return set
}

// families reads a page of figures.
func families(t *testing.T, page http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	recorder := httptest.NewRecorder()
	page.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return parse(t, recorder.Body)
}

func parse(t *testing.T, page io.Reader) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	found, err := parser.TextToMetricFamilies(page)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// exposed fetches the figures of a service of a mesh, as text or as OpenMetrics.
func exposed(t *testing.T, component any, accept string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"http://"+component.(*process.Process).Server().AdminAddr()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
