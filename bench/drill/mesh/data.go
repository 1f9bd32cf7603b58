package mesh

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/repli-mesh/repli/demo"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/reftest/declare"
	"github.com/repli-mesh/repli/pkg/views"
)

// Data is what a mesh serves: paths of files and what is in them.
type Data struct {
	Views, Users, Items, Events, Bundle string
	// UserIDs and ItemIDs are those of the files, in their order.
	UserIDs, ItemIDs []string
}

// DemoData writes the files of the demo shop into the folder.
func DemoData(ctx context.Context, dir string) (Data, error) {
	bundle := filepath.Join(dir, "bundle")
	if err := errors.Join(os.CopyFS(dir, demo.Data()), os.CopyFS(bundle, demo.Bundle())); err != nil {
		return Data{}, err
	}
	return folderData(ctx, filepath.Join(dir, "views.yaml"), dir, bundle)
}

// folderData is that of a folder with users, items and events files, which a views.yaml declares, and of a bundle's folder.
func folderData(ctx context.Context, declared, dir, bundle string) (Data, error) {
	d := Data{Views: declared, Bundle: bundle}
	text, err := os.ReadFile(d.Views)
	if err != nil {
		return Data{}, err
	}
	project, err := views.Parse(d.Views, text)
	if err != nil {
		return Data{}, err
	}
	for name, into := range map[string]*string{"users": &d.Users, "items": &d.Items, "events": &d.Events} {
		found, err := fs.Glob(os.DirFS(dir), name+".*")
		if err != nil || len(found) != 1 {
			return Data{}, fmt.Errorf("%s: %d files %s.*, expected one", dir, len(found), name)
		}
		*into = filepath.Join(dir, found[0])
	}
	if d.UserIDs, err = ids(ctx, project, d.Users, views.User); err != nil {
		return Data{}, err
	}
	d.ItemIDs, err = ids(ctx, project, d.Items, views.Item)
	return d, err
}

// ids are the entities of a file.
func ids(ctx context.Context, project *views.Project, path string, entity views.Entity) ([]string, error) {
	source, err := dataset.Open(path)
	if err != nil {
		return nil, err
	}
	var all []string
	for record, err := range dataset.Rows(ctx, project, source, project.ViewsOf(entity)[0]) {
		if err != nil {
			return nil, err
		}
		all = append(all, record.Row.EntityID)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: has no rows, expected some", path)
	}
	return all, nil
}

// ReferenceData is that of a folder with users, items, events and models/NAME. Where the folder has no views.yaml, one that
// declares every column is written into dir.
func ReferenceData(ctx context.Context, from, model, dir string) (Data, error) {
	bundle := filepath.Join(from, "models", model)
	path := filepath.Join(from, "views.yaml")
	if _, err := os.Stat(path); err == nil {
		return folderData(ctx, path, from, bundle)
	}
	text, err := declare.Views(from)
	if err != nil {
		return Data{}, err
	}
	path = filepath.Join(dir, "views.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return Data{}, err
	}
	return folderData(ctx, path, from, bundle)
}
