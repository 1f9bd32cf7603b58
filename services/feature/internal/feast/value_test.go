package feast_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
)

func varint(field protowire.Number, n int64) string {
	return string(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(n)))
}

func double(n float64) string {
	return string(protowire.AppendFixed64(protowire.AppendTag(nil, 5, protowire.Fixed64Type), math.Float64bits(n)))
}

func float(n float32) string {
	return string(protowire.AppendFixed32(protowire.AppendTag(nil, 6, protowire.Fixed32Type), math.Float32bits(n)))
}

func data(field protowire.Number, b string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), b))
}

func TestDecode(t *testing.T) {
	t.Parallel()
	null := views.Value{Status: views.NullValue}
	number := func(n float32) views.Value { return views.Value{Status: views.Present, Number: n} }
	integer := func(n int64) views.Value { return views.Value{Status: views.Present, Integer: n} }
	text := func(s string) views.Value { return views.Value{Status: views.Present, Text: s} }
	list := func(s ...string) views.Value { return views.Value{Status: views.Present, Texts: s} }
	for _, c := range []struct {
		name  string
		dtype views.Dtype
		data  string
		want  views.Value
	}{
		{"float32 of float", views.Float32, float(1.5), number(1.5)},
		{"float32 of double", views.Float32, double(0.1), number(0.1)},
		{"float32 of int32", views.Float32, varint(3, -3), number(-3)},
		{"float32 of int64", views.Float32, varint(4, 1<<40), number(1 << 40)},
		{"float32 of bool", views.Float32, varint(7, 1), number(1)},
		{"float32 of time", views.Float32, varint(8, 10), number(10)},
		{"float32 zero", views.Float32, float(0), number(0)},
		{"int64 of int64", views.Int64, varint(4, math.MinInt64), integer(math.MinInt64)},
		{"int64 of int32", views.Int64, varint(3, -1), integer(-1)},
		{"int64 of time", views.Int64, varint(8, 1_500_000_000), integer(1_500_000_000)},
		{"int64 of whole double", views.Int64, double(-4), integer(-4)},
		{"int64 of whole float", views.Int64, float(8), integer(8)},
		{"int64 of bool", views.Int64, varint(7, 1), integer(1)},
		{"text", views.String, data(2, "früh"), text("früh")},
		{"empty text", views.String, data(2, ""), text("")},
		{"text of bytes", views.String, data(1, "raw"), text("raw")},
		{"list", views.StringList, data(12, data(1, "a")+data(1, "")+data(1, "b")), list("a", "", "b")},
		{"list of bytes", views.StringList, data(11, data(1, "a")), list("a")},
		{"empty list", views.StringList, data(12, ""), list()},
		{"nothing", views.Float32, "", null},
		{"null_val", views.String, varint(19, 0), null},
		{"NaN float", views.Float32, float(float32(math.NaN())), null},
		{"NaN double for int64", views.Int64, double(math.NaN()), null},
		{"the last member counts", views.Float32, varint(4, 9) + float(2), number(2)},
		{"unknown fields are skipped", views.Float32, float(2) + varint(99, 1), number(2)},
	} {
		got, err := feast.Decode("view", &views.Feature{Name: "f", Dtype: c.dtype}, c.data)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		dtype views.Dtype
		data  string
	}{
		{"infinity", views.Float32, float(float32(math.Inf(1)))},
		{"double beyond float32", views.Float32, double(1e300)},
		{"text for a number", views.Float32, data(2, "1.5")},
		{"list for a number", views.Int64, data(14, "\x01")},
		{"fraction for int64", views.Int64, double(0.5)},
		{"double beyond int64", views.Int64, double(math.MaxInt64)},
		{"infinity for int64", views.Int64, double(math.Inf(-1))},
		{"text for int64", views.Int64, data(2, "7")},
		{"number for text", views.String, varint(4, 1)},
		{"text that is not UTF-8", views.String, data(2, "\xff")},
		{"text for a list", views.StringList, data(2, "a")},
		{"list that is not UTF-8", views.StringList, data(12, data(1, "\xff"))},
		{"list of something else", views.StringList, data(12, varint(1, 1))},
		{"cut list", views.StringList, data(12, "\x0a\x05a")},
		{"wrong wire type", views.Float32, varint(6, 1)},
		{"cut value", views.Float32, float(1)[:3]},
		{"text instead of a message", views.String, "1.5"},
		{"field number 0", views.String, "\x00"},
	} {
		got, err := feast.Decode("stats", &views.Feature{Name: "ctr", Dtype: c.dtype}, c.data)
		if err == nil {
			t.Errorf("%s: got %+v, want an error", c.name, got)
			continue
		}
		if !strings.Contains(err.Error(), "stats") || !strings.Contains(err.Error(), "ctr") {
			t.Errorf("%s: %q does not name the view and the feature", c.name, err)
		}
	}
}

func TestEncodeIsFeasts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dtype views.Dtype
		value views.Value
		want  string
	}{
		{views.Float32, views.Value{Status: views.Present, Number: 1.5}, float(1.5)},
		{views.Float32, views.Value{Status: views.Present}, float(0)},
		{views.Int64, views.Value{Status: views.Present, Integer: -7}, varint(4, -7)},
		{views.String, views.Value{Status: views.Present, Text: "a"}, data(2, "a")},
		{views.String, views.Value{Status: views.Present}, data(2, "")},
		{views.StringList, views.Value{Status: views.Present, Texts: []string{"a", "b"}}, data(12, data(1, "a")+data(1, "b"))},
		{views.Float32, views.Value{Status: views.NullValue}, ""},
	} {
		if got := string(feast.Encode(c.dtype, c.value)); got != c.want {
			t.Errorf("%v %+v: %x, want %x", c.dtype, c.value, got, c.want)
		}
	}
}

// FuzzDecode checks that whatever is read can travel, and comes back the same when it is written.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", float(1), double(math.Inf(1)), varint(4, -1), data(2, "a"), data(12, data(1, "a")), "\xff"} {
		for dtype := views.Float32; dtype <= views.StringList; dtype++ {
			f.Add(uint8(dtype), seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, stored string) {
		feature := &views.Feature{Name: "f", Dtype: views.Dtype(kind%4 + 1)}
		value, err := feast.Decode("view", feature, stored)
		if err != nil {
			return
		}
		if value.Status != views.Present && value.Status != views.NullValue {
			t.Fatalf("status %v", value.Status)
		}
		if n := float64(value.Number); math.IsNaN(n) || math.IsInf(n, 0) || !utf8.ValidString(value.Text) {
			t.Fatalf("%+v cannot travel", value)
		}
		again, err := feast.Decode("view", feature, string(feast.Encode(feature.Dtype, value)))
		if err != nil || !reflect.DeepEqual(again, value) {
			t.Fatalf("written and read again: %+v, %v, want %+v", again, err, value)
		}
	})
}
