package bucket

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// hanging is a bucket that never answers.
type hanging struct{ *fake }

func (hanging) List(ctx context.Context, _ func(Object) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestABucketThatHangsIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, _ := open(t, newFake(), 100)
		folder.store = hanging{newFake()}
		if err := folder.Refresh(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
	})
}
