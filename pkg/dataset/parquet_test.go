package dataset_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/repli-mesh/repli/pkg/dataset"
)

// parquetFile writes rows into row groups of two.
func parquetFile[T any](t testing.TB, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.MaxRowsPerRowGroup(2))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func pointer[T any](v T) *T { return &v }

type userRow struct {
	UserID  string             `parquet:"user_id"`
	Nested  struct{ A, B int } `parquet:"nested"`
	Segment *string            `parquet:"segment,optional,dict"`
	Lines   float64            `parquet:"u_lines"`
	Age     *int32             `parquet:"u_age,optional"`
	Seen    time.Time          `parquet:"seen,timestamp(millisecond)"`
	Picks   []string           `parquet:"picks,optional,list"`
	Taste   *float32           `parquet:"u_taste,optional"`
}

func usersParquet(t testing.TB) string {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return parquetFile(t,
		userRow{
			UserID: "7", Segment: pointer("heavy"), Lines: 3.5, Age: pointer(int32(40)), Seen: at.Add(-time.Hour),
			Picks: []string{"a", "b"}, Taste: pointer(float32(-1e-3)),
		},
		userRow{UserID: "ж", Seen: at.Add(time.Second / 2)},
	)
}

type eventRow struct {
	EventID  string    `parquet:"event_id"`
	UserID   string    `parquet:"user_id"`
	ItemID   int64     `parquet:"item_id"`
	Type     string    `parquet:"type,enum"`
	Quantity float32   `parquet:"quantity"`
	Revenue  int64     `parquet:"revenue,decimal(6:18)"`
	TS       time.Time `parquet:"ts,timestamp(nanosecond)"`
}

func eventsParquet(t testing.TB) string {
	return parquetFile(t,
		eventRow{"e1", "u1", 1, "purchase", 2, 1_880_000, time.Date(2017, 1, 1, 12, 30, 27, 0, time.UTC)},
		eventRow{"e2", "u2", 2, "purchase", 0.5, 9_007_199_254_740_993_001, time.Date(2017, 1, 1, 17, 30, 27, 250e6, time.UTC)},
	)
}

func TestParquetManyRowGroups(t *testing.T) {
	t.Parallel()
	type row struct {
		UserID int64   `parquet:"user_id"`
		Taste  float64 `parquet:"u_taste"`
	}
	rows := make([]row, 1001)
	for i := range rows {
		rows[i] = row{int64(i), float64(i) / 2}
	}
	got, faults := read(t, source(t, "u.parquet", parquetFile(t, rows...)), "user_taste")
	if len(faults) > 0 || len(got) != len(rows) {
		t.Fatalf("%d rows, faults %q", len(got), faults)
	}
	for i, record := range got {
		if record.Row.EntityID != fmt.Sprint(i) || record.Row.Values[0].Number != float32(i)/2 || record.Line != int64(i+1) {
			t.Fatalf("row %d is %+v", i, record)
		}
	}
}

func TestParquetLists(t *testing.T) {
	t.Parallel()
	type row struct {
		UserID string    `parquet:"user_id"`
		Lines  int32     `parquet:"u_lines"`
		Age    uint8     `parquet:"u_age"`
		Seen   string    `parquet:"seen"`
		Seg    string    `parquet:"segment"`
		Picks  []*string `parquet:"picks,list"`
	}
	many := make([]*string, 300) // more than are decoded at once
	for i := range many {
		many[i] = pointer(fmt.Sprint(i))
	}
	good := row{UserID: "1", Age: 255, Seen: "2026-01-02T03:04:05Z", Seg: "s"}
	lists := [][]*string{{}, {pointer("a")}, many, {pointer("a"), pointer("b")}, {}}
	rows := make([]row, len(lists), len(lists)+1)
	for i, picks := range lists {
		rows[i] = good
		rows[i].Picks = picks
	}
	got, faults := read(t, source(t, "u.parquet", parquetFile(t, rows...)), "user_stats")
	if len(faults) > 0 || len(got) != len(rows) {
		t.Fatalf("%d rows, faults %q", len(got), faults)
	}
	for i, record := range got {
		picks := record.Row.Values[3].Texts
		if picks == nil || len(picks) != len(lists[i]) || record.Row.Values[1].Integer != 255 {
			t.Fatalf("row %d is %+v", i, record.Row)
		}
		for j := range picks {
			if picks[j] != *lists[i][j] {
				t.Errorf("row %d: text %d is %q, want %q", i, j, picks[j], *lists[i][j])
			}
		}
	}
	good.Picks = []*string{pointer("a"), nil}
	_, faults = read(t, source(t, "u.parquet", parquetFile(t, append(rows, good)...)), "user_stats")
	if len(faults) != 1 || faults[0] != "u.parquet:6: picks: is a list that holds null, expected string_list" {
		t.Errorf("faults %q", faults)
	}
}

