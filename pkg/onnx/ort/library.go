//go:build ort

package ort

import (
	"fmt"
	"os"
	"sync"

	runtime "github.com/yalue/onnxruntime_go"
)

// library is the shared library of the process: onnxruntime is loaded once and stays.
var library struct {
	sync.Mutex
	path string
}

// load makes the library at path that of the process.
func load(path string) error {
	library.Lock()
	defer library.Unlock()
	switch library.path {
	case path:
		return nil
	case "":
	default:
		return fmt.Errorf("ort: library %q cannot be loaded beside %q", path, library.path)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("ort: library %q: %w", path, err)
	}
	runtime.SetSharedLibraryPath(path)
	if err := runtime.InitializeEnvironment(runtime.WithLogLevelError()); err != nil {
		return fmt.Errorf("ort: library %q: %w", path, err)
	}
	library.path = path
	return nil
}
