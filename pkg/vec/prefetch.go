//go:build amd64 || arm64

package vec

//go:noescape
func prefetch(a *float32, n uint64)

// Prefetch asks the memory for a, which is read soon. It changes nothing but the time that takes.
func Prefetch(a []float32) {
	if len(a) > 0 {
		prefetch(&a[0], uint64(len(a)))
	}
}
