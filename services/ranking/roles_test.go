package ranking

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc/codes"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer"
)

// shelve writes files into a registry: versions of the tiny model for names alone, else contents.
func shelve(t testing.TB, folder string, versions []string, files map[string]string) {
	t.Helper()
	all := map[string]string{}
	for _, version := range versions {
		all[version+"/manifest.json"] = strings.Replace(onnxtest.TinyManifest, `"version": "1"`, fmt.Sprintf(`"version": %q`, version), 1)
		all[version+"/model.onnx"] = string(onnxtest.Tiny("Identity").Encode())
	}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// startRoles returns a service on a registry of versions 1 to 3, with a table.
func startRoles(t testing.TB, signals telemetry.Signals, files map[string]string) *Service {
	t.Helper()
	cfg := Defaults()
	cfg.Registry.Path = t.TempDir()
	cfg.Registry.Interval = time.Hour // what is there at first is all there is
	cfg.Shadow.Share = 1
	shelve(t, cfg.Registry.Path, []string{"1", "2", "3"}, files)
	s, stream := startSeen(t, cfg, nil, signals)
	send(t, stream, itemstest.Table(itemSchema, userSchema, 5, shop...)...)
	return s
}

// withEngines replaces the engines of the roles; nil leaves one as it is.
func withEngines(s *Service, canary, shadow scorer.Scorer) {
	line := *s.current.Load()
	replace := func(model *serving, engine scorer.Scorer) *serving {
		if engine == nil {
			return model
		}
		next, m := *model, *model.Model
		m.Scorer = engine
		next.Model = &m
		return &next
	}
	line.canary, line.shadow = replace(line.canary, canary), replace(line.shadow, shadow)
	s.current.Store(&line)
}

// seen are signals with a reader of their figures.
func seen() (telemetry.Signals, *metric.ManualReader) {
	reader := metric.NewManualReader()
	signals := telemetry.Discard()
	signals.Meter = metric.NewMeterProvider(metric.WithReader(reader))
	return signals, reader
}

// of is the request of a group of users.
func of(affinity uint32) *rankingv1.RankRequest {
	in := request(ada, "low", "high")
	in.Affinity = affinity
	return in
}

func TestTheCanaryAnswersItsUsers(t *testing.T) {
	t.Parallel()
	signals, reader := seen()
	s := startRoles(t, signals, map[string]string{"SERVING": "1", "CANARY": "2 50"})
	line, models := s.current.Load(), map[string]float64{}
	for affinity := range uint32(200) {
		out, _ := rank(t, s, of(affinity))
		want := "tiny/1"
		if line.tries(affinity) {
			want = "tiny/2"
		}
		if out.GetModel() != want {
			t.Fatalf("group %d is answered by %s, expected %s", affinity, out.GetModel(), want)
		}
		models[want]++
	}
	got := figures(t, reader)
	if got["repli.ranking.model.duration outcome=ok,role=canary"] != models["tiny/2"] ||
		got["repli.ranking.model.duration outcome=ok,role=serving"] != models["tiny/1"] || len(models) != 2 {
		t.Errorf("answered %v, figures %v", models, got)
	}
}

// A canary whose engine fails is counted, and the model that serves answers.
func TestACanaryThatFailsCostsNoAnswer(t *testing.T) {
	t.Parallel()
	signals, reader := seen()
	s := startRoles(t, signals, map[string]string{"SERVING": "1", "CANARY": "2 100"})
	withEngines(s, fakeScorer{func(context.Context, []float32) error { return errors.New("broken") }}, nil)
	if out, scores := rank(t, s, of(7)); out.GetModel() != "tiny/1" || scores["low"] != 49 {
		t.Errorf("answer %v, expected version 1's", out)
	}
	got := figures(t, reader)
	if got["repli.ranking.model.duration outcome=error,role=canary"] != 1 || got["repli.ranking.model.duration outcome=ok,role=serving"] != 1 ||
		got["repli.ranking.duration outcome=ok"] != 1 {
		t.Errorf("figures %v", got)
	}
}

func TestTheShadowIsComparedAndNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, reader := seen()
		s := startRoles(t, signals, map[string]string{"SERVING": "1", "CANARY": "2 50", "SHADOW": "3 100"})
		withEngines(s, nil, fakeScorer{func(_ context.Context, out []float32) error {
			copy(out, []float32{49, 327}) // low as it is, high 10 too low
			return nil
		}})
		line, served := s.current.Load(), 0.0
		for affinity := range uint32(10) {
			if out, _ := rank(t, s, of(affinity)); out.GetModel() == "tiny/3" {
				t.Fatal("the shadow answered")
			}
			if !line.tries(affinity) {
				served++
			}
			synctest.Wait()
		}
		got := figures(t, reader)
		if got["repli.ranking.shadow.requests outcome=scored"] != served ||
			got["repli.ranking.shadow.score_difference statistic=max"] != served || got["repli.ranking.shadow.overlap "] != served ||
			got["repli.ranking.model.duration outcome=ok,role=shadow"] != served {
			t.Errorf("figures %v, expected %v comparisons: the canary's requests are not mirrored", got, served)
		}
	})
}

