// Package registry owns which version of a model serves: it watches a folder of bundles, one folder a version, and loads
// what should serve next. It does not know what a model is used for.
//
// The file SERVING in the folder names the version to serve; without it, it is the highest version. A version is a folder
// with a manifest.json; 10 is higher than 9. A folder is looked at again until it is the same in two looks, so that one that
// is still being copied is left alone; one that cannot be loaded is refused until its files change. The version that served
// before is kept: going back to it loads nothing.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
)

// servingFile names the version to serve.
const servingFile = "SERVING"

// Config is the registry's section of the configuration.
type Config struct {
	// Path is the folder of versions; empty where there is no registry.
	Path string `yaml:"path"`
	// Interval is the time between two looks at it.
	Interval time.Duration `yaml:"interval"`
}

// Defaults names no folder.
func Defaults() Config { return Config{Interval: 10 * time.Second} }

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	if c.Interval < 100*time.Millisecond || c.Interval > time.Hour {
		return config.Invalid("interval", c.Interval, "100ms to 1h")
	}
	return nil
}

// Deps is what a registry works with.
type Deps struct {
	// Folder holds the versions.
	Folder fs.FS
	// Load makes a model of a version's folder.
	Load func(ctx context.Context, folder fs.FS) (*models.Model, error)
	// Serve is told which model serves from now on.
	Serve func(*models.Model)
	// Loaded is told of each attempt to load a version.
	Loaded func(ctx context.Context, err error)
	// Log takes what an operator should know.
	Log *slog.Logger
}

// Registry follows a folder. Open comes first, then Run; neither is safe for concurrent use.
type Registry struct {
	cfg               Config
	deps              Deps
	current, previous version
	seen, refused     map[string]string // by version: what its files looked like
}

// version is a model with where it is from.
type version struct {
	name, files string
	model       *models.Model
}

// New returns a registry that has not looked at its folder yet.
func New(cfg Config, deps Deps) *Registry {
	return &Registry{cfg: cfg, deps: deps, seen: map[string]string{}, refused: map[string]string{}}
}

// Open loads the version that should serve and serves it. The error says why it cannot, or that there is none.
func (r *Registry) Open(ctx context.Context) error {
	name, err := r.wanted()
	if err != nil {
		return err
	}
	files, err := look(r.deps.Folder, name)
	if err != nil {
		return err
	}
	r.seen[name] = files
	return r.change(ctx, name, files)
}

// Run looks at the folder until ctx is done, and then returns nil. Faults are logged; what serves goes on.
func (r *Registry) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.cfg.Interval)
	defer ticker.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		text := ""
		if err := r.poll(ctx); err != nil && ctx.Err() == nil {
			text = err.Error()
		}
		if text != last && text != "" { // once, not at every look
			r.deps.Log.ErrorContext(ctx, "the model registry", slog.String("error", text), slog.String("serving", r.current.name))
		}
		last = text
	}
}

// poll serves what should serve, if that has changed.
func (r *Registry) poll(ctx context.Context) error {
	name, err := r.wanted()
	if err != nil || name == r.current.name {
		return err
	}
	files, err := look(r.deps.Folder, name)
	if err != nil {
		return err
	}
	switch {
	case r.refused[name] == files:
		return fmt.Errorf("version %q was refused, and its files have not changed", name)
	case r.seen[name] != files:
		r.seen[name] = files
		return nil // it may still be on its way
	}
	return r.change(ctx, name, files)
}

// change serves a version: the one before, if it is that, or one that is loaded now.
func (r *Registry) change(ctx context.Context, name, files string) error {
	next := version{name: name, files: files}
	if r.previous.name == name && r.previous.files == files {
		next.model = r.previous.model
	} else {
		folder, err := fs.Sub(r.deps.Folder, name)
		if err == nil {
			next.model, err = r.deps.Load(ctx, folder)
		}
		r.deps.Loaded(ctx, err)
		if err != nil {
			if ctx.Err() == nil {
				r.refused[name] = files
			}
			return fmt.Errorf("version %q is refused: %w", name, err)
		}
	}
	r.previous, r.current = r.current, next
	r.deps.Serve(next.model)
	r.deps.Log.InfoContext(ctx, "a model serves", slog.String("version", name), slog.String("model", next.model.ID()),
		slog.String("before", r.previous.name))
	return nil
}

// wanted is the version that should serve.
func (r *Registry) wanted() (string, error) {
	content, err := fs.ReadFile(r.deps.Folder, servingFile)
	if err == nil {
		name := strings.TrimSpace(string(content))
		if !fs.ValidPath(name) || name == "." || strings.Contains(name, "/") {
			return "", fmt.Errorf("%s: is %.100q, expected the name of a version's folder", servingFile, name)
		}
		return name, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", servingFile, err)
	}
	return highest(r.deps.Folder)
}
