package life

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// recorder notes the order in which components end.
type recorder struct {
	mu    sync.Mutex
	ended []string
}

// until is a component that runs until it is stopped.
func (r *recorder) until(name string, err error) Component {
	return Func(func(ctx context.Context) error {
		<-ctx.Done()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = append(r.ended, name)
		return err
	})
}

func failing(err error) Component {
	return Func(func(context.Context) error { return err })
}

func TestComponentsStopInReverseOrder(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var r recorder
	started := Func(func(context.Context) error {
		cancel()
		return nil
	})
	if err := Run(ctx, r.until("a", nil), r.until("b", context.Canceled), started, r.until("c", nil)); err != nil {
		t.Errorf("got %v", err)
	}
	if want := []string{"c", "b", "a"}; !slices.Equal(r.ended, want) {
		t.Errorf("ended %v, want %v", r.ended, want)
	}
}

func TestFirstErrorStopsTheRest(t *testing.T) {
	t.Parallel()
	var r recorder
	err := Run(t.Context(), r.until("a", errors.New("later")), failing(fmt.Errorf("first: %w", io.EOF)), r.until("b", nil))
	if !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the first error", err)
	}
	if want := []string{"b", "a"}; !slices.Equal(r.ended, want) {
		t.Errorf("ended %v, want %v", r.ended, want)
	}
}

func TestErrorWhileStoppingIsReturned(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var r recorder
	if err := Run(ctx, r.until("a", nil), r.until("b", io.EOF)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want EOF", err)
	}
}

func TestCancelledBeforeBeingStoppedIsAnError(t *testing.T) {
	t.Parallel()
	var r recorder
	if err := Run(t.Context(), r.until("a", nil), failing(context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the component's own error", err)
	}
}

func TestAllFinished(t *testing.T) {
	t.Parallel()
	if err := Run(t.Context(), failing(nil), failing(nil)); err != nil {
		t.Errorf("got %v", err)
	}
	if err := Run(t.Context()); err != nil {
		t.Errorf("no components: got %v", err)
	}
}

func TestValuesOfTheContextReachComponents(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	err := Run(ctx, Func(func(ctx context.Context) error {
		if ctx.Value(key{}) != "value" {
			return errors.New("the value is lost")
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}
