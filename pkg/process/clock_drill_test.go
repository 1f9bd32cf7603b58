//go:build drill

package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAClockThatIsSet(t *testing.T) {
	clockFile = filepath.Join(t.TempDir(), "clock")
	before := Now()
	for _, ahead := range []time.Duration{1000 * time.Hour, -1000 * time.Hour, 0} {
		if err := os.WriteFile(clockFile, []byte(ahead.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		now := Now()
		if got := now.Round(0).Sub(before.Round(0)); got < ahead || got > ahead+time.Minute {
			t.Errorf("the clock is %v ahead, want %v", got, ahead)
		}
		if passed := now.Sub(before); passed < 0 || passed > time.Minute {
			t.Errorf("%v have passed", passed)
		}
	}
}
