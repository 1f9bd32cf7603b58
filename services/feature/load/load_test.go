package load_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/load"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for _, cfg := range []load.Config{load.Defaults(), config(1, 1), config(7, 3), config(5000, 64)} {
		r := newRecorder()
		var told []load.Progress
		report, err := load.Run(t.Context(), whole(t), r, r, cfg, func(p load.Progress) { told = append(told, p) })
		if err != nil {
			t.Fatal(err)
		}
		want := load.Report{ID: report.ID, Users: 95, Items: 20, Events: 30}
		if report != want || len(report.ID) != 32 {
			t.Errorf("got %+v, want %+v", report, want)
		}
		for prefix, n := range map[string]int{"user_stats/": 95, "user_taste/": 95, "item_stats/": 20, "event/": 30} {
			if got := r.count(prefix); got != n {
				t.Errorf("%+v: %d of %s, want %d", cfg, got, prefix, n)
			}
		}
		if len(r.writes) != len(r.stored) {
			t.Errorf("%+v: %d writes of %d keys", cfg, len(r.writes), len(r.stored))
		}
		if !slices.IsSorted(r.saved[:len(r.saved)-1]) || r.done[report.ID] != 0 {
			t.Errorf("%+v: saved %v", cfg, r.saved)
		}
		first, last := told[0], told[len(told)-1]
		if first != (load.Progress{Phase: load.Check, Done: wholeRecords, Total: wholeRecords}) ||
			last != (load.Progress{Phase: load.Write, Done: wholeRecords, Total: wholeRecords}) {
			t.Errorf("%+v: told %v", cfg, told)
		}
	}
}

func TestRunAgainWritesTheSame(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	first, err := load.Run(t.Context(), whole(t), r, r, config(10, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.stored["user_stats/u1"] = "overwritten by somebody"
	second, err := load.Run(t.Context(), whole(t), r, r, config(10, 2), nil)
	if err != nil || first != second {
		t.Errorf("got %+v, %v, want %+v", second, err, first)
	}
	sameStored(t, r.stored, unbroken(t))
	if len(r.writes) != 2*len(r.stored) {
		t.Errorf("%d writes of %d keys, want each twice", len(r.writes), len(r.stored))
	}
}

var errDown = errors.New("store is down")

func TestResumeWritesExactlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	// One worker writes in order: batches of 10 records, of users in two calls each.
	for _, tc := range []struct{ failing, done int }{
		{1, 0},
		{7, 30},  // in the first file of users
		{13, 60}, // at the start of the second
		{19, 90},
		{21, 95},
		{22, 105},
		{25, 135},
	} {
		r := newRecorder()
		r.before = func(_ context.Context, call int) error {
			if call == tc.failing {
				return errDown
			}
			return nil
		}
		_, err := load.Run(t.Context(), whole(t), r, r, config(10, 1), nil)
		if !errors.Is(err, errDown) {
			t.Fatalf("got %v, want %v", err, errDown)
		}
		r.before = nil
		report, err := load.Run(t.Context(), whole(t), r, r, config(8, 1), nil)
		if err != nil || report.Resumed != int64(tc.done) {
			t.Fatalf("failing call %d: resumed at %d, %v, want %d", tc.failing, report.Resumed, err, tc.done)
		}
		sameStored(t, r.stored, unbroken(t))
		if len(r.writes) != len(r.stored) {
			t.Errorf("failing call %d: %d writes of %d keys, want each once", tc.failing, len(r.writes), len(r.stored))
		}
	}
}

func TestResumeWithWorkers(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	runs := 0
	for {
		runs++
		start := r.calls
		r.before = func(_ context.Context, call int) error {
			if call == start+9 {
				return errDown
			}
			return nil
		}
		_, err := load.Run(t.Context(), whole(t), r, r, config(5, 4), nil)
		if err == nil {
			break
		}
		if !errors.Is(err, errDown) || runs > 100 {
			t.Fatalf("run %d: %v", runs, err)
		}
	}
	if runs < 2 {
		t.Error("nothing failed")
	}
	sameStored(t, r.stored, unbroken(t))
}

func TestJournalFails(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	_, err := load.Run(t.Context(), whole(t), r, brokenJournal{loads: true}, config(10, 2), nil)
	if !errors.Is(err, errDown) || r.calls >= 26 {
		t.Errorf("got %v after %d calls, want %v before the end", err, r.calls, errDown)
	}
	if _, err := load.Run(t.Context(), whole(t), r, brokenJournal{}, config(10, 2), nil); !errors.Is(err, errDown) {
		t.Errorf("got %v, want %v", err, errDown)
	}
	_, err = load.Run(t.Context(), whole(t), r, brokenJournal{loads: true, done: 1000}, config(10, 2), nil)
	if err == nil || err.Error() != "the journal says that 1000 records are written, expected 0 to 145" {
		t.Errorf("got %v", err)
	}
}

type brokenJournal struct {
	loads bool
	done  int64
}

func (j brokenJournal) Load(context.Context, string) (int64, error) {
	if !j.loads {
		return 0, errDown
	}
	return j.done, nil
}

func (j brokenJournal) Save(context.Context, string, int64) error { return errDown }

func TestChangedBetweenThePasses(t *testing.T) {
	t.Parallel()
	users, path := onDisk(t, "users.csv", usersCSV(0, 20))
	r := newRecorder()
	r.onLoad = func() { overwrite(t, path, usersCSV(0, 21)) }
	_, err := load.Run(t.Context(), load.Input{Project: shop(t), Users: []dataset.Source{users}}, r, r, load.Defaults(), nil)
	if !errors.Is(err, load.ErrChanged) || !strings.HasPrefix(err.Error(), path+": changed while it was being loaded: had ") {
		t.Errorf("got %v, want %v", err, load.ErrChanged)
	}
	if r.calls != 0 {
		t.Errorf("%d calls of the sink, want none", r.calls)
	}
}

func TestChangedWhileWriting(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"longer": usersCSV(0, 21), "empty": "", "wrong": "user_id,u_age,u_taste\nu1,x,y\n",
	} {
		users, path := onDisk(t, "users.csv", usersCSV(0, 20))
		items := source(t, "items.csv", itemsCSV(20))
		r := newRecorder()
		r.before = func(_ context.Context, call int) error {
			if call == 1 {
				overwrite(t, path, content)
			}
			return nil
		}
		in := load.Input{Project: shop(t), Users: []dataset.Source{users}, Items: []dataset.Source{items}}
		if _, err := load.Run(t.Context(), in, r, r, config(1, 1), nil); !errors.Is(err, load.ErrChanged) {
			t.Errorf("%s: got %v, want %v", name, err, load.ErrChanged)
		}
	}
}