// A shadow that hangs makes no request wait, whatever is queued for it: in virtual time an answer takes none.
func TestAShadowThatHangsDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, reader := seen()
		s := startRoles(t, signals, map[string]string{"SERVING": "1", "SHADOW": "3 100"})
		withEngines(s, nil, fakeScorer{func(ctx context.Context, _ []float32) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		started := time.Now()
		for range 100 {
			if _, scores := rank(t, s, of(1)); scores["high"] != 337 {
				t.Fatalf("scores %v", scores)
			}
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("100 answers took %v beside a shadow that hangs", took)
		}
		time.Sleep(time.Hour)
		got := figures(t, reader)
		failed, dropped := got["repli.ranking.shadow.requests outcome=failed"], got["repli.ranking.shadow.requests outcome=dropped"]
		if most := float64(Defaults().Shadow.Queue + 1); failed+dropped != 100 || failed > most || failed == 0 {
			t.Errorf("%v failed and %v were dropped, expected 100, at most %v of them failed", failed, dropped, most)
		}
	})
}

// What a request's buffers hold afterwards is nothing to the shadow.
func TestTheShadowKeepsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, reader := seen()
		s := startRoles(t, signals, map[string]string{"SERVING": "1", "SHADOW": "2 100"})
		release, compared := make(chan struct{}), make(chan []float32, 1)
		plan := s.current.Load().shadow.Scorer
		withEngines(s, nil, waiting{plan, release, compared})
		in := of(1)
		in.User = itemstest.User(userSchema, values{"u_a": 2, "u_b": 3})
		rank(t, s, in)
		clear(in.User.Numbers)
		clear(in.User.Integers)
		for range 5 {
			rank(t, s, request(nil, "tie", "default", "noplace")) // the buffers are used again
		}
		close(release)
		if scores := <-compared; !slices.Equal(scores, []float32{49, 337}) {
			t.Errorf("the shadow scored %v, expected those of the request as it was", scores)
		}
		synctest.Wait()
		if got := figures(t, reader)["repli.ranking.shadow.requests outcome=scored"]; got != 6 {
			t.Errorf("%v requests were scored, expected 6", got)
		}
	})
}

func TestListModels(t *testing.T) {
	t.Parallel()
	s := startRoles(t, telemetry.Discard(), map[string]string{
		"SERVING": "1", "CANARY": "2 12.5", "SHADOW": "4 50", "4/manifest.json": "{}", "4/model.onnx": "", "notes/x": "",
	})
	out, err := s.ListModels(t.Context(), &rankingv1.ListModelsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range out.GetModels() {
		got = append(got, fmt.Sprint(m.GetFolder(), " ", m.GetStates(), " ", m.GetVersion(), " ", m.GetEngine(), " ", m.GetCanaryPercent(), " ",
			len(m.GetSha256()), " ", m.GetTrainedAt().AsTime().Year()))
	}
	want := []string{
		"4 [MODEL_STATE_REFUSED]   0 0 1970", "3 [MODEL_STATE_AVAILABLE] 3  0 0 2024",
		"2 [MODEL_STATE_CANARY] 2 plan 12.5 64 2024", "1 [MODEL_STATE_SERVING] 1 plan 0 64 2024",
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, expected %q", got, want)
	}
	if reason := out.GetModels()[0].GetRefusedReason(); !strings.Contains(reason, "manifest.json: name: has 0 bytes") {
		t.Errorf("version 4 is refused because %q", reason)
	}
}

func TestListModelsWithoutARegistry(t *testing.T) {
	t.Parallel()
	out, err := running(t).ListModels(t.Context(), &rankingv1.ListModelsRequest{})
	if err != nil || len(out.GetModels()) != 1 || out.GetModels()[0].GetVersion() != "1" ||
		out.GetModels()[0].GetStates()[0] != rankingv1.ModelState_MODEL_STATE_SERVING {
		t.Errorf("listed %v, %v", out, err)
	}
}

func TestListModelsOfAFolderThatIsGone(t *testing.T) {
	t.Parallel()
	s := startRoles(t, telemetry.Discard(), nil)
	if err := os.RemoveAll(s.versions.(*os.Root).Name()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ListModels(t.Context(), &rankingv1.ListModelsRequest{}); fault.Status(err).Code() != codes.Unavailable {
		t.Errorf("error is %v, expected UNAVAILABLE", err)
	}
}
