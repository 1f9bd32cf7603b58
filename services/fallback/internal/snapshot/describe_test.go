package snapshot

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	s := mustBuild(t, Defaults(), func(string) string { return "vip" },
		bought("u1", "a", 0), bought("u2", "a", day), bought("u1", "b", 28*day))
	var text strings.Builder
	if err := s.Describe(&text, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		s.Version(), s.Info().Checksum, "2024-03-01T12:00:00Z", "2024-02-02T12:00:00Z to 2024-03-01T12:00:00Z",
		"3 counted, 0 of other types, 0 after the build", "2, 3 pairs with items", "2, 2 with neighbours (2 in all)",
		"(everybody)", "vip", "2 popular: a (1.000)\n", "1 trending: a (1.000)\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the description lacks %q:\n%s", want, &text)
		}
	}
	for _, top := range []int{-1, 100} {
		if err := s.Describe(&text, top); err != nil {
			t.Errorf("top %d: %v", top, err)
		}
	}
	if err := s.Describe(full{}, 1); !errors.Is(err, errFull) {
		t.Errorf("error is %v, expected the writer's", err)
	}
}

func TestInfoIsJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(mustBuild(t, Defaults(), nil, bought("u1", "a", 0)).Info())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"built_at":"2024-03-01T12:00:00Z"`, `"items":1`, `"segments":[{"name":"","popular":1,"trending":0}]`, `"events":1`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %s", data, want)
		}
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
