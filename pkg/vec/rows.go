package vec

import "math"

// byRows completes a table that has no loops of its own over the elements of each row: they are made of its other ones.
func byRows(t table) table {
	softmax := func(dst, a []float32) {
		top := t.maxOf(a)
		if math.IsInf(float64(top), 1) {
			top = float32(math.NaN())
		}
		t.addScalar(dst, a, -top)
		t.exp(dst, dst)
		t.mulScalar(dst, dst, 1/t.sum(dst))
	}
	normalize := func(dst, a, scale, bias []float32, epsilon float32) {
		t.addScalar(dst, a, -t.sum(a)/float32(len(a)))
		variance := float64(t.dot(dst, dst)) / float64(len(a))
		t.mulScalar(dst, dst, float32(1/math.Sqrt(variance+float64(epsilon))))
		t.mulAdd(dst, dst, scale, bias)
	}
	done := t
	done.softmaxRows = func(dst, a []float32, width int) {
		for at := 0; at < len(dst); at += width {
			softmax(dst[at:at+width], a[at:at+width])
		}
	}
	done.normalizeRows = func(dst, a, scale, bias []float32, epsilon float32) {
		for at := 0; at < len(dst); at += len(scale) {
			normalize(dst[at:at+len(scale)], a[at:at+len(scale)], scale, bias, epsilon)
		}
	}
	done.copyRows = copyRows
	return done
}

func copyRows(dst, a []float32, rows, width, strideDst, strideA int) {
	for r := range rows {
		copy(dst[r*strideDst:][:width], a[r*strideA:][:width])
	}
}
