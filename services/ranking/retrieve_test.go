package ranking

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
)

// searching is the tiny bundle with a search by u_a*i_a + u_b*i_b.
func searching(retrieval string) fs.FS {
	manifest := strings.Replace(onnxtest.TinyManifest, `"metrics"`, `"retrieval": `+retrieval+`, "metrics"`, 1)
	return onnxtest.Folder(manifest, onnxtest.Tiny("Identity").Encode())
}

const search3 = `{"user": ["u_a", "u_b"], "item": ["i_a", "i_b"], "count": 3}`

// line is n items with i_a from 1 to n.
func line(n int) []itemstest.Item {
	items := make([]itemstest.Item, n)
	for i := range items {
		items[i] = itemstest.Item{ID: fmt.Sprint("x", i+1), Values: values{"i_a": float64(i + 1), "i_b": 0, "i_c": 0, "place": 0}}
	}
	return items
}

// searched starts a service that searches, with a table.
func searched(t *testing.T, retrieval string, items ...itemstest.Item) (*Service, *itemstest.Stream) {
	t.Helper()
	s, stream := start(t, Defaults(), searching(retrieval))
	send(t, stream, itemstest.Table(itemSchema, userSchema, 5, items...)...)
	return s, stream
}

// wants asks for the count best of the candidates and of what is found.
func wants(user *featurev1.Row, count uint32, candidates ...string) *rankingv1.RankRequest {
	return &rankingv1.RankRequest{User: user, CandidateItemIds: candidates, Count: count, Retrieve: true}
}

// order is the answer's items, best first.
func order(in *rankingv1.RankRequest, out *rankingv1.RankResponse) []string {
	all := slices.Concat(in.GetCandidateItemIds(), out.GetRetrievedItemIds())
	list := make([]string, len(out.GetIndices()))
	for i, index := range out.GetIndices() {
		list[i] = all[index]
	}
	return list
}

func TestWhatIsFoundJoinsTheCandidates(t *testing.T) {
	t.Parallel()
	s, stream := searched(t, search3, line(2000)...)
	in := wants(ada, 4, "x5", "x2000", "ghost")
	in.ExcludeItemIds = []string{"x1999"}
	out, err := s.Rank(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := order(in, out), []string{"x2000", "x1998", "x1997", "x1996"}; !slices.Equal(got, want) {
		t.Errorf("order is %v, want %v", got, want)
	}
	if out.GetRetrieved() != 3 || out.GetScored() != 5 || out.GetUnknown() != 1 || out.GetScanned() != 2000 || out.GetScannable() != 2000 {
		t.Errorf("counts are wrong: %v", out)
	}
	in.Count = 2 // only what is in the answer is named
	if out, err = s.Rank(t.Context(), in); err != nil || len(out.GetRetrievedItemIds()) != 1 || out.GetRetrieved() != 3 {
		t.Errorf("%v, %v; want one of three named", out, err)
	}
	best := itemstest.Item{ID: "new", Values: values{"i_a": 1e6, "i_b": 0, "i_c": 0, "place": 0}}
	send(t, stream, itemstest.Change(itemstest.Rows(itemSchema, 6, best)))
	if out, err = s.Rank(t.Context(), in); err != nil || order(in, out)[0] != "new" {
		t.Errorf("%v, %v; want the new item first", out, err)
	}
}

func TestWhenNothingIsSearched(t *testing.T) {
	t.Parallel()
	plain := running(t, line(10)...)
	able, _ := searched(t, search3, line(10)...)
	absent, _ := searched(t, `{"user": ["u_a"], "item": ["i_none"], "count": 3}`, line(10)...)
	unasked := wants(ada, 5, "x1")
	unasked.Retrieve = false
	for name, c := range map[string]struct {
		s  *Service
		in *rankingv1.RankRequest
	}{
		"no retrieval in the manifest": {plain, wants(ada, 5, "x1")},
		"not asked for":                {able, unasked},
		"a new user":                   {able, wants(nil, 5, "x1")},
		"no such column":               {absent, wants(ada, 5, "x1")},
	} {
		out, err := c.s.Rank(t.Context(), c.in)
		if err != nil || out.GetScored() != 1 || out.GetRetrieved() != 0 || out.GetScannable() != 0 {
			t.Errorf("%s: %v, %v; want one scored and no search", name, out, err)
		}
	}
	given := wants(nil, 5, "x1")
	given.RequestFeatures = map[string]*repliv1.RequestFeature{"u_a": number(2)}
	if out, err := able.Rank(t.Context(), given); err != nil || out.GetRetrieved() != 3 {
		t.Errorf("a new user with a taste of the request: %v, %v; want 3 found", out, err)
	}
}

// Without time for a search the candidates are ranked all the same, and the answer says what was not looked at.
func TestSearchWithoutTime(t *testing.T) {
	t.Parallel()
	s, _ := searched(t, search3, line(10)...)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour))
	defer cancel()
	deadline, _ := ctx.Deadline()
	s.now = func() time.Time { return deadline.Add(-s.retrieval.Floor / 2) }
	out, err := s.Rank(ctx, wants(ada, 5, "x1"))
	if err != nil || out.GetScored() != 1 || out.GetRetrieved() != 0 || out.GetScanned() != 0 || out.GetScannable() != 10 {
		t.Errorf("%v, %v; want one scored, and none of 10 scanned", out, err)
	}
	s.now = func() time.Time { return deadline.Add(-time.Hour) }
	if out, err = s.Rank(ctx, wants(ada, 5, "x1")); err != nil || out.GetScanned() != 10 {
		t.Errorf("%v, %v; want all scanned", out, err)
	}
}

// A model that begins to serve has the table in its index already.
func TestNextModelSearchesAtOnce(t *testing.T) {
	t.Parallel()
	s, stream := searched(t, `{"user": ["u_a", "u_b"], "item": ["i_a", "i_b"], "count": 1}`, line(10)...)
	before := s.current.Load().serving
	next := *before.Model
	bundle, retrieval := *before.Bundle, *before.Retrieval
	retrieval.Count = 4
	bundle.Retrieval = &retrieval
	next.Bundle = &bundle
	s.serve(registry.Roles{Serving: &next})
	out, err := s.Rank(t.Context(), wants(ada, 9, "x1"))
	if err != nil || out.GetRetrieved() != 4 {
		t.Errorf("%v, %v; want 4 found", out, err)
	}
	send(t, stream, itemstest.Change(itemstest.Rows(itemSchema, 6, line(12)[11])))
	in := wants(ada, 1, "x1")
	if out, err = s.Rank(t.Context(), in); err != nil || order(in, out)[0] != "x12" {
		t.Errorf("%v, %v; want x12", out, err)
	}
}

func TestSearchShareIsChecked(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.Retrieval.Share = 2
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "retrieval.share") {
		t.Errorf("error is %v, want retrieval.share", err)
	}
}
