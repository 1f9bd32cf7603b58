package ranking

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

func TestStatusNamesTheModelsByTheirRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startRoles(t, telemetry.Discard(), map[string]string{"SERVING": "1\n", "CANARY": "2 25\n", "SHADOW": "3 10\n"})
		headline, tone, sections := s.Status()
		if tone != statusz.Good || headline != "tiny/1 ranks 6 items." {
			t.Errorf("%q, %q", headline, tone)
		}
		rows := sections[0].Tables[0].Rows
		if len(rows) != 3 {
			t.Fatalf("models: %+v", rows)
		}
		for i, want := range [][3]string{{"serving", "tiny/1", "75 %"}, {"canary", "tiny/2", "25 %"}, {"shadow", "tiny/3", "10 %"}} {
			if got := [3]string{rows[i][0].Text, rows[i][1].Text, rows[i][2].Text}; got != want {
				t.Errorf("row %d is %q, want %q", i, got, want)
			}
		}
		if facts := sections[1].Facts; facts[0].Value != "6" || facts[1].Value != "0 s ago" || facts[2].Value != "5" {
			t.Errorf("items: %+v", facts)
		}
		s.now = func() time.Time { return noon.Add(2 * time.Minute) }
		if headline, tone, sections = s.Status(); tone != statusz.Warn || !strings.HasSuffix(headline, "Nobody has confirmed them for 2 min.") ||
			sections[1].Facts[1].Tone != statusz.Warn {
			t.Errorf("%q, %q, %+v", headline, tone, sections[1].Facts)
		}
	})
}

func TestStatusWithoutItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := start(t, Defaults(), tinyBundle())
		if headline, tone, sections := s.Status(); tone != statusz.Bad || !strings.Contains(headline, "no item table") || sections[0].Tables[0].Rows[0][2].Text != "100 %" {
			t.Errorf("%q, %q, %+v", headline, tone, sections)
		}
	})
}
