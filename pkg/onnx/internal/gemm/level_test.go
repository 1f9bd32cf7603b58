//go:build amd64 || arm64

package gemm

// levels are those that this CPU has.
func levels() []level {
	var all []level
	for l := scalar; l <= best; l++ {
		all = append(all, l)
	}
	return all
}
