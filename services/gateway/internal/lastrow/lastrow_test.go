package lastrow

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

func memory(t *testing.T, cfg Config) *Memory {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func row(n float32) *featurev1.GetUserResponse {
	return &featurev1.GetUserResponse{Row: &featurev1.Row{Numbers: []float32{n}}}
}

func TestTheLastRowIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	m, now := memory(t, Defaults()), time.Unix(1000, 0)
	if m.Row("u", now) != nil {
		t.Error("a row out of nowhere")
	}
	first, second := row(1), row(2)
	m.Remember("u", first, now)
	m.Remember("u", second, now.Add(renew-1))
	if m.Row("u", now) != first {
		t.Error("a row that is seconds old was replaced")
	}
	m.Remember("u", second, now.Add(renew))
	if m.Row("u", now.Add(renew+4*time.Hour)) != second {
		t.Error("the newer row is not there to the end of its time")
	}
	if m.Row("u", now.Add(renew+4*time.Hour+1)) != nil || m.Row("somebody else", now) != nil {
		t.Error("a row past its time, or another's, is there")
	}
}

func TestRowIsNotUsedPastTheFreshnessOfItsViews(t *testing.T) {
	t.Parallel()
	m, now := memory(t, Defaults()), time.Unix(1000, 0)
	kept := row(1)
	kept.FreshUntil = timestamppb.New(now.Add(time.Minute))
	m.Remember("u", kept, now)
	if m.Row("u", now.Add(time.Minute)) != kept {
		t.Error("a row whose values are fresh is not there")
	}
	if m.Row("u", now.Add(time.Minute+1)) != nil {
		t.Error("a row with values past their freshness is there")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m, now := memory(t, Config{Bytes: 1 << 20, MaxAge: time.Hour}), time.Unix(1000, 0)
	const users, size = 10_000, 2*(4*256+5) + overhead
	for i := range users {
		m.Remember(fmt.Sprint(i), &featurev1.GetUserResponse{Row: &featurev1.Row{Numbers: make([]float32, 256)}}, now)
	}
	m.users.CleanUp()
	if n := m.users.EstimatedSize(); n == 0 || n > (1<<20)/size+1 {
		t.Errorf("%d users in 1 MiB", n)
	}
}

func TestValidateNamesEachFault(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{Bytes: 1, MaxAge: time.Hour}, {Bytes: 1 << 20}} {
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
