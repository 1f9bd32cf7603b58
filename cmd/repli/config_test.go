package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/services/allinone"
)

// Every shipped configuration loads, and printing what is in force gives a configuration that loads to the same.
func TestShippedConfigurationsLoad(t *testing.T) {
	t.Parallel()
	shipped, err := filepath.Glob("../../config/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(shipped) != len(services()) {
		t.Errorf("%d shipped configurations for %d services", len(shipped), len(services()))
	}
	for _, s := range services() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			var effective bytes.Buffer
			if err := s.print(&effective, filepath.Join("../../config", s.name+".yaml")); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(effective.String(), "listen: 0.0.0.0:90") {
				t.Errorf("printed %s", effective.String())
			}
		})
	}
}

func TestEmbeddedConfigurationLoads(t *testing.T) {
	t.Parallel()
	cfg, err := allinone.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Gateway.Peers.Feature.Target; got != "inproc:///feature" {
		t.Errorf("the gateway reaches the feature service at %q", got)
	}
}
