package dataset_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

const eventsCSV = "event_id,user_id,item_id,type,quantity,revenue,ts\n" +
	"e1,u1,1,purchase,2,1.880000,2017-01-01T12:30:27Z\n" +
	"e2,u2,2,purchase,0.5,9007199254740.993001,2017-01-01T12:30:27.25-05:00\n"

func events(t *testing.T, s dataset.Source) ([]dataset.EventRecord, []string) {
	t.Helper()
	var records []dataset.EventRecord
	var faults []string
	for record, err := range dataset.Events(t.Context(), shop(t), s) {
		if err != nil {
			faults = append(faults, err.Error())
		} else {
			records = append(records, record)
		}
	}
	return records, faults
}

func TestEventsOfEachFormat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, content string
		first         int64
	}{
		{"events.csv", eventsCSV, 2},
		{"events.jsonl", `{"event_id":"e1","user_id":"u1","item_id":1,"type":"purchase","quantity":2,"revenue":"1.88","ts":"2017-01-01T12:30:27Z"}
{"event_id":"e2","user_id":"u2","item_id":"2","type":"purchase","quantity":0.5,"revenue":9007199254740.993001,"ts":"2017-01-01T12:30:27.25-05:00"}`, 1},
		{"events.parquet", eventsParquet(t), 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, faults := events(t, source(t, tc.name, tc.content))
			if len(faults) > 0 {
				t.Fatalf("faults: %q", faults)
			}
			want := []dataset.EventRecord{
				{
					Position: dataset.Position{File: tc.name, Line: tc.first},
					Event: views.Event{
						ID: "e1", UserID: "u1", ItemID: "1", Type: "purchase", Quantity: 2,
						Revenue: views.Money{Currency: "USD", Micros: 1_880_000}, Time: time.Date(2017, 1, 1, 12, 30, 27, 0, time.UTC),
					},
				},
				{
					Position: dataset.Position{File: tc.name, Line: tc.first + 1},
					Event: views.Event{
						ID: "e2", UserID: "u2", ItemID: "2", Type: "purchase", Quantity: 0.5,
						Revenue: views.Money{Currency: "USD", Micros: 9_007_199_254_740_993_001}, Time: time.Date(2017, 1, 1, 17, 30, 27, 250e6, time.UTC),
					},
				},
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestEventFaults(t *testing.T) {
	t.Parallel()
	const line = "e2,u2,2,purchase,0.5,1.25,2017-01-01T12:30:27Z"
	cases := []struct{ name, replace, with, want string }{
		{"no id", "e2", "", "event_id: is null, expected UTF-8 text of 1 to 128 bytes"},
		{"long id", "e2", strings.Repeat("e", 129), "event_id: is \"" + strings.Repeat("e", 64) + "...\", expected UTF-8 text of 1 to 128 bytes"},
		{"no user", "u2", "", "user_id: is null, expected an id"},
		{"item not a key", ",2,", ",two,", "item_id: is not a plain 64-bit integer"},
		{"no type", "purchase", "", "type: is null, expected UTF-8 text of 1 to 64 bytes"},
		{"type not UTF-8", "purchase", "\xff", `type: is "\xff", expected UTF-8 text`},
		{"no quantity", "0.5", "0", `quantity: is "0", expected a finite number > 0`},
		{"negative quantity", "0.5", "-1", `quantity: is "-1", expected a finite number > 0`},
		{"quantity not a number", "0.5", "NaN", `quantity: is "NaN", expected a finite number > 0`},
		{"quantity endless", "0.5", "Inf", `quantity: is "Inf", expected a finite number > 0`},
		{"no revenue", "1.25", "", "revenue: is null, expected a decimal of at least 0 with at most 6 places"},
		{"negative revenue", "1.25", "-1.25", `revenue: is "-1.25", expected a decimal`},
		{"seven places", "1.25", "1.0000001", `revenue: is "1.0000001"`},
		{"exponent", "1.25", "1e3", `revenue: is "1e3"`},
		{"no whole part", "1.25", ".5", `revenue: is ".5"`},
		{"no places", "1.25", "5.", `revenue: is "5."`},
		{"two points", "1.25", "1.2.5", `revenue: is "1.2.5"`},
		{"too much", "1.25", "9223372036854.775808", `revenue: is "9223372036854.775808"`},
		{"far too much", "1.25", strings.Repeat("9", 30), `revenue: is "999`},
		{"currency sign", "1.25", "$1.25", `revenue: is "$1.25"`},
		{"no zone", "2017-01-01T12:30:27Z", "2017-01-01T12:30:27", `ts: is "2017-01-01T12:30:27", expected an RFC 3339 time`},
		{"year 0", "2017-01-01", "0000-01-01", `ts: is "0000-01-01T12:30:27Z", expected an RFC 3339 time`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			content := eventsCSV + strings.Replace(line, tc.replace, tc.with, 1) + "\n"
			got, faults := events(t, source(t, "e.csv", content))
			if len(got) != 2 || len(faults) != 1 || !strings.HasPrefix(faults[0], "e.csv:4: "+tc.want) {
				t.Errorf("got %d events and %q, want 2 and %q", len(got), faults, tc.want)
			}
		})
	}
}

func TestMostMoney(t *testing.T) {
	t.Parallel()
	got, faults := events(t, source(t, "e.csv", strings.ReplaceAll(eventsCSV, "1.880000", "9223372036854.7758070")))
	if len(faults) > 0 || got[0].Event.Revenue.Micros != 9223372036854775807 {
		t.Errorf("got %v, faults %q", got, faults)
	}
}

func TestEventsUndeclared(t *testing.T) {
	t.Parallel()
	project := *shop(t)
	project.Events = nil
	n := 0
	for _, err := range dataset.Events(t.Context(), &project, source(t, "e.csv", eventsCSV)) {
		n++
		if !errors.Is(err, dataset.ErrNoEvents) {
			t.Errorf("got %v, want %v", err, dataset.ErrNoEvents)
		}
	}
	if n != 1 {
		t.Errorf("%d steps, want 1", n)
	}
	_, faults := events(t, source(t, "e.csv", "event_id,user_id\n"))
	if len(faults) != 1 || faults[0] != "e.csv: item_id: is not there, expected it among the columns event_id, user_id" {
		t.Errorf("faults %q", faults)
	}
}
