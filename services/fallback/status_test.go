package fallback

import (
	"os"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/statusz"
)

func value(sections []statusz.Section, label string) statusz.Fact {
	for _, fact := range sections[0].Facts {
		if fact.Label == label {
			return fact
		}
	}
	return statusz.Fact{}
}

func TestStatusNamesTheSnapshot(t *testing.T) {
	t.Parallel()
	o := overFile(t, corner(t))
	headline, tone, sections := o.Status()
	m := o.current.Load()
	if tone != statusz.Good || !strings.Contains(headline, "built 1 min ago") {
		t.Errorf("%q, %q", headline, tone)
	}
	for label, want := range map[string]string{
		"built": "1 min ago", "version": m.snapshot.Version(), "items": statusz.Count(m.snapshot.Len()), "files read": "1",
	} {
		if got := value(sections, label).Value; got != want {
			t.Errorf("%s is %q, want %q", label, got, want)
		}
	}
	if err := os.WriteFile(o.path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.reload()
	if _, _, sections = o.Status(); value(sections, "files read").Note != "1 refused" || value(sections, "files read").Tone != statusz.Warn {
		t.Errorf("a refused file: %+v", value(sections, "files read"))
	}
}

func TestStatusSaysThatThereIsNoSnapshot(t *testing.T) {
	t.Parallel()
	if headline, tone, sections := overFile(t, nil).Status(); tone != statusz.Bad || !strings.Contains(headline, "no snapshot") || len(sections) != 1 {
		t.Errorf("%q, %q, %+v", headline, tone, sections)
	}
}
