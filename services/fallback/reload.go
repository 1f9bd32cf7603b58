package fallback

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/fallback/internal/snapshot"
)

// file is the snapshot's file as it was last seen. Only New and Run use it, one after the other.
type file struct {
	path string
	seen fs.FileInfo
}

// changed says whether the file is another than the one last seen. A file that is not there has not changed.
func (f *file) changed() (fs.FileInfo, bool, error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	same := f.seen != nil && os.SameFile(f.seen, info) &&
		f.seen.Size() == info.Size() && f.seen.ModTime().Equal(info.ModTime())
	return info, !same, nil
}

// Run reads the file again whenever it has changed, until ctx is done; then it returns nil. A bad file is logged, counted
// and left alone until it changes: the last good snapshot serves on.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.cfg.Reload)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.reload()
		}
	}
}

// reload serves the file's snapshot if the file has changed and is good.
func (s *Service) reload() {
	if s.file.path == "" {
		return
	}
	info, changed, err := s.file.changed()
	if err == nil && !changed {
		return
	}
	var next *Snapshot
	if err == nil {
		next, err = snapshot.Read(s.file.path)
	}
	if err == nil || errors.Is(err, snapshot.ErrCorrupt) {
		s.file.seen = info // any other failure may pass, so the next look tries again
	}
	if err != nil {
		s.figures.refused.Add(1)
		s.log.Error("snapshot refused", slog.String("path", s.file.path), telemetry.Err(err))
		return
	}
	s.figures.loaded.Add(1)
	s.serve(next)
	s.log.Info("snapshot loaded", slog.String("path", s.file.path), slog.String("version", next.Version()),
		slog.Time("built_at", next.BuiltAt()), slog.Int("items", next.Len()))
}
