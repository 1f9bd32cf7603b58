package registry

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
)

// listed is how many versions a list holds at most.
const listed = 1000

// Entry is one version and what it is used for.
type Entry struct {
	// Folder is the version's name in the registry.
	Folder string
	// Serving and Previous say whether it serves, or did before.
	Serving, Previous bool
	// Canary and Shadow are its percentages, 0 where it is none.
	Canary, Shadow float64
	// Refused is why it could not be loaded; empty when nobody tried, or it could.
	Refused string
	// Model is nil unless it is in memory.
	Model *models.Model
	// Label is what the manifest of a version says that is not in memory; the zero Label when it cannot be read.
	Label bundle.Label
}

// List returns the versions, highest first, at most 1,000. The error says that the folder cannot be read. Safe for concurrent
// use.
func (r *Registry) List() ([]Entry, error) {
	names, err := versions(r.deps.Source)
	if err != nil {
		return nil, err
	}
	entries := r.held()
	for _, name := range names {
		if slices.ContainsFunc(entries, func(e Entry) bool { return e.Folder == name }) {
			continue
		}
		entries = append(entries, Entry{Folder: name, Refused: r.reason(name)})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return compare(b.Folder, a.Folder) })
	entries = entries[:min(len(entries), listed)]
	for i := range entries {
		if entries[i].Model != nil {
			continue
		}
		if folder, err := fs.Sub(r.deps.Source, entries[i].Folder); err == nil {
			entries[i].Label, _ = bundle.ReadLabel(folder) // the list is no place to complain of a manifest
		}
	}
	return entries, nil
}

// held returns the versions in memory.
func (r *Registry) held() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var entries []Entry
	entry := func(v version) *Entry {
		at := slices.IndexFunc(entries, func(e Entry) bool { return e.Folder == v.name })
		if at < 0 {
			at = len(entries)
			entries = append(entries, Entry{Folder: v.name, Model: v.model})
		}
		return &entries[at]
	}
	if r.serving.model != nil {
		entry(r.serving).Serving = true
	}
	if r.previous.model != nil && r.previous.name != r.serving.name {
		entry(r.previous).Previous = true
	}
	if r.canary.model != nil {
		entry(r.canary.version).Canary = r.canary.percent
	}
	if r.shadow.model != nil {
		entry(r.shadow.version).Shadow = r.shadow.percent
	}
	return entries
}

func (r *Registry) reason(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused[name].reason
}

// versions returns the names of a folder's versions.
func versions(folder fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("the folder of versions: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if _, err := fs.Stat(folder, entry.Name()+"/manifest.json"); err == nil {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}
