package load_test

import (
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/services/feature/load"
)

func TestBarOnATerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	now := time.Unix(0, 0)
	bar := load.NewBar(&out, true, func() time.Time { return now })
	show := func(after time.Duration, p load.Progress) {
		now = now.Add(after)
		bar.Show(p)
	}
	show(0, load.Progress{Phase: load.Check, Done: 1000})
	show(99*time.Millisecond, load.Progress{Phase: load.Check, Done: 2000})
	show(time.Millisecond, load.Progress{Phase: load.Check, Done: 3000})
	show(time.Millisecond, load.Progress{Phase: load.Check, Done: 4000, Total: 4000})
	show(time.Millisecond, load.Progress{Phase: load.Write, Total: 4000})
	show(time.Millisecond, load.Progress{Phase: load.Write, Done: 1000, Total: 4000})
	show(time.Second, load.Progress{Phase: load.Write, Done: 2000, Total: 4000})
	bar.Finish()
	want := "\rcheck: 1000 records\x1b[K" +
		"\rcheck: 3000 records\x1b[K" +
		"\rcheck: [==============================] 4000 of 4000 records\x1b[K\n" +
		"\rwrite: [                              ] 0 of 4000 records\x1b[K" +
		"\rwrite: [===============               ] 2000 of 4000 records\x1b[K" +
		"\rwrite: [===============               ] 2000 of 4000 records\x1b[K\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestBarDrawsTenTimesASecond(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	now := time.Unix(0, 0)
	bar := load.NewBar(&out, true, func() time.Time { return now })
	for i := range 1000 {
		bar.Show(load.Progress{Phase: load.Write, Done: int64(i), Total: 1000})
		now = now.Add(time.Millisecond)
	}
	if n := strings.Count(out.String(), "\r"); n != 10 {
		t.Errorf("drawn %d times in a second, want 10", n)
	}
}

func TestBarElsewhere(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := newRecorder()
	bar := load.NewBar(&out, false, time.Now)
	if _, err := load.Run(t.Context(), whole(t), r, r, config(10, 4), bar.Show); err != nil {
		t.Fatal(err)
	}
	bar.Finish()
	bar.Finish()
	if want := "check: 145 of 145 records\nwrite: 145 of 145 records\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
