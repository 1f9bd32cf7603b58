package quality

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/demo"
	"github.com/repli-mesh/repli/demo/shop"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/allinone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder opens a data folder as `repli bench quality` does.
func folder(t *testing.T, fsys, bundle fs.FS, suffix string) allinone.Data {
	t.Helper()
	text, err := fs.ReadFile(fsys, "views.yaml")
	if err != nil {
		t.Fatal(err)
	}
	project, err := views.Parse("views.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string) []dataset.Source {
		source, err := dataset.FromFS(fsys, name+suffix)
		if err != nil {
			t.Fatal(err)
		}
		return []dataset.Source{source}
	}
	return allinone.Data{
		Project: project, Users: open("users"), Items: open("items"), Events: open("events"), Bundle: bundle,
	}
}

// The bar of the demonstration: the model's lists are at least 1.3 times as good as the safe ones, beyond chance, and
// every score is the model's own.
func TestPersonalIsWorthItOnTheDemoShop(t *testing.T) {
	cfg := Defaults()
	cfg.Users = 150
	truth := NewShop(shop.Generate(shop.Defaults()))
	report, err := Run(t.Context(), cfg, folder(t, demo.Data(), demo.Bundle(), ".csv.gz"), truth)
	if err != nil {
		t.Fatal(err)
	}
	personal, simple, random := report.Row("PERSONALIZED", ""), report.Row("SIMPLE", ""), report.Row(Random, "")
	if personal == nil || simple == nil || random == nil {
		t.Fatalf("tiers are missing: %+v", report.Rows)
	}
	if personal.Users < cfg.Users*98/100 { // a machine that is busy with something else may cost one of them the tier
		t.Errorf("%d of %d users got a personal list", personal.Users, cfg.Users)
	}
	if report.Ratio.Mean < 1.3 || personal.NDCG.Low <= simple.NDCG.High {
		t.Errorf("PERSONALIZED %v, SIMPLE %v, ratio %v; want 1.3 with the intervals apart", personal.NDCG, simple.NDCG, report.Ratio)
	}
	if simple.NDCG.Low <= random.NDCG.High {
		t.Errorf("SIMPLE %v is not above RANDOM %v", simple.NDCG, random.NDCG)
	}
	checkVerification(t, report, personal.Users*cfg.Count)

	var text, tables bytes.Buffer
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := report.Tables(&tables); err != nil {
		t.Fatal(err)
	}
	for _, segment := range shop.Segments {
		if report.Row("SIMPLE", segment) == nil || !strings.Contains(text.String(), segment) || !strings.Contains(tables.String(), segment) {
			t.Errorf("segment %s is missing", segment)
		}
	}
}

func checkVerification(t *testing.T, report *Report, scores int) {
	t.Helper()
	if v := report.Verification; v.Scores != scores || !(v.MaxAbsErr <= Tolerance) {
		t.Errorf("verification %+v, want %d scores within %v", v, scores, Tolerance)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{Users: 1, Count: 10, Resamples: 100}, {Users: 2, Resamples: 100}, {Users: 2, Count: 1}} {
		if err := cfg.Validate(); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

// A manifest with retrieval is measured with and without it, and what is found is ranked by the same model.
func TestRetrievalIsMeasuredBeforeAndAfter(t *testing.T) {
	cfg := Defaults()
	cfg.Users = 100
	content, err := fs.ReadFile(demo.Bundle(), manifestFile)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(content, &keys); err != nil {
		t.Fatal(err)
	}
	keys["retrieval"] = map[string]any{
		"user": []string{"u_tag_vegan", "u_tag_sweet", "u_tag_premium"}, "item": []string{"i_tag_vegan", "i_tag_sweet", "i_tag_premium"},
		"count": 200,
	}
	if content, err = json.Marshal(keys); err != nil {
		t.Fatal(err)
	}
	truth := NewShop(shop.Generate(shop.Defaults()))
	report, err := Run(t.Context(), cfg, folder(t, demo.Data(), plain{demo.Bundle(), content}, ".csv.gz"), truth)
	if err != nil {
		t.Fatal(err)
	}
	after, before := report.Row("PERSONALIZED", ""), report.Row(Unsearched, "")
	if after == nil || before == nil || after.Users != cfg.Users || before.Users != cfg.Users {
		t.Fatalf("rows are %+v", report.Rows)
	}
	if report.Gain == nil || report.Gain.High < 1 || after.NDCG == before.NDCG {
		t.Errorf("with %v, without %v, gain %v; want lists that differ and are not worse beyond chance", after.NDCG, before.NDCG, report.Gain)
	}
	checkVerification(t, report, cfg.Users*cfg.Count)
	var text bytes.Buffer
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), Unsearched) {
		t.Errorf("%v: %s", err, &text)
	}
}
