package dataset_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

const shopYAML = `
project: demo
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: int64}
views:
  - name: user_stats
    entity: user
    event_time: seen
    features:
      - {name: u_lines, dtype: float32, range: [0, 100]}
      - {name: u_age, dtype: int64, nullable: true}
      - {name: segment, dtype: string, nullable: true, role: segment}
      - {name: picks, dtype: string_list, nullable: true, role: candidates}
  - name: user_taste
    entity: user
    features:
      - {name: u_taste, dtype: float32, nullable: true}
  - name: item_stats
    entity: item
    features:
      - {name: i_price, dtype: float32}
events: {id: event_id, user: user_id, item: item_id, type: type, quantity: quantity, revenue: revenue, currency: USD, time: ts}
`

func shop(t testing.TB) *views.Project {
	t.Helper()
	project, err := views.Parse("views.yaml", []byte(shopYAML))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// view returns views of the shop by name.
func view(t testing.TB, project *views.Project, names ...string) []*views.View {
	t.Helper()
	var of []*views.View
	for _, name := range names {
		view, ok := project.View(name)
		if !ok {
			t.Fatalf("no view %s", name)
		}
		of = append(of, view)
	}
	return of
}

// source returns a file of the given content.
func source(t testing.TB, name, content string) dataset.Source {
	t.Helper()
	s, err := dataset.FromFS(fstest.MapFS{name: {Data: []byte(content)}}, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read gathers the rows, in copies, and the errors.
func read(t testing.TB, s dataset.Source, names ...string) ([]dataset.Record, []string) {
	t.Helper()
	project := shop(t)
	var records []dataset.Record
	var faults []string
	for record, err := range dataset.Rows(t.Context(), project, s, view(t, project, names...)...) {
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		record.Row.Values = slices.Clone(record.Row.Values)
		records = append(records, record)
	}
	return records, faults
}

func number(v float32) views.Value  { return views.Value{Status: views.Present, Number: v} }
func integer(v int64) views.Value   { return views.Value{Status: views.Present, Integer: v} }
func text(v string) views.Value     { return views.Value{Status: views.Present, Text: v} }
func texts(v ...string) views.Value { return views.Value{Status: views.Present, Texts: v} }
func null() views.Value             { return views.Value{Status: views.NullValue} }
func zip(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	usersCSV = "user_id,other,segment,u_lines,u_age,seen,picks,u_taste\n" +
		"7,x,heavy,3.5,40,2026-01-02T03:04:05+01:00,a|b,-1e-3\n" +
		"ж,,,0,,2026-01-02T03:04:05.5Z,,\n"
	usersJSON = `{"user_id":7,"other":{"x":[]},"segment":"heavy","u_lines":3.5,"u_age":40,"seen":"2026-01-02T03:04:05+01:00","picks":["a","b"],"u_taste":-1e-3}` +
		"\n\n" + `{"seen":"2026-01-02T03:04:05.5Z","u_taste":null,"user_id":"ж","segment":null,"u_lines":0,"u_age":null,"picks":null}` + "\n"
)

func TestRowsOfEachFormat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, content string
		lines         [2]int64
	}{
		{"users.csv", usersCSV, [2]int64{2, 3}},
		{"users.csv.gz", zip(t, usersCSV), [2]int64{2, 3}},
		{"marked.csv", "\ufeff" + usersCSV, [2]int64{2, 3}},
		{"windows.CSV", strings.ReplaceAll(usersCSV, "\n", "\r\n"), [2]int64{2, 3}},
		{"users.jsonl", usersJSON, [2]int64{1, 3}},
		{"users.ndjson.gz", zip(t, usersJSON), [2]int64{1, 3}},
		{"users.parquet", usersParquet(t), [2]int64{1, 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, faults := read(t, source(t, tc.name, tc.content), "user_stats", "user_taste")
			if len(faults) > 0 {
				t.Fatalf("faults: %q", faults)
			}
			of := view(t, shop(t), "user_stats", "user_taste")
			at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			want := []dataset.Record{
				{View: of[0], Row: views.Row{EntityID: "7", EventTime: at.Add(-time.Hour), Values: []views.Value{number(3.5), integer(40), text("heavy"), texts("a", "b")}}},
				{View: of[1], Row: views.Row{EntityID: "7", Values: []views.Value{number(-1e-3)}}},
				{View: of[0], Row: views.Row{EntityID: "ж", EventTime: at.Add(time.Second / 2), Values: []views.Value{number(0), null(), null(), null()}}},
				{View: of[1], Row: views.Row{EntityID: "ж", Values: []views.Value{null()}}},
			}
			for i := range want {
				want[i].Position = dataset.Position{File: tc.name, Line: tc.lines[i/2]}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestRowsFaults(t *testing.T) {
	t.Parallel()
	const head = "user_id,seen,u_lines,u_age,segment,picks\n"
	const good = "1,2026-01-02T03:04:05Z,1,2,s,a\n"
	json := func(change string) string {
		object := `{"user_id":"1","seen":"2026-01-02T03:04:05Z","u_lines":1,"u_age":2,"segment":"s","picks":["a"]}` + "\n"
		from, to, _ := strings.Cut(change, " -> ")
		return object + strings.Replace(object, from, to, 1) + object
	}
	cases := []struct {
		name, file, content string
		rows                int
		want                []string
	}{
		{"text in a number", "u.csv", head + good + "2,2026-01-02T03:04:05Z,abc,2,s,a\n" + good, 2, []string{`u.csv:3: u_lines: is "abc", expected float32`}},
		{"space in a number", "u.csv", head + "2,2026-01-02T03:04:05Z, 1,2,s,a\n", 0, []string{`u.csv:2: u_lines: is " 1", expected float32`}},
		{"out of range", "u.csv", head + "2,2026-01-02T03:04:05Z,101,2,s,a\n", 0, []string{`u.csv:2: u_lines: is 101, expected within [0, 100]`}},
		{"not finite", "u.csv", head + "2,2026-01-02T03:04:05Z,NaN,2,s,a\n3,2026-01-02T03:04:05Z,-Inf,2,s,a\n", 0, []string{
			`u.csv:2: u_lines: is NaN, expected a finite float32`, `u.csv:3: u_lines: is -Inf, expected a finite float32`,
		}},
		{"beyond float32", "u.csv", head + "2,2026-01-02T03:04:05Z,1e39,2,s,a\n", 0, []string{`u.csv:2: u_lines: is "1e39", expected float32`}},
		{"null", "u.csv", head + "2,2026-01-02T03:04:05Z,,2,s,a\n", 0, []string{`u.csv:2: u_lines: is null, expected float32`}},
		{"fraction in an integer", "u.csv", head + "2,2026-01-02T03:04:05Z,1,2.0,s,a\n", 0, []string{`u.csv:2: u_age: is "2.0", expected int64`}},
		{"beyond int64", "u.csv", head + "2,2026-01-02T03:04:05Z,1,9223372036854775808,s,a\n", 0, []string{`u.csv:2: u_age: is "9223372036854775808", expected int64`}},
		{"text not UTF-8", "u.csv", head + "2,2026-01-02T03:04:05Z,1,2,\xff,a\n", 0, []string{`u.csv:2: segment: is "\xff", expected valid UTF-8`}},
		{"long text", "u.csv", head + "2,2026-01-02T03:04:05Z,1,2," + strings.Repeat("x", 65) + ",a\n", 0, []string{`u.csv:2: segment: has 65 bytes, expected at most 64`}},
		{"empty text in a list", "u.csv", head + "2,2026-01-02T03:04:05Z,1,2,s,a||b\n", 0, []string{`u.csv:2: picks: [1] is empty, expected 1 to 128 bytes`}},
		{"not a time", "u.csv", head + "2,yesterday,1,2,s,a\n", 0, []string{`u.csv:2: seen: is "yesterday", expected an RFC 3339 time such as 2026-01-02T15:04:05Z`}},
		{"no time", "u.csv", head + "2,,1,2,s,a\n", 0, []string{`u.csv:2: seen: is null, expected an RFC 3339 time`}},
		{"no id", "u.csv", head + ",2026-01-02T03:04:05Z,1,2,s,a\n", 0, []string{`u.csv:2: user_id: is null, expected an id`}},
		{"several in one record", "u.csv", head + "2,2026-01-02T03:04:05Z,x,y,s,a\n" + good, 1, []string{`u.csv:2: u_lines: is "x"`, `u.csv:2: u_age: is "y"`}},
		{"field too many", "u.csv", head + "2,2026-01-02T03:04:05Z,1,2,s,a,b\n" + good, 1, []string{`u.csv:2: has 7 fields, expected 6 as in the header`}},
		{"line of a quoted record", "u.csv", head + "1,2026-01-02T03:04:05Z,1,2,\"s\nt\",a\n2,2026-01-02T03:04:05Z,x,2,s,a\n", 1, []string{`u.csv:4: u_lines: is "x"`}},
		{"bare quote", "u.csv", head + good + "2,2026-01-02T03:04:05Z,1,2,s\"s,a\n" + good, 1, []string{`u.csv:3: is not CSV: bare " in non-quoted-field`}},
		{"quote never closed", "u.csv", head + good + "2,2026-01-02T03:04:05Z,1,2,\"s,a\n" + strings.Repeat(good, 600_000), 1, []string{
			`u.csv:2: is followed by a record of more than 16777216 bytes, expected less; is a quote not closed?`,
		}},
		{"column missing", "u.csv", "user_id,seen,u_lines,u_agee,segment,picks\n" + good, 0, []string{
			`u.csv: u_age: is not there, expected it among the columns user_id, seen, u_lines, u_agee, segment, picks`,
		}},
		{"key missing", "u.csv", "user,seen,u_lines,u_age,segment,picks\n", 0, []string{`u.csv: user_id: is not there`}},
		{"column twice", "u.csv", "user_id,seen,u_lines,u_age,segment,picks,u_age\n", 0, []string{`u.csv: u_age: is there twice, expected a column once`}},
		{"empty", "u.csv", "", 0, []string{`u.csv: is empty, expected a line of column names`}},
		{"header only", "u.csv", head, 0, nil},
		{"many columns", "u.csv", strings.Repeat("x", 3) + strings.Repeat(",", 70) + "\n", 0, []string{`is there twice`}},

		{"JSON text in a number", "u.jsonl", json(`"u_lines":1 -> "u_lines":"1"`), 2, []string{`u.jsonl:2: u_lines: is "1", expected float32`}},
		{"JSON beyond float32", "u.jsonl", json(`"u_lines":1 -> "u_lines":1e39`), 2, []string{`u.jsonl:2: u_lines: is 1e39, expected float32`}},
		{"JSON fraction", "u.jsonl", json(`"u_age":2 -> "u_age":2.5`), 2, []string{`u.jsonl:2: u_age: is 2.5, expected int64`}},
		{"JSON number in text", "u.jsonl", json(`"segment":"s" -> "segment":5`), 2, []string{`u.jsonl:2: segment: is 5, expected string`}},
		{"JSON truth", "u.jsonl", json(`"segment":"s" -> "segment":true`), 2, []string{`u.jsonl:2: segment: is true, expected string`}},
		{"JSON object", "u.jsonl", json(`"segment":"s" -> "segment":{}`), 2, []string{`u.jsonl:2: segment: is an object, expected string`}},
		{"JSON text for a list", "u.jsonl", json(`["a"] -> "a|b"`), 2, []string{`u.jsonl:2: picks: is "a|b", expected string_list`}},
		{"JSON list of numbers", "u.jsonl", json(`["a"] -> ["a",1]`), 2, []string{`u.jsonl:2: picks: is a list that holds more than texts, expected string_list`}},
		{"JSON list of null", "u.jsonl", json(`["a"] -> [null]`), 2, []string{`u.jsonl:2: picks: is a list that holds null, expected string_list`}},
		{"JSON list for text", "u.jsonl", json(`"segment":"s" -> "segment":["s"]`), 2, []string{`u.jsonl:2: segment: is a list of 1, expected string`}},
		{"JSON id with fraction", "u.jsonl", json(`"user_id":"1" -> "user_id":1.5`), 2, []string{`u.jsonl:2: user_id: is a number that is not whole, expected text or a whole number`}},
		{"JSON id of another kind", "u.jsonl", json(`"user_id":"1" -> "user_id":[]`), 2, []string{`u.jsonl:2: user_id: is neither text nor a whole number, expected an id`}},
		{"JSON key absent later", "u.jsonl", json(`"u_age":2 -> "u_agee":2`), 2, []string{`u.jsonl:2: u_age: is not there, expected int64`}},
		{"JSON key twice", "u.jsonl", json(`"u_age":2 -> "u_age":2,"u_age":3`), 2, []string{`u.jsonl:2: has the key "u_age" twice, expected it once`}},
		{"JSON not an object", "u.jsonl", json(`{"user_id":"1" -> ["user_id","1"`), 2, []string{`u.jsonl:2: is not a JSON object`}},
		{"JSON broken", "u.jsonl", json(`"u_age":2, -> "u_age":,`), 2, []string{`u.jsonl:2: is not a JSON object: invalid character ','`}},
		{"JSON cut short", "u.jsonl", json(`["a"]} -> ["a"]`), 2, []string{`u.jsonl:2: is not a JSON object: `}},
		{"JSON two objects", "u.jsonl", json(`["a"]} -> ["a"]}{}`), 2, []string{`u.jsonl:2: goes on after the JSON object`}},
		{"JSON not UTF-8", "u.jsonl", json("\"s\" -> \"\xff\""), 2, []string{`u.jsonl:2: is not valid UTF-8`}},
		{"JSON line too long", "u.jsonl", json(`"s" -> "` + strings.Repeat("x", 17<<20) + `"`), 1, []string{`u.jsonl:2: has more than 16777216 bytes`}},
		{"JSON key missing", "u.jsonl", `{"user_id":"1"}`, 0, []string{`u.jsonl: seen: is not there, expected it among the columns user_id`}},
		{"JSON empty", "u.jsonl", "\n\n", 0, []string{`u.jsonl: is empty, expected one JSON object a line`}},
		{"not gzip", "u.csv.gz", head, 0, []string{`u.csv.gz: gzip: invalid header`}},
		{"gzip cut short", "u.csv.gz", zip(t, head+good)[:30], 0, []string{`u.csv.gz: unexpected EOF`}},
		{"not Parquet", "u.parquet", head + good, 0, []string{`u.parquet: is damaged, expected Parquet: its footer says`}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rows, faults := read(t, source(t, tc.file, tc.content), "user_stats")
			if len(rows) != tc.rows || len(faults) != len(tc.want) {
				t.Fatalf("got %d rows and faults %.500q, want %d and %q", len(rows), faults, tc.rows, tc.want)
			}
			for i, fault := range faults {
				if !strings.Contains(fault, tc.want[i]) {
					t.Errorf("fault %.500q, want %q in it", fault, tc.want[i])
				}
			}
		})
	}
}

func TestFaultsHoldNoID(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("secret", 50)
	_, faults := read(t, source(t, "u.csv", "user_id,u_taste\n"+secret+",1\nsecret\xff,1\nsecret,x\n"), "user_taste")
	want := []string{
		"u.csv:2: user_id: has 300 bytes, expected 1 to 256", "u.csv:3: user_id: is not valid UTF-8",
		`u.csv:4: u_taste: is "x", expected float32`,
	}
	if !slices.Equal(faults, want) {
		t.Errorf("got %q, want %q", faults, want)
	}
	_, faults = read(t, source(t, "i.csv", "item_id,i_price\nsecret,1\n"), "item_stats")
	if want := []string{"i.csv:2: item_id: is not a plain 64-bit integer, expected one such as 42"}; !slices.Equal(faults, want) {
		t.Errorf("got %q, want %q", faults, want)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.csv", "a.txt", "a.parquet.gz"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(usersCSV), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := dataset.Open(filepath.Join(dir, "a.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, faults := read(t, s, "user_stats"); len(rows) != 2 || len(faults) > 0 || s.Name() != filepath.Join(dir, "a.csv") {
		t.Errorf("%s: %d rows, faults %q", s.Name(), len(rows), faults)
	}
	for name, want := range map[string]string{
		"a.txt": "has an unknown extension", "a.parquet.gz": "has an unknown extension",
		"none.csv": "no such file", "folder.csv": "expected a regular file",
	} {
		if _, err := dataset.Open(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if _, err := dataset.FromFS(fstest.MapFS{}, "none.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(content string) dataset.Digest {
		d, err := source(t, "a.csv", content).Digest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first, again, other := digest("abc"), digest("abc"), digest("abd")
	if first != again || first == other || first.Size != 3 {
		t.Errorf("digests are %v, %v of the same and %v of another content", first, again, other)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source(t, "a.csv", "a").Digest(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	project := shop(t)
	for name, content := range map[string]string{
		"u.csv": usersCSV, "u.csv.gz": zip(t, usersCSV), "u.jsonl": usersJSON, "u.parquet": usersParquet(t),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		n := 0
		for _, err := range dataset.Rows(ctx, project, source(t, name, content), view(t, project, "user_taste")...) {
			n++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d steps, want 1", name, n)
		}
	}
}

func TestStopsEarly(t *testing.T) {
	t.Parallel()
	project := shop(t)
	for _, content := range []string{usersCSV, "user_id,u_taste\n1,x\n2,x\n"} {
		n := 0
		for _, err := range dataset.Rows(t.Context(), project, source(t, "u.csv", content), view(t, project, "user_taste")...) {
			n++
			if wrong := content != usersCSV; (err != nil) != wrong {
				t.Errorf("got %v, want an error: %t", err, wrong)
			}
			break
		}
		if n != 1 {
			t.Errorf("%d steps, want 1", n)
		}
	}
	for _, err := range dataset.Rows(t.Context(), project, source(t, "u.csv", usersCSV)) {
		t.Errorf("no views: a step with %v, want none", err)
	}
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	project := shop(t)
	for content, want := range map[string][]string{
		usersCSV: {"user_stats", "user_taste"}, "user_id,u_taste\n": {"user_taste"}, "u_age\n": {"user_stats"},
	} {
		fed, err := dataset.Feeds(t.Context(), project, views.User, source(t, "u.csv", content))
		if err != nil || !slices.Equal(fed, view(t, project, want...)) {
			t.Errorf("%q feeds %v, %v, want %v", content, fed, err, want)
		}
	}
	_, err := dataset.Feeds(t.Context(), project, views.User, source(t, "u.csv", "user_id,i_price\n"))
	var fault *dataset.Fault
	if !errors.As(err, &fault) || err.Error() != "u.csv: has the columns user_id, i_price, expected features of user_stats, user_taste" {
		t.Errorf("got %v", err)
	}
}

func BenchmarkRowsCSV(b *testing.B) {
	var content strings.Builder
	content.WriteString("user_id,seen,u_lines,u_age,segment,picks\n")
	for i := range 10_000 {
		fmt.Fprintf(&content, "%d,2026-01-02T03:04:05Z,1.25,%d,s,\n", i, i%90)
	}
	project := shop(b)
	s := source(b, "u.csv", content.String())
	of := view(b, project, "user_stats")
	b.ReportAllocs()
	b.SetBytes(int64(content.Len()))
	for b.Loop() {
		for _, err := range dataset.Rows(b.Context(), project, s, of...) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
