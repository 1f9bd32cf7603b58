package registry

import (
	"context"
	"io/fs"
)

// Source is where the versions are.
type Source interface {
	// FS has the files SERVING, CANARY and SHADOW, the names, sizes and times of all files, and the contents of those of
	// versions that were fetched.
	fs.FS
	// Refresh looks again. What FS says does not change in between.
	Refresh(ctx context.Context) error
	// Fetch returns a version's folder, with the contents of its files as they were at the last Refresh.
	Fetch(ctx context.Context, version string) (fs.FS, error)
}

// Local is a folder at hand.
type Local struct{ fs.FS }

// Refresh does nothing.
func (Local) Refresh(context.Context) error { return nil }

// Fetch returns the folder as it is.
func (l Local) Fetch(_ context.Context, version string) (fs.FS, error) { return fs.Sub(l.FS, version) }
