//go:build refdata

package quality

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/repli-mesh/repli/pkg/reftest"
)

// On real data each model's lists are far above random and not below the safe ones beyond chance, and every score that
// was served is the model's own.
func TestRefDataQuality(t *testing.T) {
	dir := reftest.Dir(t)
	files := fstest.MapFS{}
	for name, path := range map[string]string{
		"views.yaml": reftest.Views(t),
		"users.csv":  filepath.Join(dir, "users.csv"), "items.csv": filepath.Join(dir, "items.csv"),
		"events.csv": filepath.Join(dir, "events.csv"), "replay.csv": filepath.Join(dir, "replay.csv"),
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: content}
	}
	for _, model := range reftest.Models(t) {
		t.Run(model, func(t *testing.T) {
			data := folder(t, files, os.DirFS(filepath.Join(dir, "models", model)), ".csv")
			replay := folder(t, fstest.MapFS{
				"views.yaml": files["views.yaml"], "users.csv": files["users.csv"], "items.csv": files["items.csv"],
				"events.csv": files["replay.csv"],
			}, nil, ".csv").Events[0]
			truth, err := ReadReplay(t.Context(), data.Project, replay)
			if err != nil {
				t.Fatal(err)
			}
			report, err := Run(t.Context(), Defaults(), data, truth)
			if err != nil {
				t.Fatal(err)
			}
			personal, simple, random := report.Row("PERSONALIZED", ""), report.Row("SIMPLE", ""), report.Row(Random, "")
			if personal == nil || simple == nil {
				t.Fatalf("tiers are missing: %+v", report.Rows)
			}
			for _, row := range []*Row{personal, simple} {
				if row.NDCG.Mean < 3*random.NDCG.Mean || row.NDCG.Low <= random.NDCG.High {
					t.Errorf("%s %v is not far above random %v", row.Tier, row.NDCG, random.NDCG)
				}
			}
			if personal.NDCG.High < simple.NDCG.Low || report.Ratio.High < 1 {
				t.Errorf("PERSONALIZED %v is below SIMPLE %v beyond chance (%v)", personal.NDCG, simple.NDCG, report.Ratio)
			}
			checkVerification(t, report, personal.Users*Defaults().Count)
			t.Logf("PERSONALIZED %v, SIMPLE %v, RANDOM %v", personal.NDCG, simple.NDCG, random.NDCG)
		})
	}
}
