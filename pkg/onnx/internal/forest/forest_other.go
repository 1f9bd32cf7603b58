//go:build !amd64

package forest

func strike(f *Forest, w *work) { strikePortable(f, w) }

func sum(f *Forest, w *work, out *output) { sumPortable(f, w, out) }
