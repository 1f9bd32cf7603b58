package feature

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

const (
	present  = byte(featurev1.ValueStatus_VALUE_STATUS_PRESENT)
	null     = byte(featurev1.ValueStatus_VALUE_STATUS_NULL_VALUE)
	notFound = byte(featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND)
	outdated = byte(featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE)
)

func TestGetUser(t *testing.T) {
	t.Parallel()
	s := newService(t, memoryConfig())
	client := serve(t, s)
	write := writes(t, client)
	write.must(t, "user_stats",
		row("full", values{"lines": num(2.5), "orders": whole(-7)}),
		row("nulls", values{"lines": {}, "orders": whole(0)}))
	old := row("old", values{"lines": num(1), "orders": whole(1)})
	old.EventTime = timestamppb.New(noon.Add(-2 * time.Hour))
	write.must(t, "user_stats", old)
	later := row("full", values{"segment": text("early"), "picks": texts("i2", "i1")})
	later.EventTime = timestamppb.New(noon.Add(time.Hour))
	write.must(t, "user_kind", later, row("old", values{"segment": text("late")}))

	for _, c := range []struct {
		id       string
		status   featurev1.UserStatus
		number   float32
		integer  int64
		statuses []byte
		segment  string
		picks    []string
		outdated []string
		at       time.Time
	}{
		{"full", featurev1.UserStatus_USER_STATUS_FOUND, 2.5, -7, []byte{present, present, present}, "early", []string{"i2", "i1"}, nil, noon},
		{"nulls", featurev1.UserStatus_USER_STATUS_FOUND, 0, 0, []byte{null, present, notFound}, "", nil, nil, noon},
		{"old", featurev1.UserStatus_USER_STATUS_FOUND, 0, 0, []byte{outdated, outdated, present}, "late", nil, []string{"user_stats"}, noon.Add(-2 * time.Hour)},
		{"new", featurev1.UserStatus_USER_STATUS_NOT_FOUND, 0, 0, []byte{notFound, notFound, notFound}, "", nil, nil, time.Time{}},
	} {
		got, err := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: c.id})
		if err != nil {
			t.Fatalf("%s: %v", c.id, err)
		}
		row := got.GetRow()
		if got.GetStatus() != c.status || !slices.Equal(row.GetStatuses(), c.statuses) ||
			!slices.Equal(row.GetNumbers(), []float32{c.number}) || !slices.Equal(row.GetIntegers(), []int64{c.integer}) ||
			!slices.Equal(row.GetTexts(), []string{c.segment}) || got.GetSegment() != c.segment {
			t.Errorf("%s: %v", c.id, got)
		}
		if !slices.Equal(got.GetCandidateItemIds(), c.picks) || !slices.Equal(got.GetOutsideMaxAgeViews(), c.outdated) {
			t.Errorf("%s: candidates %v, outdated %v", c.id, got.GetCandidateItemIds(), got.GetOutsideMaxAgeViews())
		}
		if (got.GetEventTime() == nil) != c.at.IsZero() || !c.at.IsZero() && !got.GetEventTime().AsTime().Equal(c.at) {
			t.Errorf("%s: event time %v, want %v", c.id, got.GetEventTime(), c.at)
		}
		if row.GetSchemaFingerprint() != s.form.rows.Schema().GetFingerprint() {
			t.Errorf("%s: fingerprint %x", c.id, row.GetSchemaFingerprint())
		}
	}
	_, err := client.GetUser(t.Context(), &featurev1.GetUserRequest{})
	expect(t, err, codes.InvalidArgument, "")
}

func TestWriteRowsWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	client := serve(t, newService(t, memoryConfig()))
	write := writes(t, client)
	good := row("good", values{"lines": num(1), "orders": whole(1)})
	for name, c := range map[string]struct {
		view string
		row  *featurev1.WriteRow
		code codes.Code
		says []string
	}{
		"unknown view":     {"no_view", good, codes.NotFound, []string{"no_view"}},
		"unknown feature":  {"user_stats", row("x", values{"line": num(1)}), codes.InvalidArgument, []string{"rows[1]", "line", "user_stats"}},
		"wrong kind":       {"user_stats", row("x", values{"lines": whole(1)}), codes.InvalidArgument, []string{"rows[1]", "lines", "int64", "float32"}},
		"out of range":     {"user_stats", row("x", values{"lines": num(-1)}), codes.InvalidArgument, []string{"rows[1]", "lines", "-1"}},
		"beyond float32":   {"user_stats", row("x", values{"lines": num(1e300)}), codes.InvalidArgument, []string{"rows[1]", "lines", "finite"}},
		"null not allowed": {"item_stats", row("x", values{"aisle": text("a")}), codes.InvalidArgument, []string{"popularity", "null"}},
		"no id":            {"user_stats", row("", nil), codes.InvalidArgument, []string{"entity_id"}},
		"impossible time":  {"user_stats", &featurev1.WriteRow{EntityId: "x", EventTime: &timestamppb.Timestamp{Nanos: -1}}, codes.InvalidArgument, []string{"event_time"}},
		"item id too long": {"item_stats", row(string(make([]byte, 129)), values{"popularity": num(1)}), codes.InvalidArgument, []string{"entity_id", "128"}},
	} {
		err := write(c.view, good, c.row)
		expect(t, err, c.code, "")
		for _, word := range c.says {
			if !contains(err, word) {
				t.Errorf("%s: %v does not say %s", name, err, word)
			}
		}
	}
	got, err := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "good"})
	if err != nil || got.GetStatus() != featurev1.UserStatus_USER_STATUS_NOT_FOUND {
		t.Fatalf("a row of a refused request was written: %v, %v", got, err)
	}
	write.must(t, "user_stats", good)
	first, _ := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "good"})
	write.must(t, "user_stats", good)
	second, _ := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "good"})
	if !reflect.DeepEqual(first.GetRow().GetNumbers(), second.GetRow().GetNumbers()) || !first.GetEventTime().AsTime().Equal(second.GetEventTime().AsTime()) {
		t.Fatalf("writing again changed %v to %v", first, second)
	}
}
