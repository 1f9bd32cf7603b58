package memory_test

import (
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/conformance"
	"github.com/repli-mesh/repli/services/feature/internal/store/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(_ *testing.T, project *views.Project, now func() time.Time) store.Store {
		return memory.New(project, now)
	})
}
