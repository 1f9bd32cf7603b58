package statusz

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFiguresAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	const ms, day = time.Millisecond, 24 * time.Hour
	for _, c := range [][2]string{
		{Count(0), "0"},
		{Count(-1234), "-1,234"},
		{Count(999), "999"},
		{Count(uint64(1234567)), "1,234,567"},
		{Percent(0), "0 %"},
		{Percent(1), "100 %"},
		{Percent(0.12345), "12.3 %"},
		{Percent(0.0001), "<0.1 %"},
		{Percent(0.99999), ">99.9 %"},
		{Percent(math.NaN()), "–"},
		{PerSecond(90, time.Minute), "1.50/s"},
		{PerSecond(600, time.Minute), "10.0/s"},
		{PerSecond(600_000, time.Minute), "10,000/s"},
		{PerSecond(1, 0), "–"},
		{Duration(0), "0 ms"},
		{Duration(850 * time.Microsecond), "850 µs"},
		{Duration(12345 * time.Microsecond), "12.3 ms"},
		{Duration(250 * ms), "250 ms"},
		{Duration(1500 * ms), "1.5 s"},
		{Duration(3*time.Minute + 5*time.Second), "3 min 5 s"},
		{Duration(-2 * ms), "-2.0 ms"},
		{Age(0), "0 s"},
		{Age(59 * time.Second), "59 s"},
		{Age(time.Hour), "1 h"},
		{Age(2*time.Hour + 10*time.Minute), "2 h 10 min"},
		{Age(5*day + 3*time.Hour), "5 d 3 h"},
		{Age(1234 * day), "1,234 d"},
		{Ago(noon, time.Time{}), "–"},
		{Ago(noon, noon.Add(-time.Minute)), "1 min ago"},
		{Bytes(0), "0 B"},
		{Bytes(999), "999 B"},
		{Bytes(1500), "1.5 kB"},
		{Bytes(123_456_789), "123 MB"},
		{Bytes(1 << 50), "1126 TB"},
		{Value(3.14159).text(), "3.14"},
		{None().text(), "–"},
		{Value(math.Inf(1)).text(), "–"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}

func TestTextsAreCutAndWhole(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("ü", 1000), strings.Repeat("x", 199) + "日本", "\xff\xfe", "a\x00b"} {
		if got := clip(text); !utf8.ValidString(got) || len(got) > longest+len("…") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if clip("short") != "short" {
		t.Error("a short text is not left alone")
	}
}
