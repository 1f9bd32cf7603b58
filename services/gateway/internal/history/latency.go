package history

import (
	"math/bits"
	"time"
)

const (
	// fine is into how many parts each doubling of a latency is divided, so that one is known to an eighth.
	fine = 8
	// unit is the least difference between latencies, and doublings how many there are above fine units: up to 8.4 s. What
	// takes longer counts as that.
	unit      = 16 * time.Microsecond
	doublings = 16
	latencies = fine * (doublings + 1)
)

// slot is where a latency is counted.
func slot(took time.Duration) int {
	n := uint64(max(took, 0) / unit)
	if n < fine {
		return int(n)
	}
	double := bits.Len64(n) - bits.Len64(fine)                   // 0 for fine to 2*fine-1
	return min(fine*(double+1)+int(n>>double)-fine, latencies-1) //nolint:gosec // less than twice fine
}

// bounds are the latencies that a slot counts: from low up to, and not with, high.
func bounds(slot int) (low, high time.Duration) {
	if slot < fine {
		return unit * time.Duration(slot), unit * time.Duration(slot+1)
	}
	double, part := slot/fine-1, slot%fine
	return unit * time.Duration((fine+part)<<double), unit * time.Duration((fine+part+1)<<double)
}

// Latencies counts how long answers took.
type Latencies [latencies]uint64

// Quantile returns the latency that a share of the answers, above 0 and up to 1, took at most, to within an eighth; 0 when there
// were none.
func (l *Latencies) Quantile(share float64) time.Duration {
	total := uint64(0)
	for _, n := range l {
		total += n
	}
	rest := share * float64(total)
	if rest <= 0 {
		return 0
	}
	for i, n := range l {
		if float64(n) >= rest {
			low, high := bounds(i)
			return low + time.Duration(rest/float64(n)*float64(high-low))
		}
		rest -= float64(n)
	}
	_, most := bounds(latencies - 1)
	return most
}
