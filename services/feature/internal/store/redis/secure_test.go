package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := selfSigned(t, "redis.test")
	server := redistest.Start(t)
	// The plain port stays for redis-cli; the encrypted one is asked for at run time.
	port := redistest.FreePort(t)
	server.Do(t, "config", "set", "tls-cert-file", cert, "tls-key-file", key, "tls-ca-cert-file", cert,
		"tls-auth-clients", "no", "tls-port", port)
	p := project(t, rec)
	for _, c := range []struct{ name, ca, server, want string }{
		{"trusted", cert, "redis.test", ""},
		{"another name", cert, "other.test", store.ReasonUnreachable},
		{"unknown authority", "", "redis.test", store.ReasonUnreachable},
	} {
		s := open(t, p, time.Now, func(cfg *redis.Config) {
			cfg.Addresses, cfg.MinIdle = []string{"127.0.0.1:" + port}, 0
			cfg.DialTimeout = 20 * time.Second // the first one without a CA reads all that the machine trusts
			cfg.TLS = redis.TLS{Enabled: true, CAFile: c.ca, ServerName: c.server}
		})
		if read, write := attempt(t, s, p); read != c.want || write != c.want {
			t.Errorf("%s: read %q, write %q, want %q", c.name, read, write, c.want)
		}
		_ = s.Close()
	}
}

// selfSigned writes a certificate for a name and its key.
func selfSigned(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, data []byte) string {
		file = filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", public), write("key.pem", "EC PRIVATE KEY", secret)
}

func TestSentinelsLeadToTheMaster(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	sentinel := redistest.StartSentinel(t, "main", master)
	p := project(t, rec)
	s := open(t, p, time.Now, func(cfg *redis.Config) { cfg.Addresses, cfg.Master = []string{sentinel.Addr}, "main" })
	defer func() { _ = s.Close() }()
	if read, write := attempt(t, s, p); read != "" || write != "" {
		t.Fatalf("read %q, write %q", read, write)
	}
	if keys := master.Do(t, "dbsize"); keys != "1" {
		t.Fatalf("the master has %s keys, want 1", keys)
	}
	if ids, err := s.Scan(t.Context()); err != nil || len(ids) != 0 {
		t.Fatalf("scan: %v, %v", ids, err)
	}
	master.Stop(t)
	if _, err := s.Load(t.Context(), "x"); fault.Reason(err) != store.ReasonUnreachable {
		t.Fatalf("without the master: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*redis.Config){
		"addresses":          func(c *redis.Config) { c.Addresses = nil },
		"addresses[0]":       func(c *redis.Config) { c.Addresses = []string{"redis"} },
		"unless cluster":     func(c *redis.Config) { c.Addresses = []string{"a:1", "b:1"} },
		"master":             func(c *redis.Config) { c.Cluster, c.Master = true, "main" },
		"password_file":      func(c *redis.Config) { c.Password, c.PasswordFile = "a", "b" },
		"pool_size":          func(c *redis.Config) { c.PoolSize = 0 },
		"min_idle":           func(c *redis.Config) { c.MinIdle = 1000 },
		"refill_pool_size":   func(c *redis.Config) { c.RefillPoolSize = 0 },
		"read_from_replicas": func(c *redis.Config) { c.ReadFromReplicas = true },
		"dial_timeout":       func(c *redis.Config) { c.DialTimeout = 0 },
		"read_timeout":       func(c *redis.Config) { c.ReadTimeout = -1 },
		"write_timeout":      func(c *redis.Config) { c.WriteTimeout = 0 },
		"event_retention":    func(c *redis.Config) { c.EventRetention = time.Minute },
		"tls.ca_file":        func(c *redis.Config) { c.TLS = redis.TLS{Enabled: true, CAFile: "no such file"} },
		"certificate in PEM": func(c *redis.Config) { c.TLS = redis.TLS{Enabled: true, CAFile: "config.go"} },
	} {
		cfg := redis.Defaults()
		change(&cfg)
		if _, err := redis.New(cfg, project(t, rec), time.Now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that names %s", err, want)
		}
	}
}
