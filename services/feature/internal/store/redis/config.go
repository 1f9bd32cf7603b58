package redis

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config says where Redis is and how patient to be with it.
type Config struct {
	// Addresses of the server, of seeds of the cluster, or of the Sentinels; host:port.
	Addresses []string `yaml:"addresses"`
	// Cluster speaks the cluster protocol even when there is only one address, such as a configuration endpoint.
	Cluster bool `yaml:"cluster"`
	// Master is the name of the master that Sentinels watch over. Empty means no Sentinels.
	Master string `yaml:"master"`
	// Username is the ACL user. Empty means the default one.
	Username string `yaml:"username"`
	// Password comes from the environment.
	Password string `yaml:"password" secret:"true"`
	// PasswordFile holds the password instead; it is read for every new connection, so that it can be rotated.
	PasswordFile string `yaml:"password_file"`
	// TLS of the connections.
	TLS TLS `yaml:"tls"`
	// ReadFromReplicas reads rows of users from replicas, and from masters where no replica answers. They may be a moment
	// behind the master. All else goes to masters.
	ReadFromReplicas bool `yaml:"read_from_replicas"`
	// PoolSize is how many connections there may be, per node of a cluster, for rows of users that somebody waits for.
	PoolSize int `yaml:"pool_size"`
	// MinIdle is how many of them are kept open for the next burst.
	MinIdle int `yaml:"min_idle"`
	// MaxIdle is how many are kept once a burst is over, in each pool.
	MaxIdle int `yaml:"max_idle"`
	// RefillPoolSize is how many connections there may be for all else: rows that are older than they should be, items,
	// writes, events.
	RefillPoolSize int `yaml:"refill_pool_size"`
	// DialTimeout bounds the making of a connection.
	DialTimeout time.Duration `yaml:"dial_timeout"`
	// ReadTimeout bounds the wait for the answer to one command or batch.
	ReadTimeout time.Duration `yaml:"read_timeout"`
	// WriteTimeout bounds the sending of one command or batch.
	WriteTimeout time.Duration `yaml:"write_timeout"`
	// EventRetention is how long events stay after the last one of their hour was written.
	EventRetention time.Duration `yaml:"event_retention"`
}

// TLS says how connections are encrypted.
type TLS struct {
	// Enabled turns TLS on.
	Enabled bool `yaml:"enabled"`
	// CAFile holds the certificates, in PEM, that servers are checked against. Empty means those of the system.
	CAFile string `yaml:"ca_file"`
	// ServerName is the name that servers prove. Empty means the host they were dialled by.
	ServerName string `yaml:"server_name"`
}

// Defaults suits one Redis in the same zone.
func Defaults() Config {
	return Config{
		Addresses:      []string{"127.0.0.1:6379"},
		PoolSize:       64,
		MinIdle:        4,
		MaxIdle:        16,
		RefillPoolSize: 32,
		DialTimeout:    time.Second,
		ReadTimeout:    3 * time.Second,
		WriteTimeout:   3 * time.Second,
		EventRetention: 90 * 24 * time.Hour,
	}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	expect := func(ok bool, key string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key, value, expected))
		}
	}
	expect(len(c.Addresses) > 0, "addresses", c.Addresses, "at least one host:port")
	for i, address := range c.Addresses {
		expect(strings.Contains(address, ":"), fmt.Sprintf("addresses[%d]", i), address, "host:port")
	}
	expect(len(c.Addresses) < 2 || c.Cluster || c.Master != "", "addresses", c.Addresses, "one, unless cluster or master is set")
	expect(!c.Cluster || c.Master == "", "master", c.Master, "none with cluster: true")
	expect(c.Password == "" || c.PasswordFile == "", "password_file", c.PasswordFile, "none when password is set")
	expect(c.PoolSize >= 1 && c.PoolSize <= 10_000, "pool_size", c.PoolSize, "1 to 10000")
	expect(c.RefillPoolSize >= 1 && c.RefillPoolSize <= 10_000, "refill_pool_size", c.RefillPoolSize, "1 to 10000")
	expect(!c.ReadFromReplicas || c.Cluster || c.Master != "", "read_from_replicas", true, "false, unless cluster or master is set")
	expect(c.MinIdle >= 0 && c.MinIdle <= c.PoolSize, "min_idle", c.MinIdle, "0 to pool_size")
	expect(c.MaxIdle >= max(1, c.MinIdle), "max_idle", c.MaxIdle, "at least 1 and min_idle")
	expect(c.DialTimeout > 0, "dial_timeout", c.DialTimeout, "> 0")
	expect(c.ReadTimeout > 0, "read_timeout", c.ReadTimeout, "> 0")
	expect(c.WriteTimeout > 0, "write_timeout", c.WriteTimeout, "> 0")
	expect(c.EventRetention >= time.Hour, "event_retention", c.EventRetention, "at least 1h")
	return errors.Join(faults...)
}

// tls returns nil when TLS is off.
func (c Config) tls() (*tls.Config, error) {
	if !c.TLS.Enabled {
		return nil, nil
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TLS.ServerName}
	if c.TLS.CAFile == "" {
		return settings, nil
	}
	pem, err := os.ReadFile(c.TLS.CAFile)
	if err != nil {
		return nil, config.Under("tls", config.Invalid("ca_file", c.TLS.CAFile, "a readable file"))
	}
	settings.RootCAs = x509.NewCertPool()
	if !settings.RootCAs.AppendCertsFromPEM(pem) {
		return nil, config.Under("tls", config.Invalid("ca_file", c.TLS.CAFile, "a file with a certificate in PEM"))
	}
	return settings, nil
}

// password returns the password of now.
func (c Config) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	text, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password file: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
