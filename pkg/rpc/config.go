package rpc

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// inproc is the scheme of servers on a Local.
const inproc = "inproc:///"

// leastKeepalive is how often servers let clients ping. grpc-go pings no more often than every 10 s, whatever it is told.
const (
	leastKeepalive     = 10 * time.Second
	enforcedKeepalive  = leastKeepalive / 2
	leastMessage       = 1 << 10
	mostMessage        = 1 << 30
	expectedTarget     = `"dns:///host:port", "passthrough:///host:port" or "inproc:///name"`
	expectedPositive   = "more than 0s"
	expectedNoNegative = "0s or more"
)

// ServerConfig is how a server listens, bounds and ends.
type ServerConfig struct {
	// Listen is "host:port", where port 0 takes any free one, or "inproc:///name" on the Local of the dependencies.
	Listen string `yaml:"listen"`
	// AdminListen is the "host:port" of the HTTP listener for /statusz, /metrics, /healthz, /readyz, /debug/pprof/ and the gRPC
	// services channelz, health and reflection. Empty means none. Whoever reaches it sees all of that.
	AdminListen string `yaml:"admin_listen"`
	// MaxReceiveBytes bounds a request message; a larger one is RESOURCE_EXHAUSTED.
	MaxReceiveBytes int `yaml:"max_receive_bytes"`
	// MaxConcurrentStreams bounds the calls in flight on one connection; more wait at the client.
	MaxConcurrentStreams uint32 `yaml:"max_concurrent_streams"`
	// MaxConnectionAge is after how long a connection is asked to end, so that clients spread over new servers.
	MaxConnectionAge time.Duration `yaml:"max_connection_age"`
	// MaxConnectionAgeGrace is how long calls on such a connection may go on; then they end in UNAVAILABLE.
	MaxConnectionAgeGrace time.Duration `yaml:"max_connection_age_grace"`
	// KeepaliveTime is after how long a silent connection is pinged.
	KeepaliveTime time.Duration `yaml:"keepalive_time"`
	// KeepaliveTimeout is how long the answer to a ping may take before the connection is closed.
	KeepaliveTimeout time.Duration `yaml:"keepalive_timeout"`
	// ReadyDelay is how long the server goes on after it has said that it is not ready, so that load balancers learn of
	// it before connections are refused. Zero suits one process; Kubernetes needs about 5 s.
	ReadyDelay time.Duration `yaml:"ready_delay"`
	// DrainTimeout is how long calls in flight may take to finish at the end before they are cut off.
	DrainTimeout time.Duration `yaml:"drain_timeout"`
}

// ServerDefaults returns a configuration for a server on any free port of the loopback interface, without admin listener.
func ServerDefaults() ServerConfig {
	return ServerConfig{
		Listen:                "127.0.0.1:0",
		MaxReceiveBytes:       4 << 20,
		MaxConcurrentStreams:  1024,
		MaxConnectionAge:      5 * time.Minute,
		MaxConnectionAgeGrace: 30 * time.Second,
		KeepaliveTime:         30 * time.Second,
		KeepaliveTimeout:      5 * time.Second,
		DrainTimeout:          10 * time.Second,
	}
}

// Validate returns every fault as a *config.FieldError.
func (c ServerConfig) Validate() error {
	return errors.Join(
		checkAddress("listen", c.Listen),
		checkAdmin("admin_listen", c.AdminListen),
		checkMessage("max_receive_bytes", c.MaxReceiveBytes),
		check(c.MaxConcurrentStreams > 0, "max_concurrent_streams", c.MaxConcurrentStreams, "more than 0"),
		check(c.MaxConnectionAge > 0, "max_connection_age", c.MaxConnectionAge, expectedPositive),
		check(c.MaxConnectionAgeGrace > 0, "max_connection_age_grace", c.MaxConnectionAgeGrace, expectedPositive),
		check(c.KeepaliveTime >= time.Second, "keepalive_time", c.KeepaliveTime, "at least 1s"),
		check(c.KeepaliveTimeout > 0, "keepalive_timeout", c.KeepaliveTimeout, expectedPositive),
		check(c.ReadyDelay >= 0, "ready_delay", c.ReadyDelay, expectedNoNegative),
		check(c.DrainTimeout > 0, "drain_timeout", c.DrainTimeout, expectedPositive),
	)
}

// ClientConfig is how a connection finds and keeps its servers.
type ClientConfig struct {
	// Target is "dns:///host:port" (round robin over all its addresses), "passthrough:///host:port" or "inproc:///name" on
	// the Local of the dependencies.
	Target string `yaml:"target"`
	// MaxReceiveBytes bounds a response message; a larger one is RESOURCE_EXHAUSTED.
	MaxReceiveBytes int `yaml:"max_receive_bytes"`
	// Retry tries a call that ended in UNAVAILABLE once more, on another address where there is one, while the deadline
	// allows it and fewer than a tenth of the calls need it. For callers at the edge only: between services a retry
	// would be paid twice.
	Retry bool `yaml:"retry"`
	// ConnectTimeout bounds one attempt to connect, handshake included.
	ConnectTimeout time.Duration `yaml:"connect_timeout"`
	// KeepaliveTime is after how long a silent connection is pinged.
	KeepaliveTime time.Duration `yaml:"keepalive_time"`
	// KeepaliveTimeout is how long the answer to a ping may take before the connection is given up.
	KeepaliveTimeout time.Duration `yaml:"keepalive_timeout"`
}

// ClientDefaults returns a configuration that lacks only the target.
func ClientDefaults() ClientConfig {
	return ClientConfig{
		MaxReceiveBytes:  4 << 20,
		ConnectTimeout:   time.Second,
		KeepaliveTime:    leastKeepalive,
		KeepaliveTimeout: 3 * time.Second,
	}
}

// Validate returns every fault as a *config.FieldError.
func (c ClientConfig) Validate() error {
	return errors.Join(
		checkTarget("target", c.Target),
		checkMessage("max_receive_bytes", c.MaxReceiveBytes),
		check(c.ConnectTimeout > 0, "connect_timeout", c.ConnectTimeout, expectedPositive),
		check(c.KeepaliveTime >= leastKeepalive, "keepalive_time", c.KeepaliveTime, "at least 10s"),
		check(c.KeepaliveTimeout > 0, "keepalive_timeout", c.KeepaliveTimeout, expectedPositive),
	)
}

func check(ok bool, key string, value any, expected string) error {
	if ok {
		return nil
	}
	return config.Invalid(key, value, expected)
}

func checkMessage(key string, bytes int) error {
	return check(bytes >= leastMessage && bytes <= mostMessage, key, bytes, "1024 to 1073741824")
}

func checkAddress(key, address string) error {
	if name, ok := strings.CutPrefix(address, inproc); ok {
		return check(name != "", key, address, `"inproc:///name"`)
	}
	return check(isHostPort(address), key, address, `"host:port" or "inproc:///name"`)
}

func checkAdmin(key, address string) error {
	return check(address == "" || isHostPort(address), key, address, `"host:port" or nothing`)
}

func isHostPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func checkTarget(key, target string) error {
	for _, scheme := range []string{inproc, "dns:///", "passthrough:///"} {
		if rest, ok := strings.CutPrefix(target, scheme); ok && rest != "" {
			return nil
		}
	}
	return config.Invalid(key, target, expectedTarget)
}
