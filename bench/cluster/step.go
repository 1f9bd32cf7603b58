package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/repli-mesh/repli/bench/load"
)

// step is one line of the report.
type step struct {
	Name string `json:"name"`
	// What was done.
	What string `json:"what"`
	// Began is when, and Seconds how long it took; where there was a load, without that.
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	// Busy is the machine's load average of a minute at the end; 0 where it cannot be read.
	Busy float64 `json:"load_average"`
	// Load is what callers got; nil where there was none.
	Load *load.Summary `json:"load"`
	// Broken holds one sentence for each expectation that did not hold.
	Broken []string `json:"broken"`
}

// personalized is the tier of the model's answers, as sums name it.
const personalized = "PERSONALIZED"

// expect notes what did not hold.
func (s *step) expect(holds bool, format string, args ...any) {
	if !holds {
		s.Broken = append(s.Broken, fmt.Sprintf(format, args...))
	}
}

func (s *step) elapsed() time.Duration { return time.Since(s.Began) }

// do does one step and tells of it.
func (t *trial) do(ctx context.Context, name, what string, act func(*step) error) error {
	_, _ = fmt.Fprintf(t.w, "%-10s ", name)
	s := &step{Name: name, What: what, Began: time.Now().UTC(), Broken: []string{}}
	err := act(s)
	if s.Seconds == 0 {
		s.Seconds = s.elapsed().Round(100 * time.Millisecond).Seconds()
	}
	s.Busy = loadAverage()
	if err != nil {
		s.Broken = append(s.Broken, err.Error())
		err = fmt.Errorf("%s: %w", name, err)
	}
	t.report.Steps = append(t.report.Steps, s)
	_, _ = fmt.Fprintf(t.w, "%6.1f s\n", s.Seconds)
	if s.Load != nil {
		_, _ = fmt.Fprintf(t.w, "%-10s ", "")
		_ = s.Load.Line(t.w) // it is told of in the report, too
	}
	for _, what := range s.Broken {
		_, _ = fmt.Fprintf(t.w, "%-10s %s\n", "", what)
	}
	if len(s.Broken) > 0 {
		keep(ctx, t.tools, filepath.Join(t.out, file(name)))
	}
	return err
}

// loaded does one step under that many requests, and wants an answer to each.
func (t *trial) loaded(ctx context.Context, name, what string, requests int, act func(context.Context) error) error {
	return t.do(ctx, name, what, func(s *step) error {
		image := t.repository + ":" + t.next
		if name == "calm" || name == "upgrade" {
			image = t.repository + ":" + t.tag
		}
		log, err := os.Create(filepath.Join(t.out, "load-"+file(name)+".log"))
		if err != nil {
			return err
		}
		var ended time.Time
		o := order{image: image, rate: t.rate, requests: requests, deadline: t.deadline, settle: t.settle, log: log}
		sums, err := underLoad(ctx, t.tools, o, func(ctx context.Context) error {
			s.Began = time.Now().UTC()
			err := act(ctx)
			ended = time.Now()
			s.Seconds = s.elapsed().Round(100 * time.Millisecond).Seconds()
			return err
		})
		if err := errors.Join(err, log.Close()); err != nil {
			return err
		}
		s.Load = &sums
		s.judge(requests, ended)
		return nil
	})
}

// file is the step's name in the names of files.
func file(name string) string { return strings.ReplaceAll(name, " ", "-") }

// judge says what is not as it has to be: every request is answered, most by the model, and the load lasted longer than what was
// done.
func (s *step) judge(requests int, ended time.Time) {
	sums := s.Load
	s.expect(sums.Requests >= requests, "%d requests, expected %d", sums.Requests, requests)
	s.expect(sums.Failed == 0, "%d requests failed, expected none: %v", sums.Failed, sums.Codes)
	personal := sums.Tiers[personalized]
	s.expect(2*personal > sums.Requests, "%d of %d answers are %s, expected most", personal, sums.Requests, personalized)
	last := sums.Started.Add(time.Duration(sums.Seconds * float64(time.Second)))
	s.expect(!sums.Started.After(s.Began) && !last.Before(ended),
		"the load went from %s to %s, expected from before %s until after %s (raise -requests)",
		sums.Started.Format(time.TimeOnly), last.Format(time.TimeOnly), s.Began.Format(time.TimeOnly), ended.UTC().Format(time.TimeOnly))
}

// loadAverage is how many threads wanted a processor in the last minute.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var average float64
	if _, err := fmt.Sscan(string(text), &average); err != nil {
		return 0
	}
	return average
}
