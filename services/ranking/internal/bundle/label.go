package bundle

import (
	"fmt"
	"io/fs"
	"time"
)

// Label is what a manifest says of the model as a whole.
type Label struct {
	// Name and Version are those of Bundle.
	Name, Version string
	// SHA256 is what the model file's should be; empty when the manifest does not say.
	SHA256 string
	// TrainedAt is the zero time when the manifest does not say.
	TrainedAt time.Time
}

// ReadLabel reads the manifest of the bundle in a folder, and looks at no other file.
func ReadLabel(folder fs.FS) (Label, error) {
	text, err := read(folder, manifestFile, maxText)
	if err != nil {
		return Label{}, err
	}
	m, err := parseManifest(text)
	if err != nil {
		return Label{}, fmt.Errorf("%s: %w", manifestFile, err)
	}
	label := Label{Name: m.Name, Version: m.Version, SHA256: m.SHA256}
	if m.TrainedAt != nil {
		label.TrainedAt = *m.TrainedAt
	}
	return label, nil
}
