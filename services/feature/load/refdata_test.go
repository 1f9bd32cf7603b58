//go:build refdata

package load_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/reftest"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/load"
)

func TestRefData(t *testing.T) {
	path := reftest.Views(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	project, err := views.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	in := load.Input{Project: project}
	for name, sources := range map[string]*[]dataset.Source{"users": &in.Users, "items": &in.Items, "events": &in.Events} {
		source, err := dataset.Open(filepath.Join(reftest.Dir(t), name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		*sources = append(*sources, source)
	}
	r := newRecorder()
	report, err := load.Run(t.Context(), in, r, r, load.Defaults(), nil)
	if err != nil {
		t.Fatal(err)
	}
	users, items, events := len(reftest.IDs(t, "users")), len(reftest.IDs(t, "items")), len(reftest.IDs(t, "events"))
	if report.Users != int64(users) || report.Items != int64(items) || report.Events != int64(events) {
		t.Errorf("got %+v, want %d users, %d items and %d events", report, users, items, events)
	}
	for prefix, n := range map[string]int{"user_all/": users, "item_all/": items, "event/": events} {
		if got := r.count(prefix); got != n {
			t.Errorf("%d of %s, want %d", got, prefix, n)
		}
	}
}