func overwrite(t *testing.T, path, content string) {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Error(err)
	}
}

func TestChangedInputIsAnotherLoad(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	id := func(name string, in load.Input) {
		r := newRecorder()
		report, err := load.Run(t.Context(), in, r, r, load.Defaults(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := ids[report.ID]; ok {
			t.Errorf("%s and %s have the same id", name, other)
		}
		ids[report.ID] = name
	}
	in := whole(t)
	id("as it is", in)
	in.Users = []dataset.Source{in.Users[1], in.Users[0]}
	id("other order", in)
	in.Events = []dataset.Source{source(t, "events.csv", eventsCSV(31))}
	id("other content", in)
	in.Items = []dataset.Source{source(t, "things.csv", itemsCSV(20))}
	id("other name", in)
	project, err := views.Parse("views.yaml", []byte(strings.Replace(shopYAML, "[0, 150]", "[0, 151]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	in.Project = project
	id("other range", in)
}

func TestCancelledWhileWriting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := newRecorder()
	r.before = func(ctx context.Context, call int) error {
		if call <= 4 {
			return nil
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	report, err := load.Run(ctx, whole(t), r, r, config(10, 1), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if got := r.done[report.ID]; got != 20 {
		t.Errorf("the journal says %d, want 20", got)
	}
}

func TestCancelledWhileChecking(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRecorder()
	if _, err := load.Run(ctx, whole(t), r, r, load.Defaults(), nil); !errors.Is(err, context.Canceled) || r.calls != 0 {
		t.Errorf("got %v, %d calls, want %v and none", err, r.calls, context.Canceled)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := load.Defaults().Validate(); err != nil {
		t.Error(err)
	}
	r := newRecorder()
	_, err := load.Run(t.Context(), whole(t), r, r, load.Config{BatchRows: 5001, Workers: 65}, nil)
	want := "batch_rows: is 5001, expected 1 to 5000\nworkers: is 65, expected 1 to 64\nfaults: is 0, expected 1 to 10000"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = load.Run(t.Context(), load.Input{Project: shop(t)}, r, r, load.Defaults(), nil)
	if err == nil || err.Error() != "nothing to load, expected files of users, items or events" {
		t.Errorf("got %v", err)
	}
}

func TestRowsAreTheSinks(t *testing.T) {
	t.Parallel()
	keep := &keeper{}
	in := load.Input{Project: shop(t), Items: []dataset.Source{source(t, "items.csv", itemsCSV(3))}}
	if _, err := load.Run(t.Context(), in, keep, newRecorder(), config(2, 1), nil); err != nil {
		t.Fatal(err)
	}
	var prices []float32
	for _, row := range keep.rows {
		prices = append(prices, row.Values[0].Number)
	}
	if want := []float32{0.5, 1.5, 2.5}; !reflect.DeepEqual(prices, want) {
		t.Errorf("got %v, want %v", prices, want)
	}
}

// keeper keeps rows as they are given to it.
type keeper struct{ rows []views.Row }

func (k *keeper) WriteRows(_ context.Context, _ *views.View, rows []views.Row) error {
	k.rows = append(k.rows, rows...)
	return nil
}

func (k *keeper) WriteEvents(context.Context, []views.Event) error { return nil }
