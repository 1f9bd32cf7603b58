package ranking

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/repli-mesh/repli/pkg/budget"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
	"github.com/repli-mesh/repli/services/ranking/internal/shadow"
)

// Config is the ranking service's section of the configuration.
type Config struct {
	// Bundle is the folder of the model bundle; empty where the program brings one.
	Bundle string `yaml:"bundle"`
	// Registry is a folder of versions that is watched, instead of Bundle.
	Registry registry.Config `yaml:"registry"`
	// Engine runs the model: "plan", or "ort" (onnxruntime) in builds that have it.
	Engine string `yaml:"engine"`
	// Onnxruntime is the path of onnxruntime's shared library, for the engine ort.
	Onnxruntime string `yaml:"onnxruntime"`
	// MaxModelBytes is how large model.onnx may be.
	MaxModelBytes int64 `yaml:"max_model_bytes"`
	// MaxConcurrent is how many requests are worked on at a time; others wait as long as their deadlines allow. 0 means
	// twice the number of processors.
	MaxConcurrent int `yaml:"max_concurrent"`
	// Retrieval is the share of the time left that a search for further candidates may have; the rest is for scoring.
	Retrieval budget.Share `yaml:"retrieval"`
	// Shadow bounds the scoring beside the requests.
	Shadow shadow.Config `yaml:"shadow"`
	// Items bounds the item table.
	Items items.Config `yaml:"items"`
}

// Defaults names no bundle.
func Defaults() Config {
	return Config{
		Registry: registry.Defaults(), Engine: models.Plan, MaxModelBytes: 1 << 30, Items: items.Defaults(), Shadow: shadow.Defaults(),
		Retrieval: budget.Share{Share: 0.4, Floor: 200 * time.Microsecond, Ceiling: 50 * time.Millisecond},
	}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if c.Engine != models.Plan && c.Engine != models.ORT {
		faults = append(faults, config.Invalid("engine", c.Engine, "plan or ort"))
	}
	if c.Engine == models.ORT && c.Onnxruntime == "" {
		faults = append(faults, config.Invalid("onnxruntime", "", "the path of onnxruntime's shared library"))
	}
	if c.MaxModelBytes < 1 || c.MaxModelBytes > 1<<34 {
		faults = append(faults, config.Invalid("max_model_bytes", c.MaxModelBytes, fmt.Sprintf("1 to %d", 1<<34)))
	}
	if c.MaxConcurrent < 0 || c.MaxConcurrent > 10_000 {
		faults = append(faults, config.Invalid("max_concurrent", c.MaxConcurrent, "0 to 10000"))
	}
	for _, f := range c.Retrieval.Faults("retrieval") {
		faults = append(faults, config.Invalid(f.Key, f.Value, f.Expected))
	}
	faults = append(faults, config.Under("registry", c.Registry.Validate()))
	faults = append(faults, config.Under("shadow", c.Shadow.Validate()))
	faults = append(faults, config.Under("items", c.Items.Validate()))
	return errors.Join(faults...)
}

// engine says how models are loaded.
func (c Config) engine() models.Options {
	return models.Options{Engine: c.Engine, Library: c.Onnxruntime, MaxBytes: c.MaxModelBytes}
}

func (c Config) concurrent() int {
	if c.MaxConcurrent > 0 {
		return c.MaxConcurrent
	}
	return 2 * runtime.GOMAXPROCS(0)
}
