package registry

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/repli-mesh/repli/services/ranking/internal/models"
)

// load loads a version on a thread of its own, at a low priority, so that requests come first where processors are short. A
// model that makes its loader panic must not take down what serves.
func (r *Registry) load(ctx context.Context, folder fs.FS) (model *models.Model, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if fault := recover(); fault != nil {
				err = fmt.Errorf("the loader panicked: %v", fault)
			}
		}()
		runtime.LockOSThread() // and never unlocked: the thread ends here, and nothing else runs at its priority
		yield()
		model, err = r.deps.Load(ctx, folder)
	}()
	<-done // the loader ends soon after ctx does
	return model, err
}
