package items

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

// watch runs a watcher on virtual time until the test ends.
func watch(t *testing.T) (*Watcher, *itemstest.Source) {
	t.Helper()
	source := itemstest.NewSource()
	w, err := New(Config{MaxItems: 5000}, Deps{
		Source: source, Keep: keep, Signals: telemetry.Discard(), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
	})
	return w, source
}

// send has messages taken and dealt with.
func send(t *testing.T, stream *itemstest.Stream, messages ...*featurev1.WatchItemsResponse) {
	t.Helper()
	if !stream.Send(messages...) {
		t.Error("the watcher hung up")
	}
	synctest.Wait()
}

func TestWatcherServesTheLastGoodTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source := watch(t)
		if s := w.State(); s.Table != nil || s.LatestUser() != nil {
			t.Fatal("there is a table before the first stream")
		}
		stream := <-source.Opened
		send(t, stream, itemstest.Header(itemSchema, userSchema, 1))
		if s := w.State(); s.Table != nil || s.User(21) == nil {
			t.Fatal("after the header the user schema must be known and the table not")
		}
		send(t, stream, itemstest.Table(itemSchema, userSchema, 1, item("a", 1, 1, 1))[1:]...)
		first := w.State()
		holds(t, first.Table, "a", 1, 1, 1)

		stream.Break(errors.New("connection reset"))
		stream = <-source.Opened
		send(t, stream, itemstest.Table(itemSchema, userSchema, 1, item("b", 2, 2, 2))[:2]...)
		if w.State().Table != first.Table || !w.State().Confirmed.Equal(first.Confirmed) {
			t.Fatal("a table in the making must not be served")
		}
		time.Sleep(time.Second) // virtual
		send(t, stream, itemstest.End(1, 1))
		second := w.State()
		holds(t, second.Table, "b", 2, 2, 2)
		if second.Table.Schema() != first.Table.Schema() || second.User(21) != first.User(21) {
			t.Error("the same schemas must keep their pointers")
		}
		if !second.Confirmed.Equal(first.Confirmed) {
			t.Error("a whole table may be old: it must confirm nothing")
		}
		since := time.Now()
		time.Sleep(5 * time.Second)
		send(t, stream, itemstest.Heartbeat(1))
		if got := w.State().Confirmed.Sub(since); got != 5*time.Second {
			t.Errorf("the heartbeat confirmed the table %v later, want 5s", got)
		}
		send(t, stream, itemstest.Change(itemstest.Rows(itemSchema, 2, item("b", 3, 3, 3), item("c", 4, 4, 4))))
		holds(t, w.State().Table, "b", 3, 3, 3)
		holds(t, w.State().Table, "c", 4, 4, 4)
		holds(t, second.Table, "b", 2, 2, 2)
	})
}

func TestWatcherDropsGarbageOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source := watch(t)
		stream := <-source.Opened
		send(t, stream, itemstest.Table(itemSchema, userSchema, 3, item("a", 1, 1, 1))...)
		good := w.State().Table

		send(t, stream, itemstest.Heartbeat(2))
		<-stream.Done()
		stream = <-source.Opened
		send(t, stream, itemstest.Heartbeat(9)) // before any header
		<-stream.Done()

		stream = <-source.Opened
		time.Sleep(time.Hour)
		if w.State().Table != good {
			t.Error("the good table was lost")
		}
		send(t, stream, itemstest.Table(itemSchema, userSchema, 1, item("b", 1, 1, 1))...)
		holds(t, w.State().Table, "b", 1, 1, 1)
	})
}

func TestWatcherWaitsLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, source := watch(t)
		(<-source.Opened).Break(errors.New("refused"))
		want := shortest
		for range 10 {
			since := time.Now()
			stream := <-source.Opened
			if got := time.Since(since); got < want/2 || got > want {
				t.Errorf("opened again after %v, want %v to %v", got, want/2, want)
			}
			stream.Break(errors.New("refused"))
			synctest.Wait()
			want = min(2*want, longest)
		}
		stream := <-source.Opened
		send(t, stream, itemstest.Table(itemSchema, userSchema, 1)...)
		stream.Break(errors.New("restart"))
		synctest.Wait()
		since := time.Now()
		stream = <-source.Opened
		if got := time.Since(since); got > shortest {
			t.Errorf("after a good stream it waited %v, want at most %v", got, shortest)
		}
		stream.Break(errors.New("end"))
	})
}

// While the feature service is being upgraded, rows of old and new schemas arrive.
func TestWatcherRemembersFourUserSchemas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source := watch(t)
		for fingerprint := uint64(1); fingerprint <= 5; fingerprint++ {
			stream := <-source.Opened
			send(t, stream, itemstest.Header(itemSchema, itemstest.Schema(fingerprint), 0))
			stream.Break(errors.New("restart"))
		}
		if w.State().User(1) != nil || w.State().User(2) == nil || w.State().LatestUser().Fingerprint() != 5 {
			t.Error("want schemas 2 to 5, 5 the newest")
		}
		back := w.State().User(3)
		stream := <-source.Opened
		send(t, stream, itemstest.Header(itemSchema, itemstest.Schema(3), 0))
		if w.State().LatestUser() != back || w.State().User(2) == nil || w.State().User(5) == nil {
			t.Error("a schema that comes back must keep its pointer, become the newest and displace none")
		}
		stream.Break(errors.New("restart"))
		stream = <-source.Opened
		changed := itemstest.Schema(3, itemstest.Column("age", itemstest.Float))
		send(t, stream, itemstest.Header(itemSchema, changed, 0))
		if _, ok := w.State().User(3).Column("age"); !ok {
			t.Error("a fingerprint that means other columns now must mean only those")
		}
	})
}

func TestConfigIsBounded(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	err := Config{MaxItems: 0}.Validate()
	want := "max_items: is 0, expected 1 to 100000000"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("New took a configuration with faults")
	}
}
