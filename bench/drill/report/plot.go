package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/repli-mesh/repli/bench/drill/timeline"
)

// The geometry of a plot, in the units of its view box. Two panels: requests by tier above, latencies below.
const (
	plotWidth   = 480.0
	plotHeight  = 330.0
	plotLeft    = 38.0
	plotRight   = 6.0
	countsTop   = 24.0
	countsLow   = 150.0
	latencyTop  = 186.0
	latencyLow  = 300.0
	mostLatency = 1.25 // of the deadline, at least; a longer p99 makes it more, up to mostTail
	mostTail    = 2.5
)

// classes are the series of the upper panel, from below, by the names of their styles.
var classes = [...]string{"personalized", "stale", "partial", "simple", "static", "shed", "failed"}

// plot is a drawing with everything where it belongs.
type plot struct {
	Title                 string
	Width, Height         float64
	Left, Right           float64
	Shade                 box
	ShadeEnd              float64
	Panels                []box
	Bars                  []box
	Lines                 []curve
	Deadline              float64
	DeadlineText          string
	CountTicks, Latencies []tick
	Seconds               []tick
	Legend                []tick
}

// box is a rectangle with a style.
type box struct {
	X, Y, W, H float64
	Class      string
}

// curve is a line through points.
type curve struct{ Class, Points string }

// tick is a label at a place.
type tick struct {
	At    float64
	Text  string
	Class string
}

// scale maps 0..most to low..top on the page.
type scale struct{ most, low, top float64 }

func (s scale) at(value float64) float64 {
	return round(s.low - (s.low-s.top)*min(max(value, 0), s.most)/s.most)
}

func round(value float64) float64 { return math.Round(value*10) / 10 }

// draw lays out the plot of a row.
func draw(r Row) plot {
	steps := float64(max(len(r.Timeline), 1))
	across := scale{most: steps * float64(timeline.Step.Milliseconds()), low: plotLeft, top: plotWidth - plotRight}
	counts := scale{most: mostRequests(r.Timeline), low: countsLow, top: countsTop}
	latency := scale{most: latencyRange(r), low: latencyLow, top: latencyTop}
	p := plot{
		Title: r.Scenario, Width: plotWidth, Height: plotHeight, Left: plotLeft, Right: plotWidth - plotRight,
		Deadline: latency.at(r.Deadline), DeadlineText: fmt.Sprintf("deadline %.0f ms", r.Deadline),
		CountTicks: ticks(counts, 10), Latencies: ticks(latency, 1), Seconds: seconds(across),
		Shade: box{
			X: across.at(float64(r.Fault.Begin)), Y: countsTop, H: latencyLow - countsTop,
			W: round(across.at(float64(r.Fault.End)) - across.at(float64(r.Fault.Begin))),
		},
	}
	p.ShadeEnd = round(p.Shade.X + p.Shade.W)
	for _, top := range [][2]float64{{countsTop, countsLow}, {latencyTop, latencyLow}} {
		p.Panels = append(p.Panels, box{X: plotLeft, Y: top[0], W: plotWidth - plotRight - plotLeft, H: top[1] - top[0]})
	}
	width := round((plotWidth - plotRight - plotLeft) / steps)
	for _, b := range r.Timeline {
		p.Bars = append(p.Bars, stack(b, across.at(float64(b.At)), width, counts)...)
	}
	p.Lines = curves(r.Timeline, across, latency)
	p.Legend = legend(r)
	return p
}

// counted are the outcomes of a bucket in the order of classes.
func counted(b timeline.Bucket) [len(classes)]int {
	return [...]int{b.Tiers[0], b.Tiers[1], b.Tiers[2], b.Tiers[3], b.Tiers[4], b.Shed, b.Failed}
}

// stack draws one bucket.
func stack(b timeline.Bucket, x, width float64, s scale) []box {
	var boxes []box
	below := 0.0
	for i, n := range counted(b) {
		if n == 0 {
			continue
		}
		low, top := s.at(below), s.at(below+float64(n))
		boxes = append(boxes, box{X: x, Y: top, W: width, H: round(low - top), Class: classes[i]})
		below += float64(n)
	}
	return boxes
}

func mostRequests(buckets []timeline.Bucket) float64 {
	most := 1
	for _, b := range buckets {
		total := 0
		for _, n := range counted(b) {
			total += n
		}
		most = max(most, total)
	}
	return float64(most)
}

// latencyRange shows the deadline, and as much of a tail beyond as leaves the rest readable.
func latencyRange(r Row) float64 {
	most := r.Deadline * mostLatency
	for _, b := range r.Timeline {
		most = max(most, b.P99)
	}
	return min(most, r.Deadline*mostTail)
}

// curves draws the percentiles; steps in which nothing was sent break nothing, they are passed over.
func curves(buckets []timeline.Bucket, across, latency scale) []curve {
	var all []curve
	for _, series := range []struct {
		class string
		of    func(timeline.Bucket) float64
	}{
		{"p50", func(b timeline.Bucket) float64 { return b.P50 }},
		{"p95", func(b timeline.Bucket) float64 { return b.P95 }},
		{"p99", func(b timeline.Bucket) float64 { return b.P99 }},
	} {
		var points strings.Builder
		for _, b := range buckets {
			if b.P99 > 0 {
				fmt.Fprintf(&points, "%g,%g ", across.at(float64(b.At)), latency.at(series.of(b)))
			}
		}
		all = append(all, curve{series.class, strings.TrimSpace(points.String())})
	}
	return all
}

// ticks are three labels of an axis; times makes what is counted in a step a rate.
func ticks(s scale, times float64) []tick {
	step := nice(s.most / 3)
	var all []tick
	for value := 0.0; value <= s.most; value += step {
		all = append(all, tick{At: s.at(value), Text: fmt.Sprintf("%g", value*times)})
	}
	return all
}

// nice is the next of 1, 2, 5, 10, 20, ... from the value on.
func nice(value float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(value, 1e-9))))
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= value {
			return factor * power
		}
	}
	return 10 * power
}

func seconds(s scale) []tick {
	var all []tick
	every := max(1, math.Ceil(s.most/1000/12))
	for second := 0.0; second*1000 <= s.most; second += every {
		all = append(all, tick{At: s.at(second * 1000), Text: fmt.Sprintf("%g", second)})
	}
	return all
}

// The room for one name of the legend: its box, and each letter.
const (
	legendBox    = 20.0
	legendLetter = 6.5
)

// legend names the outcomes that occur.
func legend(r Row) []tick {
	var total [len(classes)]int
	for _, b := range r.Timeline {
		for i, n := range counted(b) {
			total[i] += n
		}
	}
	var all []tick
	at := plotLeft
	for i, class := range classes {
		if total[i] > 0 {
			all = append(all, tick{At: at, Text: class, Class: class})
			at += legendBox + legendLetter*float64(len(class))
		}
	}
	return all
}
