package statusz

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSamplerShowsHowCountersGrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		read := func() []uint64 { // one grows by 2 a second, the other starts again after ten minutes
			passed := uint64(time.Since(start) / time.Second)
			return []uint64{2 * passed, passed % 600}
		}
		s := NewSampler(read, time.Now)
		if grown, over := s.Grown(); grown[0] != 0 || over != 0 {
			t.Errorf("at the start %v over %v", grown, over)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute+time.Second)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		if grown, over := s.Grown(); grown[0] != 92 || over != 46*time.Second {
			t.Errorf("%v over %v, want 92 over 46s", grown, over)
		}
		c := s.Chart(Chart{Series: []Series{{Name: "a"}, {Name: "b"}}})
		if len(c.At) != samples-1 || c.To-c.From != 900 || c.Step != 15 || c.At[0] != At(start.Add(15*time.Minute)) {
			t.Errorf("%d times from %d to %d in steps of %d", len(c.At), c.From, c.To, c.Step)
		}
		for i, v := range c.Series[0].Values {
			if v != 2 {
				t.Errorf("value %d is %v", i, v)
			}
		}
		for i, v := range c.Series[1].Values {
			if v != 1 && v != 0 {
				t.Errorf("value %d of a counter that started again is %v", i, v)
			}
		}
	})
}

func TestSamplerWithOneSampleHasAnEmptyChart(t *testing.T) {
	t.Parallel()
	c := NewSampler(func() []uint64 { return []uint64{7} }, func() time.Time { return noon }).Chart(Chart{Series: []Series{{Name: "a"}}})
	if c.To != At(noon) {
		t.Errorf("%+v", c)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"at":[]`, `"values":[]`} { // the page's script goes through them
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
}
