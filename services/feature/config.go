package feature

import (
	"errors"
	"time"

	"github.com/repli-mesh/repli/pkg/breaker"
	"github.com/repli-mesh/repli/pkg/cache"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/feature/internal/items"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// Kinds of stores.
const (
	Memory = "memory"
	Redis  = "redis"
)

// Config is the feature service's section of the configuration.
type Config struct {
	// Store is where features lie.
	Store StoreConfig `yaml:"store"`
	// Items says how the item table is kept and sent.
	Items items.Config `yaml:"items"`
	// ReadTimeout bounds the read of one user, which goes on when its caller stops waiting: a connection that is given
	// up has to be made anew, which a slow store can bear least.
	ReadTimeout time.Duration `yaml:"read_timeout"`
	// Cache keeps rows of users in memory. A store of kind memory needs none.
	Cache CacheConfig `yaml:"cache"`
	// Breaker says when a store that fails is not asked any more.
	Breaker breaker.Config `yaml:"breaker"`
}

// CacheConfig says which rows of users are kept in memory.
type CacheConfig struct {
	cache.Config `yaml:",inline"`
	// WarmFile is where the ids of the users who were asked for most are remembered, for the next start; a file on a
	// local disk that outlives the process. Empty remembers none.
	WarmFile string `yaml:"warm_file"`
}

// StoreConfig chooses the online store.
type StoreConfig struct {
	// Kind is memory, which forgets all when the process ends, or redis.
	Kind string `yaml:"kind"`
	// Redis is used with kind redis.
	Redis redis.Config `yaml:"redis"`
}

// Defaults is a Redis on this host.
func Defaults() Config {
	return Config{
		Store:       StoreConfig{Kind: Redis, Redis: redis.Defaults()},
		Items:       items.Defaults(),
		ReadTimeout: 500 * time.Millisecond,
		Cache:       CacheConfig{Config: cache.Defaults()},
		Breaker:     breaker.Defaults(),
	}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	faults := []error{
		config.Under("store", c.Store.Validate()), config.Under("items", c.Items.Validate()),
		config.Under("cache", c.Cache.Validate()), config.Under("breaker", c.Breaker.Validate()),
	}
	if c.ReadTimeout <= 0 {
		faults = append(faults, config.Invalid("read_timeout", c.ReadTimeout, "> 0"))
	}
	if c.Store.Kind == Redis && c.ReadTimeout > c.Store.Redis.ReadTimeout {
		faults = append(faults, config.Invalid("read_timeout", c.ReadTimeout,
			"at most store.redis.read_timeout, "+c.Store.Redis.ReadTimeout.String()))
	}
	return errors.Join(faults...)
}

// Validate returns every fault, each a *config.FieldError.
func (c CacheConfig) Validate() error {
	err := c.Config.Validate()
	if c.WarmFile != "" && !c.Enabled {
		err = errors.Join(err, config.Invalid("warm_file", c.WarmFile, "none with enabled: false"))
	}
	return err
}

// Validate returns every fault, each a *config.FieldError.
func (c StoreConfig) Validate() error {
	switch c.Kind {
	case Memory:
		return nil
	case Redis:
		return config.Under("redis", c.Redis.Validate())
	default:
		return config.Invalid("kind", c.Kind, "memory or redis")
	}
}
