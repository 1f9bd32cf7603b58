package load

import (
	"errors"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config says how much a load does at once.
type Config struct {
	// BatchRows is how many records are written together: 1 to 5,000.
	BatchRows int `yaml:"batch_rows"`
	// Workers is how many batches are written at the same time: 1 to 64.
	Workers int `yaml:"workers"`
	// Faults is how many faults of the files an error lists; all are counted: 1 to 10,000.
	Faults int `yaml:"faults"`
}

// Defaults suits one Redis.
func Defaults() Config {
	return Config{BatchRows: 1000, Workers: 4, Faults: 20}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if c.BatchRows < 1 || c.BatchRows > 5000 {
		faults = append(faults, config.Invalid("batch_rows", c.BatchRows, "1 to 5000"))
	}
	if c.Workers < 1 || c.Workers > 64 {
		faults = append(faults, config.Invalid("workers", c.Workers, "1 to 64"))
	}
	if c.Faults < 1 || c.Faults > 10_000 {
		faults = append(faults, config.Invalid("faults", c.Faults, "1 to 10000"))
	}
	return errors.Join(faults...)
}
