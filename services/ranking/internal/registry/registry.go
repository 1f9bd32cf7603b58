// Package registry owns which versions of a model are used, and for what: it watches a folder of bundles, one folder a
// version, and loads what should be used next. It does not know what a model is used with.
//
// The file SERVING in the folder names the version to serve; without it, it is the highest version. CANARY and SHADOW hold the
// name of a version and a percentage. A version is a folder with a manifest.json; 10 is higher than 9. A folder is looked at
// again until it is the same in two looks, so that one that is still being copied is left alone; one that cannot be loaded is
// refused until its files change. The version that served before is kept: going back to it loads nothing.
package registry

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
)

// Config is the registry's section of the configuration.
type Config struct {
	// Path is the folder of versions, or s3://BUCKET/FOLDER in builds that have S3; empty where there is no registry.
	Path string `yaml:"path"`
	// Cache is the local folder for what is fetched from s3://.
	Cache string `yaml:"cache"`
	// Interval is the time between two looks at it.
	Interval time.Duration `yaml:"interval"`
}

// Defaults names no folder.
func Defaults() Config { return Config{Interval: 10 * time.Second} }

// Remote reports whether the versions have to be fetched.
func (c Config) Remote() bool { return strings.HasPrefix(c.Path, "s3://") }

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if c.Remote() {
		if u, err := url.Parse(c.Path); err != nil || u.Host == "" || u.User != nil {
			faults = append(faults, config.Invalid("path", "s3://...", // it may hold a secret
				"s3://BUCKET/FOLDER without credentials, which are the environment's or those of the pod's role"))
		}
		if c.Cache == "" {
			faults = append(faults, config.Invalid("cache", "", "a local folder for what is fetched from s3://"))
		}
	}
	if c.Interval < 100*time.Millisecond || c.Interval > time.Hour {
		faults = append(faults, config.Invalid("interval", c.Interval, "100ms to 1h"))
	}
	return errors.Join(faults...)
}

// Deps is what a registry works with.
type Deps struct {
	// Source holds the versions.
	Source Source
	// Load makes a model of a version's folder.
	Load func(ctx context.Context, folder fs.FS) (*models.Model, error)
	// Serve is told which models answer from now on.
	Serve func(Roles)
	// Loaded is told of each attempt to load a version.
	Loaded func(ctx context.Context, err error)
	// Log takes what an operator should know.
	Log *slog.Logger
}

// Roles are the models that are used, by what for.
type Roles struct {
	// Serving answers.
	Serving *models.Model
	// Canary answers a share of the users, and Shadow scores a share of the requests beside the one that answers.
	Canary, Shadow Share
}

// Share is a model that has a part of what there is.
type Share struct {
	// Model is nil where there is none.
	Model *models.Model
	// Percent is above 0 and at most 100.
	Percent float64
}

// Registry follows a folder. Open comes first, then Run, one at a time; List may be called at any time.
type Registry struct {
	cfg  Config
	deps Deps
	seen map[string]string // by version: what its files looked like

	// What follows is changed by Open and Run alone, which hold mu only while they do.
	mu                sync.Mutex
	serving, previous version
	canary, shadow    share
	refused           map[string]refusal // by version
}

// version is a model with where it is from.
type version struct {
	name, files string
	model       *models.Model
}

// share is a version that has a part of what there is.
type share struct {
	version
	percent float64
}

// refusal is why a version was not loaded, and what its files looked like.
type refusal struct{ files, reason string }

// New returns a registry that has not looked at its folder yet.
func New(cfg Config, deps Deps) *Registry {
	return &Registry{cfg: cfg, deps: deps, seen: map[string]string{}, refused: map[string]refusal{}}
}

// Open loads the version that should serve, and the canary and the shadow, without waiting for a second look. The error says
// why there is none to serve; a canary or shadow that cannot be loaded is logged.
func (r *Registry) Open(ctx context.Context) error {
	if err := r.deps.Source.Refresh(ctx); err != nil {
		return err
	}
	name, err := wanted(r.deps.Source)
	if err != nil {
		return err
	}
	for _, file := range []string{canaryFile, shadowFile} {
		if s, err := readShare(r.deps.Source, file); err == nil && s.name != "" {
			r.settled(s.name)
		}
	}
	r.settled(name)
	if err := r.follow(ctx, name); err != nil {
		return err
	}
	r.complain(ctx, r.followShares(ctx))
	return ctx.Err()
}

// settled takes a version's files as they are for complete.
func (r *Registry) settled(name string) {
	if files, err := look(r.deps.Source, name); err == nil {
		r.seen[name] = files
	}
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
		err := r.poll(ctx)
		if ctx.Err() != nil {
			return nil
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != last { // once, not at every look
			r.complain(ctx, err)
		}
		last = text
	}
}

func (r *Registry) complain(ctx context.Context, err error) {
	if err != nil {
		r.deps.Log.ErrorContext(ctx, "the model registry", slog.String("error", err.Error()), slog.String("serving", r.serving.name))
	}
}

// poll uses what should be used, if that has changed.
func (r *Registry) poll(ctx context.Context) error {
	if err := r.deps.Source.Refresh(ctx); err != nil {
		return err
	}
	name, err := wanted(r.deps.Source)
	if err == nil && name != r.serving.name {
		err = r.follow(ctx, name)
	}
	return errors.Join(err, r.followShares(ctx))
}
