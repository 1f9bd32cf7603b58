package ranking

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
)

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	deps := Deps{Signals: telemetry.Discard(), Items: itemstest.NewSource(), Now: time.Now}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no bundle":  {func(*Config) {}, `bundle: is "", expected the folder of a model bundle`},
		"no folder":  {func(c *Config) { c.Bundle = filepath.Join(empty, "none") }, "no such file or directory"},
		"empty":      {func(c *Config) { c.Bundle = empty }, "manifest.json: "},
		"concurrent": {func(c *Config) { c.MaxConcurrent = -1 }, "max_concurrent: is -1, expected 0 to 10000"},
		"model":      {func(c *Config) { c.MaxModelBytes = 0 }, "max_model_bytes: is 0, expected 1 to 17179869184"},
		"items":      {func(c *Config) { c.Items.MaxItems = 0 }, "items.max_items: is 0, expected 1 to 100000000"},
	} {
		cfg := Defaults()
		c.change(&cfg)
		if _, err := New(cfg, deps); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %s", name, err, c.want)
		}
	}
}

func TestNewReadsAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string][]byte{
		"manifest.json": []byte(onnxtest.TinyManifest), "model.onnx": onnxtest.Tiny("Identity").Encode(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Defaults()
	cfg.Bundle = folder
	s, stream := start(t, cfg, nil)
	send(t, stream, itemstest.Table(itemSchema, userSchema, 1, shop...)...)
	if _, scores := rank(t, s, request(ada, "low")); scores["low"] != 49 {
		t.Errorf("score is %v, want 49", scores["low"])
	}
}
