//go:build !race

package plan_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx/plan"
)

// The race detector makes pools forget, so that what is warm cannot be told; make test-ort runs this without it.
func TestWarmRunsAllocateNothing(t *testing.T) {
	for name, file := range bundles {
		g := load(t, file)
		p, err := plan.Compile(g, g.Outputs()[0].Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		in, out := inputs(rand.New(rand.NewPCG(1, 1)), g, 200), make([]float32, 200)
		ctx := context.Background()
		if n := testing.AllocsPerRun(50, func() {
			if err := p.Run(ctx, in, out); err != nil {
				t.Error(err)
			}
		}); n >= 1 {
			t.Errorf("%s: a warm run allocates %v times", name, n)
		}
	}
}
