// Package drill owns the running of scenarios: it starts a mesh, offers a load, puts a fault upon the mesh and takes it away,
// watches it recover, and judges what was seen. How faults are made, what is sent and how it looks are its sub-packages'.
package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/report"
	"github.com/repli-mesh/repli/bench/drill/scenario"
)

// Options say what is drilled.
type Options struct {
	// Scenarios are run in an order that lets them share meshes.
	Scenarios []scenario.Scenario
	// Programs are run.
	Programs mesh.Programs
	// Data returns what the mesh serves, written into a folder where need be; nil means the demo shop.
	Data func(ctx context.Context, dir string) (mesh.Data, error)
	// Watch is told of what happens.
	Watch Watcher
	// Seed draws the load.
	Seed uint64
}

// Watcher is told of a drill's progress, by one goroutine at a time.
type Watcher interface {
	// Progress says what is going on in a scenario; now is nil before the load.
	Progress(scenario, phase string, now *report.Row)
	// Done gives the row of a scenario that has ended.
	Done(row report.Row)
}

// Run runs the scenarios and returns a row for each, in the order in which they ran. What a scenario expects and does not get
// is in its row; an error is something that keeps the drill itself from going on. When it returns, every process that it
// started has ended and its folder is gone.
func Run(ctx context.Context, o Options) (rows []report.Row, err error) {
	dir, err := os.MkdirTemp("", "repli-drill")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.Data == nil {
		o.Data = mesh.DemoData
	}
	data, err := o.Data(ctx, dir)
	if err != nil {
		return nil, err
	}
	meshes := &meshes{programs: o.Programs, data: data, dir: dir}
	defer func() { err = errors.Join(err, meshes.close()) }()
	for _, s := range ordered(o.Scenarios) {
		o.Watch.Progress(s.Name, "start", nil)
		started := time.Now()
		m, err := meshes.of(ctx, s.Mesh)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", s.Name, err)
		}
		run := &run{scenario: s, mesh: m, watch: o.Watch, seed: o.Seed}
		row, err := run.all(ctx)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", s.Name, err)
		}
		row.Seconds = time.Since(started).Seconds()
		if !row.OK() {
			meshes.spoilt = true // whatever is wrong is not to be the next scenario's
		}
		o.Watch.Done(row)
		rows = append(rows, row)
	}
	return rows, nil
}

// ordered puts scenarios on the same mesh beside each other.
func ordered(all []scenario.Scenario) []scenario.Scenario {
	first := map[string]int{}
	for i, s := range all {
		if _, ok := first[key(s.Mesh)]; !ok {
			first[key(s.Mesh)] = i
		}
	}
	return slices.SortedStableFunc(slices.Values(all), func(a, b scenario.Scenario) int {
		return first[key(a.Mesh)] - first[key(b.Mesh)]
	})
}

// key is the same for meshes that can be shared.
func key(m scenario.Mesh) string {
	text, err := json.Marshal(m)
	if err != nil {
		return strings.ToValidUTF8(fmt.Sprintf("%+v", m), "")
	}
	return string(text)
}

// meshes holds the one that runs.
type meshes struct {
	programs mesh.Programs
	data     mesh.Data
	dir      string

	now    *mesh.Mesh
	key    string
	spoilt bool
}

// of returns a running mesh of that kind, well at the moment.
func (m *meshes) of(ctx context.Context, spec scenario.Mesh) (*mesh.Mesh, error) {
	if m.now != nil && !m.spoilt && m.key == key(spec) && m.now.AwaitPersonalized(ctx) == nil {
		return m.now, nil
	}
	if err := m.close(); err != nil {
		return nil, err
	}
	started, err := mesh.Start(ctx, spec, m.data, m.programs, m.dir)
	if err != nil {
		return nil, err
	}
	m.now, m.key, m.spoilt = started, key(spec), false
	return started, nil
}

func (m *meshes) close() error {
	if m.now == nil {
		return nil
	}
	err := m.now.Close()
	m.now = nil
	return err
}
