//go:build !race

package forest

import (
	"math/rand/v2"
	"testing"
)

// The race detector makes pools forget, so that what is warm cannot be told; make test-ort runs this without it.
func TestScoringAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	f, _ := Compile(grown(r, 20, 31, 7, 1))
	x, dst := rowsOf(r, 50, 7), make([]float32, 50)
	if n := testing.AllocsPerRun(50, func() { f.Score(dst, x, 50, 7) }); n >= 1 {
		t.Errorf("a warm call allocates %v times", n)
	}
}
