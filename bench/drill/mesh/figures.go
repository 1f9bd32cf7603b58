package mesh

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Figures are what one process holds at a moment.
type Figures struct {
	// Goroutines and Files (open file descriptors, connections among them) are counts.
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"files"`
	// Heap is the size in bytes at which the next collection starts: about twice what is alive.
	Heap float64 `json:"heap_bytes"`
	// Resident is what the process occupies, in bytes.
	Resident float64 `json:"resident_bytes"`
	// CPU is the seconds of processor time since the start.
	CPU float64 `json:"cpu_s"`
}

// metrics are the names of the figures on a service's page.
func (f *Figures) metrics() map[string]*float64 {
	return map[string]*float64{
		"go_goroutines": &f.Goroutines, "process_open_fds": &f.Files, "go_memstats_next_gc_bytes": &f.Heap,
		"process_resident_memory_bytes": &f.Resident, "process_cpu_seconds_total": &f.CPU,
	}
}

// scrapePatience bounds the reading of one page.
const scrapePatience = 2 * time.Second

// scrape reads the figures of a service's admin port.
func scrape(ctx context.Context, admin string) (Figures, error) {
	var f Figures
	ctx, cancel := context.WithTimeout(ctx, scrapePatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", http.NoBody)
	if err != nil {
		return f, err
	}
	request.Close = true // the connection is not to be counted the next time
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return f, err
	}
	defer response.Body.Close()
	wanted := f.metrics()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		into, ok := wanted[name]
		if !ok {
			continue
		}
		if *into, err = strconv.ParseFloat(value, 64); err != nil {
			return f, fmt.Errorf("%s: %s is %q: %w", admin, name, value, err)
		}
		delete(wanted, name)
	}
	if len(wanted) > 0 {
		return f, fmt.Errorf("%s: %d of the figures are missing", admin, len(wanted))
	}
	return f, lines.Err()
}

// Figures reads those of every service, by its name, and of the store, whose Files are its clients.
func (m *Mesh) Figures(ctx context.Context) (map[string]Figures, error) {
	all := map[string]Figures{}
	for _, name := range m.order {
		f, err := scrape(ctx, m.admins[name])
		if err != nil {
			return nil, fmt.Errorf("figures of %s: %w", name, err)
		}
		all[name] = f
	}
	clients, err := m.Store.connected(ctx)
	if err != nil {
		return nil, err
	}
	all["store"] = Figures{Files: clients}
	return all, nil
}
