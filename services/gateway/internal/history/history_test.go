package history

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const ms = time.Millisecond

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func answer(at time.Time, tier ladder.Tier, took time.Duration) Answer {
	return Answer{At: at, Took: took, Tier: tier, Deadline: 100 * ms, Total: 85 * ms}
}

func TestTheLastMinuteIsSummedUp(t *testing.T) {
	t.Parallel()
	h := New()
	h.Answered(answer(noon.Add(-2*time.Minute), ladder.Static, ms)) // too long ago
	for i := range 60 {
		h.Answered(answer(noon.Add(-time.Duration(i)*time.Second), ladder.Personalized, 10*ms))
	}
	h.Answered(answer(noon, ladder.Simple, 90*ms)) // in the reserve
	h.Answered(answer(noon, ladder.Simple, 101*ms))
	h.Answered(Answer{At: noon, Tier: ladder.Static, Took: ms}) // from memory, without a budget
	h.Blame(noon, ladder.Feature, ladder.SoftDeadline)
	h.Blame(noon, ladder.Feature, ladder.SoftDeadline)
	h.Blame(noon, ladder.Ranking, ladder.SkippedDependency)
	h.Refused(noon)
	h.Abandoned(noon)
	v := h.Last(noon.Add(2*time.Second), time.Minute)
	if v.Answers() != 63 || v.Tiers[ladder.Personalized] != 60 || v.Tiers[ladder.Simple] != 2 || v.Tiers[ladder.Static] != 1 {
		t.Errorf("tiers %v", v.Tiers)
	}
	if v.For != 62*time.Second || !v.From.Equal(noon.Add(-time.Minute)) {
		t.Errorf("%v from %v", v.For, v.From)
	}
	if v.Planned != 62 || v.Late != 1 || v.Deadline() != 100*ms || v.Total() != 85*ms || v.Refused != 1 || v.Abandoned != 1 {
		t.Errorf("planned %d, late %d, deadline %v, total %v, refused %d, abandoned %d", v.Planned, v.Late, v.Deadline(), v.Total(), v.Refused, v.Abandoned)
	}
	if c, r := v.Worst(); c != ladder.Feature || r != ladder.SoftDeadline || v.Causes[ladder.Ranking][ladder.SkippedDependency] != 1 {
		t.Errorf("worst is %d, %d of %v", c, r, v.Causes)
	}
}

func TestTheCourseIsAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	h := New()
	for second := range 40 * 60 { // the ring is used more than twice
		h.Answered(answer(noon.Add(time.Duration(second)*time.Second), ladder.Personalized, ms))
	}
	now := noon.Add(40*time.Minute - time.Second + 7*time.Second)
	course := h.Course(now, 15*time.Second)
	if len(course) != 60 || !course[0].From.Equal(noon.Add(25*time.Minute+15*time.Second)) {
		t.Fatalf("%d parts from %v", len(course), course[0].From)
	}
	sum := uint64(0)
	for i, v := range course {
		sum += v.Answers()
		if want := 15 * time.Second; i < 59 && (v.For != want || v.Answers() != 15) {
			t.Errorf("part %d has %d answers in %v", i, v.Answers(), v.For)
		}
	}
	if last := course[59]; last.For != 5*time.Second || last.Answers() != 0 || sum != 59*15 {
		t.Errorf("the last part has %d answers in %v, and all have %d", last.Answers(), last.For, sum)
	}
	if v := h.Last(now.Add(time.Hour), Span); v.Answers() != 0 {
		t.Errorf("%d answers an hour later", v.Answers())
	}
}

func TestAClockThatIsSetBackStartsAnew(t *testing.T) {
	t.Parallel()
	h := New()
	h.Answered(answer(noon, ladder.Personalized, ms))
	h.Answered(answer(noon.Add(-time.Hour), ladder.Simple, ms))
	if v := h.Last(noon.Add(-time.Hour), Span); v.Answers() != 1 || v.Tiers[ladder.Simple] != 1 {
		t.Errorf("tiers %v", v.Tiers)
	}
	for range 2 * Kept {
		h.Wants(noon)
	}
	if !h.Wants(noon.Add(-time.Hour)) {
		t.Error("nothing is kept for an hour")
	}
}

