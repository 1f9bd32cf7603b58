package forest

import "golang.org/x/sys/cpu"

//go:generate go run ./gen -out kernels_amd64.s -stubs kernels_amd64.go -pkg forest

var avx512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512CD && cpu.X86.HasAVX512BW

func strike(f *Forest, w *work) {
	if !avx512 {
		strikePortable(f, w)
		return
	}
	for i := range w.bits {
		w.bits[i] = ^uint64(0)
	}
	if b := &f.above; len(b.nodes) > 0 {
		strikeAbove(&w.x[0], &w.bits[0], &b.segments[0].x, uint64(len(b.segments)), &b.nodes[0].threshold)
	}
	if b := &f.ordered; len(b.nodes) > 0 {
		strikeOrdered(&w.x[0], &w.bits[0], &b.segments[0].x, uint64(len(b.segments)), &b.nodes[0].threshold)
	}
}

func sum(f *Forest, w *work, out *output) {
	if !avx512 || out.count == 0 {
		sumPortable(f, w, out)
		return
	}
	sumVotes(&w.bits[out.first*lanes], &out.tables[0], uint64(out.count), &w.sums[0]) //nolint:gosec // a length
}
