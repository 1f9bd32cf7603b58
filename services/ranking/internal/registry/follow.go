package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// follow serves a version, once it is there.
func (r *Registry) follow(ctx context.Context, name string) error {
	next, ok, err := r.ready(ctx, name)
	if !ok {
		return err
	}
	r.mu.Lock()
	r.previous, r.serving = r.serving, next
	r.mu.Unlock()
	r.announce()
	r.deps.Log.InfoContext(ctx, "a model serves", slog.String("version", name), slog.String("model", next.model.ID()),
		slog.String("before", r.previous.name))
	return nil
}

// followShares brings the canary and the shadow to what their files say.
func (r *Registry) followShares(ctx context.Context) error {
	return errors.Join(r.followShare(ctx, canaryFile, &r.canary), r.followShare(ctx, shadowFile, &r.shadow))
}

// followShare brings one of them there. Nonsense in the file, and a version that cannot be loaded, end it: then the one that
// serves is there for everyone.
func (r *Registry) followShare(ctx context.Context, file string, held *share) error {
	asked, err := readShare(r.deps.Source, file)
	if errors.Is(err, errUnreadable) {
		return err // nobody has asked for a change
	}
	var next share
	switch {
	case err != nil || asked.name == "":
	case asked.name == r.serving.name:
		err = fmt.Errorf("%s: version %q serves everyone: remove the file, or name the version that should serve in %s",
			file, asked.name, servingFile)
	case asked.name == held.name:
		next = share{version: held.version, percent: asked.percent}
	default:
		next.percent = asked.percent
		var ok bool
		if next.version, ok, err = r.ready(ctx, asked.name); !ok {
			next = share{}
		}
	}
	if next == *held {
		return err
	}
	r.mu.Lock()
	*held = next
	r.mu.Unlock()
	r.announce()
	r.deps.Log.InfoContext(ctx, "a model's share", slog.String("file", file), slog.String("version", next.name),
		slog.Float64("percent", next.percent))
	return err
}

func (r *Registry) announce() {
	r.deps.Serve(Roles{
		Serving: r.serving.model,
		Canary:  Share{Model: r.canary.model, Percent: r.canary.percent},
		Shadow:  Share{Model: r.shadow.model, Percent: r.shadow.percent},
	})
}

// ready returns a version with its model, which is loaded unless it is in memory. It is false with an error, or without one
// while the files may still be on their way.
func (r *Registry) ready(ctx context.Context, name string) (version, bool, error) {
	files, err := look(r.deps.Source, name)
	if err != nil {
		return version{}, false, err
	}
	for _, held := range []version{r.serving, r.previous, r.canary.version, r.shadow.version} {
		if held.name == name && held.files == files {
			return held, true, nil
		}
	}
	switch {
	case r.refused[name].files == files:
		return version{}, false, fmt.Errorf("version %q was refused, and its files have not changed", name)
	case r.seen[name] != files:
		r.seen[name] = files
		return version{}, false, nil
	}
	folder, err := r.deps.Source.Fetch(ctx, name)
	if err != nil {
		return version{}, false, fmt.Errorf("version %q: %w", name, err) // it may work at the next look
	}
	model, err := r.load(ctx, folder)
	if ctx.Err() != nil {
		return version{}, false, ctx.Err()
	}
	r.deps.Loaded(ctx, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.refused[name] = refusal{files: files, reason: err.Error()}
		return version{}, false, fmt.Errorf("version %q is refused: %w", name, err)
	}
	delete(r.refused, name)
	return version{name: name, files: files, model: model}, true, nil
}
