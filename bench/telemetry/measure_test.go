package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	ratio, spread := compare([]float64{11, 22, 33}, []float64{10, 20, 30})
	if math.Abs(ratio-1.1) > 1e-9 || spread > 1e-9 {
		t.Errorf("a constant ratio is %v with an error of %v", ratio, spread)
	}
	if _, spread := compare([]float64{10, 30}, []float64{20, 20}); spread < 0.1 {
		t.Errorf("the error of two turns that differ is %v", spread)
	}
}

func TestLimitsAreJudged(t *testing.T) {
	t.Parallel()
	p := plan{rounds: 2, requests: 10}
	for name, test := range map[string]struct {
		turns  []float64
		others int
		spans  int64
		want   string
	}{
		"kept":       {[]float64{104, 104}, 0, 160, ""},
		"missed":     {[]float64{120, 104}, 0, 160, "takes 1.120 times"},
		"other work": {[]float64{100, 100}, 3, 160, "3 answers are not from the model"},
		"no spans":   {[]float64{100, 100}, 0, 100, "5.00 spans a request were received"},
	} {
		var out bytes.Buffer
		off := &variant{name: "off", turns: []float64{100, 100}, collector: &sink{}}
		on := &variant{name: "on", limit: 1.08, least: 8, turns: test.turns, others: test.others, asked: 20, collector: &sink{}}
		on.collector.spans.Store(test.spans)
		err := tell(&out, p, []*variant{off, on})
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if !strings.Contains(out.String(), "1.08") || !strings.Contains(out.String(), fmt.Sprintf("%.2f", on.spans())) {
			t.Errorf("%s: printed %s", name, &out)
		}
	}
}
