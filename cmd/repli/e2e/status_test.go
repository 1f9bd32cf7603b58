package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// statusPages wants the page of each process to be of that process: its sections, and nobody else's.
func statusPages(t *testing.T, m *mesh) {
	for name, want := range map[string][]string{
		"gateway":  {"answers", "causes", "peers", "admission", "degraded"},
		"feature":  {"store", "memory", "rows", "items"},
		"ranking":  {"models", "items"},
		"fallback": {"snapshot"},
	} {
		url := "http://" + m.addresses[name+" admin"] + "/statusz"
		var data struct {
			Title    string
			Services []struct {
				Name, Tone string
				Sections   []struct{ ID string }
			}
		}
		if err := json.Unmarshal([]byte(fetch(t, url+"/data.json")), &data); err != nil {
			t.Fatal(err)
		}
		if data.Title != name || len(data.Services) != 1 || data.Services[0].Name != name {
			t.Errorf("the page of %s is of %+v", name, data)
			continue
		}
		var sections []string
		for _, section := range data.Services[0].Sections {
			sections = append(sections, section.ID)
		}
		if !slices.Equal(sections, want) {
			t.Errorf("%s has the sections %v, want %v", name, sections, want)
		}
		page := fetch(t, url)
		for _, id := range want {
			if !strings.Contains(page, `id="`+name+"-"+id+`"`) {
				t.Errorf("the page of %s lacks %s", name, id)
			}
		}
		if profile := fetch(t, "http://"+m.addresses[name+" admin"]+"/debug/pprof/goroutine?debug=1"); !strings.HasPrefix(profile, "goroutine profile: ") {
			t.Errorf("%s has no profiles: %.100s", name, profile)
		}
	}
}
