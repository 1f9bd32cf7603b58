package ranking

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
)

// score = u_a + 10 u_b + i_a + 2 i_b + 4 i_c + 100 place + 1000 boost
var shop = []itemstest.Item{
	{ID: "low", Values: values{"i_a": 1, "i_b": 2, "i_c": 3, "place": 0}},  // 17
	{ID: "high", Values: values{"i_a": 5, "i_b": 0, "i_c": 0, "place": 3}}, // 305
	{ID: "tie", Values: values{"i_a": 5, "i_b": 6, "i_c": 0, "place": 0}},  // 17
	{ID: "default", Values: values{"i_a": 1, "i_b": 1, "place": 1}},        // 105: i_c is 0.5
	{ID: "noplace", Values: values{"i_a": 0, "i_b": 0, "i_c": 0}},          // 700: place is 7
	{ID: "lacking", Values: values{"i_b": 1, "i_c": 1, "place": 1}},        // i_a has no default
}

var ada = itemstest.User(userSchema, values{"u_a": 2, "u_b": 3, "spare": 9}) // 32

func TestRank(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	in := request(ada, "tie", "ghost", "low", "lacking", "default", "noplace", "high", "low")
	out, err := s.Rank(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if want := []uint32{5, 6, 4, 0, 2, 7}; !slices.Equal(out.GetIndices(), want) {
		t.Errorf("indices are %v, want %v", out.GetIndices(), want)
	}
	if want := []float32{732, 337, 137, 49, 49, 49}; !slices.Equal(out.GetScores(), want) {
		t.Errorf("scores are %v, want %v", out.GetScores(), want)
	}
	if out.GetScored() != 6 || out.GetUnknown() != 1 || out.GetNonFinite() != 0 {
		t.Errorf("counts are %d, %d, %d; want 6 scored, 1 unknown, 0 not finite", out.GetScored(), out.GetUnknown(), out.GetNonFinite())
	}
	if out.GetModel() != "tiny/1" || out.GetItemTableVersion() != 5 || !out.GetItemTableTime().AsTime().Equal(noon) {
		t.Errorf("model %s, table %d of %v", out.GetModel(), out.GetItemTableVersion(), out.GetItemTableTime())
	}
	in.Count = 2
	if out, _ = rank(t, s, in); !slices.Equal(out.GetIndices(), []uint32{5, 6}) || out.GetScored() != 6 {
		t.Errorf("the best two are %v of %d, want 5 and 6 of 6", out.GetIndices(), out.GetScored())
	}
}

func TestRankUnknownItemsOnly(t *testing.T) {
	t.Parallel()
	out, _ := rank(t, running(t, shop...), request(ada, "ghost", "lacking"))
	if len(out.GetIndices()) != 0 || out.GetUnknown() != 1 || out.GetScored() != 0 {
		t.Errorf("got %v", out)
	}
}

func TestRankNewUsers(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	missing := itemstest.User(userSchema, nil)
	for i := range missing.GetStatuses() {
		missing.Statuses[i] = byte(featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND)
	}
	stale := itemstest.User(userSchema, values{"u_b": 3})
	stale.Statuses[2] = byte(featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE)
	for name, c := range map[string]struct {
		user *featurev1.Row
		want float32
	}{"unset": {nil, 18}, "not found": {missing, 18}, "half stale": {stale, 48}} {
		if _, scores := rank(t, s, request(c.user, "low")); scores["low"] != c.want {
			t.Errorf("%s: score is %v, want %v", name, scores["low"], c.want)
		}
	}
}

func TestRankWithRequestFeatures(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	for name, c := range map[string]struct {
		given map[string]*repliv1.RequestFeature
		want  map[string]float32
	}{
		"neither side has it": {map[string]*repliv1.RequestFeature{"boost": number(2)}, map[string]float32{"low": 2049, "noplace": 2732}},
		"over the user":       {map[string]*repliv1.RequestFeature{"u_a": integer(4)}, map[string]float32{"low": 51, "noplace": 734}},
		"over the items": {
			map[string]*repliv1.RequestFeature{"i_a": number(8), "place": number(2)},
			map[string]float32{"low": 256, "noplace": 240, "lacking": 246},
		},
		"not the model's": {map[string]*repliv1.RequestFeature{"weather": text("rain")}, map[string]float32{"low": 49, "noplace": 732}},
	} {
		in := request(ada, "low", "noplace", "lacking")
		in.RequestFeatures = c.given
		if _, scores := rank(t, s, in); !maps.Equal(scores, c.want) {
			t.Errorf("%s: scores are %v, want %v", name, scores, c.want)
		}
	}
	for name, c := range map[string]struct {
		feature string
		value   *repliv1.RequestFeature
		want    string
	}{
		"text":      {"boost", text("high"), "request_features.boost: is a text or nothing, expected a number"},
		"unset":     {"u_a", &repliv1.RequestFeature{}, "request_features.u_a: is a text or nothing"},
		"too large": {"i_a", number(1e39), "request_features.i_a: is 1e+39, expected a finite float32"},
		"NaN":       {"i_a", number(math.NaN()), "request_features.i_a: is NaN"},
		"half":      {"place", number(1.5), "request_features.place: is 1.5, expected a whole number"},
	} {
		in := request(ada, "low")
		in.RequestFeatures = map[string]*repliv1.RequestFeature{c.feature: c.value}
		_, err := s.Rank(t.Context(), in)
		if fault.Status(err).Code() != codes.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want INVALID_ARGUMENT with %s", name, err, c.want)
		}
	}
}

func TestRankRefusesRowsThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	for name, c := range map[string]struct {
		change func(*featurev1.Row)
		want   string
	}{
		"numbers":  {func(r *featurev1.Row) { r.Numbers = r.Numbers[1:] }, "user: 1 numbers, the schema has 2"},
		"integers": {func(r *featurev1.Row) { r.Integers = nil }, "user: 0 integers, the schema has 1"},
		"texts":    {func(r *featurev1.Row) { r.Texts = append(r.Texts, "") }, "user: 2 texts, the schema has 1"},
		"statuses": {func(r *featurev1.Row) { r.Statuses = nil }, "user: 0 statuses, the schema has 4"},
		"status":   {func(r *featurev1.Row) { r.Statuses[1] = 0 }, "user: statuses[1] is 0, expected 1 to 4"},
		"NaN":      {func(r *featurev1.Row) { r.Numbers[0] = float32(math.NaN()) }, "user: numbers[0] is NaN, expected a finite number"},
	} {
		row := itemstest.User(userSchema, values{"u_a": 2, "u_b": 3})
		c.change(row)
		_, err := s.Rank(t.Context(), request(row, "low"))
		if fault.Status(err).Code() != codes.InvalidArgument || err.Error() != c.want {
			t.Errorf("%s: error is %v, want INVALID_ARGUMENT with %s", name, err, c.want)
		}
	}
}

func TestRankSaysWhyItIsNotReady(t *testing.T) {
	t.Parallel()
	noDefault := onnxtest.Folder(
		strings.Replace(onnxtest.TinyManifest, `{"name": "u_a", "default": 1}`, `{"name": "u_a"}`, 1), onnxtest.Tiny("Identity").Encode())
	table := itemstest.Table(itemSchema, userSchema, 1, shop...)
	float := itemstest.Schema(12, itemstest.Column("place", itemstest.Float))
	texts := itemstest.Schema(22, itemstest.Column("u_a", itemstest.Text))
	stranger := itemstest.User(itemstest.Schema(99), nil)
	withText := itemstest.User(texts, nil)
	for name, c := range map[string]struct {
		send    []*featurev1.WatchItemsResponse
		request *rankingv1.RankRequest
		reason  string
		want    string
	}{
		"no table":         {nil, request(ada, "low"), "NOT_READY", "there is no item table yet"},
		"half a table":     {table[:2], request(ada, "low"), "NOT_READY", "there is no item table yet"},
		"unknown schema":   {table, request(stranger, "low"), "SCHEMA_MISMATCH", "schema 0000000000000063"},
		"no fingerprint":   {table, request(&featurev1.Row{}, "low"), "SCHEMA_MISMATCH", "schema 0000000000000000"},
		"float for int64":  {itemstest.Table(float, userSchema, 1), request(ada, "low"), "SCHEMA_MISMATCH", `feature "place" is DTYPE_FLOAT32`},
		"text for float32": {itemstest.Table(itemSchema, texts, 1), request(withText, "low"), "SCHEMA_MISMATCH", `feature "u_a" is DTYPE_STRING`},
		"new user":         {table, request(nil, "low"), "NO_DEFAULT", `feature "u_a" is missing and the manifest has no default`},
		"value missing":    {table, request(itemstest.User(userSchema, nil), "low"), "NO_DEFAULT", `feature "u_a"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, stream := start(t, Defaults(), noDefault)
			if c.send != nil {
				send(t, stream, c.send...)
			}
			_, err := s.Rank(t.Context(), c.request)
			if fault.Status(err).Code() != codes.FailedPrecondition || fault.Reason(err) != c.reason || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v (%s), want FAILED_PRECONDITION %s with %s", err, fault.Reason(err), c.reason, c.want)
			}
		})
	}
}

func TestRankNeverReturnsNaN(t *testing.T) {
	t.Parallel()
	s, stream := start(t, Defaults(), onnxtest.Folder(onnxtest.TinyManifest, onnxtest.Tiny("Log").Encode()))
	send(t, stream, itemstest.Table(itemSchema, userSchema, 1,
		itemstest.Item{ID: "nan", Values: values{"i_a": -1000, "i_b": 0, "place": 0}},
		itemstest.Item{ID: "inf", Values: values{"i_a": -34, "i_b": 0, "place": 0}},
		itemstest.Item{ID: "one", Values: values{"i_a": -33, "i_b": 0, "place": 0}})...)
	out, scores := rank(t, s, request(ada, "nan", "inf", "one", "nan"))
	if !maps.Equal(scores, map[string]float32{"one": 0}) || out.GetScored() != 1 || out.GetNonFinite() != 3 {
		t.Errorf("scores are %v, %d scored, %d not finite; want one: 0, 1, 3", scores, out.GetScored(), out.GetNonFinite())
	}
}

func TestGetModel(t *testing.T) {
	t.Parallel()
	s, stream := start(t, Defaults(), tinyBundle())
	before, err := s.GetModel(t.Context(), &rankingv1.GetModelRequest{})
	if err != nil || before.GetName() != "tiny" || before.GetVersion() != "1" || len(before.GetSha256()) != 64 ||
		before.GetEngine() != "plan" || before.GetTrainedAt().AsTime().Year() != 2024 ||
		before.GetRanksNewUsers() || before.GetItemCount() != 0 || isReady(s) {
		t.Errorf("before the table: %v, %v", before, err)
	}
	send(t, stream, itemstest.Table(itemSchema, userSchema, 1, shop...)...)
	after, err := s.GetModel(t.Context(), &rankingv1.GetModelRequest{})
	if err != nil || !after.GetRanksNewUsers() || after.GetItemCount() != uint64(len(shop)) || !isReady(s) {
		t.Errorf("with the table: %v, %v", after, err)
	}
	send(t, stream, itemstest.Heartbeat(1))
}

func isReady(s *Service) bool {
	select {
	case <-s.Ready():
		return true
	default:
		return false
	}
}