func TestEachLatencyIsKnownToAnEighth(t *testing.T) {
	t.Parallel()
	previous := time.Duration(0)
	for i := range latencies {
		low, high := bounds(i)
		if low != previous || slot(low) != i || slot(high-1) != i {
			t.Fatalf("slot %d is %v to %v; the one before ended at %v", i, low, high, previous)
		}
		if i >= fine && float64(high-low) > float64(low)/fine*1.001 {
			t.Errorf("slot %d is %v to %v", i, low, high)
		}
		previous = high
	}
	if slot(-time.Second) != 0 || slot(time.Hour) != latencies-1 || previous < 2*time.Second {
		t.Errorf("the last slot ends at %v", previous)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var l Latencies
	if l.Quantile(0.5) != 0 {
		t.Error("a quantile of nothing")
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		l[slot(time.Duration(random.Float64()*float64(100*ms)))]++
	}
	for _, share := range []float64{0.5, 0.95, 0.99, 1} {
		want := time.Duration(share * float64(100*ms))
		if got := l.Quantile(share); got < want*7/8 || got > want*9/8 {
			t.Errorf("quantile %v of 0 to 100 ms is %v", share, got)
		}
	}
}

func TestTheLastDegradedAnswersAreKept(t *testing.T) {
	t.Parallel()
	h := New()
	kept := 0
	for i := range 1000 { // in ten seconds
		at := noon.Add(time.Duration(i) * 10 * ms)
		if h.Wants(at) {
			kept++
			h.Keep(Degraded{Answer: answer(at, ladder.Simple, ms), Segment: strings.Repeat("s", 70_000), Placement: fmt.Sprint(i)})
		}
	}
	if want := Kept + 10*PerSecond - 1; kept < want-1 || kept > want+1 {
		t.Errorf("%d are kept, want as many as there is room for, and %d a second: %d", kept, PerSecond, want)
	}
	list := h.Recent()
	if len(list) != Kept || list[0].Number != uint64(kept) || list[Kept-1].Number != uint64(kept-Kept+1) || len(list[0].Segment) != maxText {
		t.Errorf("%d of %d, numbers %d to %d, a segment of %d bytes", len(list), kept, list[0].Number, list[len(list)-1].Number, len(list[0].Segment))
	}
	if h = New(); len(h.Recent()) != 0 {
		t.Error("a new history is not empty")
	}
	h.Keep(Degraded{})
	if len(h.Recent()) != 1 {
		t.Error("one is kept, and not one is there")
	}
}

func TestNumbersThatAreNoneOfOursAreCounted(t *testing.T) {
	t.Parallel()
	h := New()
	h.Answered(Answer{At: noon, Tier: 99, Took: -time.Second})
	h.Blame(noon, -3, 1000)
	if v := h.Last(noon, time.Minute); v.Tiers[0] != 1 || v.Causes[0][0] != 1 {
		t.Errorf("%v, %v", v.Tiers, v.Causes)
	}
}

func TestManyAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	h := New()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := range 2000 {
				at := noon.Add(time.Duration(i) * 10 * ms)
				h.Answered(answer(at, ladder.Personalized, ms))
				if h.Wants(at) {
					h.Keep(Degraded{Answer: answer(at, ladder.Simple, ms)})
				}
				if i%500 == 0 {
					h.Last(at, Span)
					h.Recent()
				}
			}
		})
	}
	wait.Wait()
	if v := h.Last(noon.Add(20*time.Second), Span); v.Answers() != 16_000 {
		t.Errorf("%d answers of 16000", v.Answers())
	}
}

func TestAHealthyAnswerAllocatesNothing(t *testing.T) {
	h, at := New(), noon
	if n := testing.AllocsPerRun(1000, func() {
		at = at.Add(100 * ms)
		h.Answered(answer(at, ladder.Personalized, 3*ms))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAnswered(b *testing.B) {
	h := New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.Answered(answer(noon, ladder.Personalized, 3*ms))
		}
	})
}

func BenchmarkFlood(b *testing.B) {
	h := New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.Answered(answer(noon, ladder.Simple, ms))
			h.Blame(noon, ladder.Gateway, ladder.Brownout)
			if h.Wants(noon) {
				h.Keep(Degraded{})
			}
		}
	})
}
