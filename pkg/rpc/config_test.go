package rpc

import (
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	if err := ServerDefaults().Validate(); err != nil {
		t.Error(err)
	}
	client := ClientDefaults()
	client.Target = "dns:///repli-feature:9000"
	if err := client.Validate(); err != nil {
		t.Error(err)
	}
	if client.KeepaliveTime < enforcedKeepalive {
		t.Errorf("clients ping every %v and servers allow it every %v", client.KeepaliveTime, enforcedKeepalive)
	}
}

func TestServerConfigFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*ServerConfig)
		want   string
	}{
		"no address":        {func(c *ServerConfig) { c.Listen = "" }, `listen: is "", expected "host:port" or "inproc:///name"`},
		"no port":           {func(c *ServerConfig) { c.Listen = "host" }, "listen: "},
		"empty port":        {func(c *ServerConfig) { c.Listen = "host:" }, "listen: "},
		"no name":           {func(c *ServerConfig) { c.Listen = "inproc:///" }, "listen: "},
		"admin inproc":      {func(c *ServerConfig) { c.AdminListen = "inproc:///a" }, "admin_listen: "},
		"message of 0":      {func(c *ServerConfig) { c.MaxReceiveBytes = 0 }, "max_receive_bytes: is 0, expected 1024 to 1073741824"},
		"message too large": {func(c *ServerConfig) { c.MaxReceiveBytes = 1 << 31 }, "max_receive_bytes: "},
		"no streams":        {func(c *ServerConfig) { c.MaxConcurrentStreams = 0 }, "max_concurrent_streams: "},
		"no age":            {func(c *ServerConfig) { c.MaxConnectionAge = 0 }, "max_connection_age: is 0s, expected more than 0s"},
		"no grace":          {func(c *ServerConfig) { c.MaxConnectionAgeGrace = -1 }, "max_connection_age_grace: "},
		"keepalive":         {func(c *ServerConfig) { c.KeepaliveTime = time.Millisecond }, "keepalive_time: is 1ms, expected at least 1s"},
		"keepalive timeout": {func(c *ServerConfig) { c.KeepaliveTimeout = 0 }, "keepalive_timeout: "},
		"ready delay":       {func(c *ServerConfig) { c.ReadyDelay = -1 }, "ready_delay: is -1ns, expected 0s or more"},
		"drain":             {func(c *ServerConfig) { c.DrainTimeout = 0 }, "drain_timeout: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := ServerDefaults()
			test.change(&cfg)
			if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, err := NewServer("test", cfg, testDeps(nil)); err == nil {
				t.Error("NewServer took it")
			}
		})
	}
}

func TestClientConfigFaultsAreAllReported(t *testing.T) {
	t.Parallel()
	err := ClientConfig{Target: "http://x", KeepaliveTime: time.Second}.Validate()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"target: ", "max_receive_bytes: ", "connect_timeout: ", "keepalive_time: is 1s, expected at least 10s", "keepalive_timeout: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
