package feature

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/statusz"
)

// section returns the section with an id, with its facts by label.
func section(t *testing.T, s *Service, id string) (statusz.Section, map[string]string) {
	t.Helper()
	_, _, sections := s.Status()
	for _, one := range sections {
		if one.ID == id {
			facts := map[string]string{}
			for _, fact := range one.Facts {
				facts[fact.Label] = fact.Value
			}
			return one, facts
		}
	}
	t.Fatalf("there is no section %s", id)
	return statusz.Section{}, nil
}

func TestStatusShowsTheStoreAndWhatIsInMemory(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(*Config) {})
	<-c.table.Ready()
	c.get(t, "somebody")
	c.get(t, "somebody")
	c.move(10 * time.Second) // a row of nobody is asked for again after that
	c.get(t, "somebody")
	if headline, tone, _ := c.Status(); tone != statusz.Good || headline != "The store answers; 0 items." {
		t.Errorf("%q, %q", headline, tone)
	}
	store, facts := section(t, c.Service, "store")
	if facts["kind"] != "redis" || facts["circuit"] != "closed" || facts["opened"] != "0" {
		t.Errorf("store: %v", facts)
	}
	pools := store.Tables[0].Rows
	if len(pools) != 4 || pools[0][0].Text != "reads" || pools[0][1].Text == "0" || pools[2][0].Text != "main" || pools[2][1].Text == "0" {
		t.Errorf("pools: %+v", pools)
	}
	memory, facts := section(t, c.Service, "memory")
	if facts["hit rate"] != "66.7 %" || facts["rows"] != "1" || facts["loads"] != "2" { // one miss, one hit, one renewed
		t.Errorf("memory: %v", facts)
	}
	if chart := memory.Charts[0]; len(chart.Series) != 4 || chart.Series[0].Name != "hit" {
		t.Errorf("chart: %+v", chart)
	}
	if _, facts = section(t, c.Service, "rows"); facts["of new users"] != "3" {
		t.Errorf("rows: %v", facts)
	}
	_, _, sections := c.Status()
	all, err := json.Marshal(sections)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(all), "somebody") {
		t.Error("a user id is on the page")
	}
}

func TestStatusOfAStoreThatIsGone(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(*Config) {})
	c.server.Stop(t)
	for range 100 {
		if _, err := c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "somebody"}); err == nil {
			t.Fatal("a store that is gone answered")
		}
	}
	headline, tone, _ := c.Status()
	if _, facts := section(t, c.Service, "store"); tone != statusz.Bad || facts["circuit"] != "open, probing" || facts["opened"] != "1" ||
		!strings.Contains(headline, "open") {
		t.Errorf("%q, %q, %v", headline, tone, facts)
	}
}

func TestStatusOfAStoreInMemory(t *testing.T) {
	t.Parallel()
	s := newService(t, memoryConfig())
	<-s.table.Ready()
	store, facts := section(t, s, "store")
	if facts["kind"] != "memory" || len(store.Tables) != 0 {
		t.Errorf("%+v", store)
	}
	if _, _, sections := s.Status(); len(sections) != 3 {
		t.Errorf("%d sections, want none of memory before a store in memory", len(sections))
	}
}
