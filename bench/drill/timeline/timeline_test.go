package timeline

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

const (
	personal = repliv1.Tier_TIER_PERSONALIZED
	simple   = repliv1.Tier_TIER_SIMPLE
)

// every returns n samples of a tier, evenly spread over [from, to).
func every(n int, from, to time.Duration, tier repliv1.Tier) []Sample {
	samples := make([]Sample, n)
	for i := range samples {
		samples[i] = Sample{
			At: from + time.Duration(i)*(to-from)/time.Duration(n), Tier: tier, Latency: 5 * time.Millisecond, Deadline: 100 * time.Millisecond,
		}
	}
	return samples
}

func concat(parts ...[]Sample) []Sample {
	var all []Sample
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func TestRecovered(t *testing.T) {
	t.Parallel()
	const faultEnd, end = 2 * time.Second, 6 * time.Second
	failed := []Sample{{At: 5500 * time.Millisecond, Code: codes.Unavailable}}
	for name, c := range map[string]struct {
		samples []Sample
		want    time.Duration
		ok      bool
	}{
		"at once":                       {every(400, faultEnd, end, personal), 0, true},
		"what came before is no matter": {concat(every(200, 0, faultEnd, simple), every(400, faultEnd, end, personal)), 0, true},
		"after a second and a half": {
			// The two seconds that begin at 1.5 s are the first without two simple answers; 2 in 200 are let through.
			concat(every(15, faultEnd, faultEnd+1500*time.Millisecond, simple), every(250, faultEnd+1500*time.Millisecond, end, personal)),
			1400 * time.Millisecond, true,
		},
		"one in a hundred is let through": {concat(every(400, faultEnd, end, personal)[1:], every(1, faultEnd, end, simple)), 0, true},
		"two in a hundred are not": {
			concat(every(400, faultEnd, end, personal)[3:], every(3, faultEnd, faultEnd+Step, simple)), Step, true,
		},
		"never":                 {every(400, faultEnd, end, simple), 0, false},
		"a relapse at the end":  {concat(every(360, faultEnd, end-400*time.Millisecond, personal), every(40, end-400*time.Millisecond, end, simple)), 0, false},
		"silence is not well":   {every(100, faultEnd, faultEnd+time.Second, personal), 0, false},
		"failures count":        {concat(every(40, faultEnd, end, personal), failed), 0, false},
		"nothing at all":        {nil, 0, false},
		"less than two seconds": {every(50, faultEnd, faultEnd+1900*time.Millisecond, personal), 0, false},
		"a long way to the end": {concat(every(200, faultEnd, end-2*time.Second, simple), every(200, end-2*time.Second, end, personal)), 2 * time.Second, true},
	} {
		stop := end
		if name == "less than two seconds" {
			stop = faultEnd + 1900*time.Millisecond
		}
		got, ok := Recovered(c.samples, faultEnd, stop)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %v, %v, expected %v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sample             Sample
		failed, shed, good bool
	}{
		"in time":            {Sample{Latency: 100, Deadline: 100}, false, false, true},
		"too late":           {Sample{Latency: 101, Deadline: 100}, false, false, false},
		"refused, sheddable": {Sample{Code: codes.ResourceExhausted, Sheddable: true, Deadline: 100}, false, true, false},
		"refused, not":       {Sample{Code: codes.ResourceExhausted, Deadline: 100}, true, false, false},
		"sheddable, failed":  {Sample{Code: codes.Internal, Sheddable: true, Deadline: 100}, true, false, false},
		"out of time":        {Sample{Code: codes.DeadlineExceeded, Deadline: 100}, true, false, false},
	} {
		if c.sample.Failed() != c.failed || c.sample.Shed() != c.shed || c.sample.Good() != c.good {
			t.Errorf("%s: failed %v, shed %v, good %v", name, c.sample.Failed(), c.sample.Shed(), c.sample.Good())
		}
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	samples := []Sample{
		{At: 10 * time.Millisecond, Tier: personal, Latency: 4 * time.Millisecond},
		{At: 20 * time.Millisecond, Tier: simple, Latency: 8 * time.Millisecond},
		{At: 120 * time.Millisecond, Code: codes.DeadlineExceeded, Latency: 100 * time.Millisecond},
		{At: 130 * time.Millisecond, Code: codes.ResourceExhausted, Sheddable: true, Latency: time.Millisecond},
		{At: 210 * time.Millisecond, Tier: personal},
	}
	buckets := Buckets(samples, 250*time.Millisecond)
	if len(buckets) != 2 {
		t.Fatalf("%d buckets, expected the two whole ones", len(buckets))
	}
	first, second := buckets[0], buckets[1]
	if first.Tiers != [5]int{1, 0, 0, 1, 0} || first.P50 != 4 || first.P99 != 8 || first.At != 0 {
		t.Errorf("the first bucket is %+v", first)
	}
	if second.Failed != 1 || second.Shed != 1 || second.At != 100 {
		t.Errorf("the second bucket is %+v", second)
	}
}

func TestQuantilesAreExactToThreeDigits(t *testing.T) {
	t.Parallel()
	var samples []Sample
	for i := range 1000 {
		samples = append(samples, Sample{Latency: time.Duration(i+1) * time.Millisecond})
	}
	got := NewQuantiles().Of(samples, 50, 99, 100)
	for i, want := range []time.Duration{500 * time.Millisecond, 990 * time.Millisecond, time.Second} {
		if got[i] < want || got[i] > want+want/1000 {
			t.Errorf("percentile %d: %v, expected %v", i, got[i], want)
		}
	}
	if none := NewQuantiles().Of(nil, 99); none[0] != 0 {
		t.Errorf("of nothing: %v", none[0])
	}
}
