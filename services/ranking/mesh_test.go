package ranking

import (
	"context"
	"io/fs"
	"testing"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
)

// The features of the tests: other orders and types than the model's, and text between them.
var (
	userSchema = itemstest.Schema(21,
		itemstest.Column("u_b", itemstest.Float), itemstest.Column("name", itemstest.Text),
		itemstest.Column("u_a", itemstest.Int), itemstest.Column("spare", itemstest.Float))
	itemSchema = itemstest.Schema(11,
		itemstest.Column("i_c", itemstest.Int), itemstest.Column("spare", itemstest.Float),
		itemstest.Column("i_a", itemstest.Float), itemstest.Column("i_b", itemstest.Float),
		itemstest.Column("place", itemstest.Int), itemstest.Column("title", itemstest.Text))
)

// values is a row by name.
type values = map[string]float64

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func tinyBundle() fs.FS {
	return onnxtest.Folder(onnxtest.TinyManifest, onnxtest.Tiny("Identity").Encode())
}

// start returns a service that runs until the test ends, and the stream that feeds it.
func start(t testing.TB, cfg Config, folder fs.FS) (*Service, *itemstest.Stream) {
	t.Helper()
	return startSeen(t, cfg, folder, telemetry.Discard())
}

// startSeen reports to the signals.
func startSeen(t testing.TB, cfg Config, folder fs.FS, signals telemetry.Signals) (*Service, *itemstest.Stream) {
	t.Helper()
	source := itemstest.NewSource()
	return startWith(t, cfg, folder, signals, source), <-source.Opened
}

// startWith leaves the streams to the test.
func startWith(t testing.TB, cfg Config, folder fs.FS, signals telemetry.Signals, source *itemstest.Source) *Service {
	t.Helper()
	s, err := New(cfg, Deps{Signals: signals, Bundle: folder, Items: source, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
	})
	return s
}

// send has messages taken and dealt with.
func send(t testing.TB, stream *itemstest.Stream, messages ...*featurev1.WatchItemsResponse) {
	t.Helper()
	last := messages[len(messages)-1]
	version := max(last.GetEnd().GetVersion(), last.GetChange().GetVersion())
	// The heartbeat is received only after what came before it was dealt with.
	if !stream.Send(messages...) || version > 0 && !stream.Send(itemstest.Heartbeat(version)) {
		t.Fatal("the service hung up")
	}
}

// running returns a service of the tiny model with a table.
func running(t testing.TB, items ...itemstest.Item) *Service {
	t.Helper()
	s, stream := start(t, Defaults(), tinyBundle())
	send(t, stream, itemstest.Table(itemSchema, userSchema, 5, items...)...)
	return s
}

// request asks for all the candidates.
func request(user *featurev1.Row, candidates ...string) *rankingv1.RankRequest {
	return &rankingv1.RankRequest{User: user, CandidateItemIds: candidates, Count: uint32(len(candidates))}
}

// rank must succeed; it returns the scores by id.
func rank(t testing.TB, s *Service, in *rankingv1.RankRequest) (*rankingv1.RankResponse, map[string]float32) {
	t.Helper()
	out, err := s.Rank(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.GetIndices()) != len(out.GetScores()) {
		t.Fatalf("%d indices with %d scores", len(out.GetIndices()), len(out.GetScores()))
	}
	scores := map[string]float32{}
	for i, index := range out.GetIndices() {
		scores[in.GetCandidateItemIds()[index]] = out.GetScores()[i]
	}
	return out, scores
}

func number(v float64) *repliv1.RequestFeature {
	return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Number{Number: v}}
}

func integer(v int64) *repliv1.RequestFeature {
	return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Integer{Integer: v}}
}

func text(v string) *repliv1.RequestFeature {
	return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Text{Text: v}}
}