func TestParquetFaults(t *testing.T) {
	t.Parallel()
	type wrongText struct {
		UserID string `parquet:"user_id"`
		Taste  string `parquet:"u_taste"`
	}
	type wrongTruth struct {
		UserID string `parquet:"user_id"`
		Taste  bool   `parquet:"u_taste"`
	}
	type wrongDouble struct {
		UserID string  `parquet:"user_id"`
		Taste  float64 `parquet:"u_taste"`
	}
	type wrongGroup struct {
		UserID string             `parquet:"user_id"`
		Taste  struct{ A, B int } `parquet:"u_taste"`
	}
	type inner struct{ X []float64 }
	type wrongLists struct {
		UserID string  `parquet:"user_id"`
		Taste  []inner `parquet:"u_taste"`
	}
	type wrongBytes struct {
		UserID string   `parquet:"user_id"`
		Taste  [16]byte `parquet:"u_taste,uuid"`
	}
	type wrongDay struct {
		UserID string `parquet:"user_id"`
		Taste  int32  `parquet:"u_taste,date"`
	}
	type wrongNumbers struct {
		UserID string    `parquet:"user_id"`
		Taste  []float64 `parquet:"u_taste,list"`
	}
	for _, tc := range []struct{ name, content, want string }{
		{"text", parquetFile(t, wrongText{"1", "1"}), `u.parquet:1: u_taste: is "1", expected float32`},
		{"truth", parquetFile(t, wrongTruth{"1", true}), `u.parquet:1: u_taste: is true, expected float32`},
		{"beyond float32", parquetFile(t, wrongDouble{"1", 1e39}), `u.parquet:1: u_taste: is 1e+39, expected float32`},
		{"group", parquetFile(t, wrongGroup{}), `u.parquet: u_taste: is a group, expected a flat column or a list of texts`},
		{"lists", parquetFile(t, wrongLists{"1", []inner{{[]float64{1}}}}), `u.parquet: u_taste: is a list of lists, expected a flat column`},
		{"bytes", parquetFile(t, wrongBytes{}), `u.parquet: u_taste: is of the type UUID, expected a number, text or a time`},
		{"day", parquetFile(t, wrongDay{}), `u.parquet: u_taste: is of the type DATE, expected a number, text or a time`},
		{"numbers", parquetFile(t, wrongNumbers{"1", []float64{1}}), `u.parquet:1: u_taste: is a list that holds more than texts, expected float32`},
		{"missing", parquetFile(t, struct{ A, B int }{}), `u.parquet: user_id: is not there, expected it among the columns A, B`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rows, faults := read(t, source(t, "u.parquet", tc.content), "user_taste")
			if len(rows) != 0 || len(faults) != 1 || !strings.HasPrefix(faults[0], tc.want) {
				t.Errorf("got %v and %q, want %q", rows, faults, tc.want)
			}
		})
	}
}

// Whatever is damaged in a file is an error or wrong values, never a panic.
func TestParquetDamaged(t *testing.T) {
	t.Parallel()
	good := usersParquet(t)
	for length := range len(good) {
		if _, faults := read(t, source(t, "u.parquet", good[:length]), "user_stats", "user_taste"); len(faults) == 0 {
			t.Errorf("%d of %d bytes: no fault", length, len(good))
		}
	}
	for i := range len(good) {
		damaged := []byte(good)
		damaged[i] ^= 0xff
		read(t, source(t, "u.parquet", string(damaged)), "user_stats", "user_taste")
	}
}

func TestParquetFromEmbeddedFS(t *testing.T) {
	t.Parallel()
	s, err := dataset.FromFS(fstest.MapFS{"data/u.parquet": {Data: []byte(usersParquet(t))}}, "data/u.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if rows, faults := read(t, s, "user_taste"); len(rows) != 2 || len(faults) > 0 {
		t.Errorf("%d rows, faults %q", len(rows), faults)
	}
}
