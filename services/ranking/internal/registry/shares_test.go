package registry

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// last is what serves, and the number of loads.
func (s *shelf) last() (string, int) {
	served, loads := s.seen()
	return served[len(served)-1], loads
}

// expect fails unless the last of what was served, and the number of loads, are these.
func (s *shelf) expect(t *testing.T, after, want string, loads int) {
	t.Helper()
	if got, n := s.last(); got != want || n != loads {
		t.Errorf("%s: %q serves after %d loads, expected %q after %d", after, got, n, want, loads)
	}
}

// pinned is a shelf that serves one of two versions.
func pinned() *shelf {
	s := &shelf{folder: fstest.MapFS{}}
	s.put("1", "one")
	s.put("2", "two")
	s.write(servingFile, "1")
	return s
}

func TestACanaryComesGrowsAndGoes(t *testing.T) {
	s := pinned()
	follow(t, s, func() {
		s.write(canaryFile, "2 5\n")
		looks(1)
		s.expect(t, "one look", "one", 1)
		looks(1)
		s.expect(t, "two looks", "one canary two 5", 2)
		s.write(canaryFile, "2 12.5")
		looks(1)
		s.expect(t, "another share", "one canary two 12.5", 2)
		s.remove(canaryFile)
		looks(1)
		s.expect(t, "no file", "one", 2)
	})
}

func TestACanaryIsPromotedWithoutLoading(t *testing.T) {
	s := pinned()
	follow(t, s, func() {
		s.write(canaryFile, "2 5")
		looks(2)
		s.write(servingFile, "2")
		looks(1)
		s.expect(t, "promoted", "two", 2)
		s.write(canaryFile, "1 50")
		looks(1)
		s.expect(t, "the one before as canary", "two canary one 50", 2)
	})
}

func TestAShadowBesideACanary(t *testing.T) {
	s := pinned()
	s.put("3", "three")
	follow(t, s, func() {
		s.write(canaryFile, "2 5")
		s.write(shadowFile, "3 100")
		looks(2)
		s.expect(t, "both", "one canary two 5 shadow three 100", 3)
		s.write(shadowFile, "2 100")
		looks(1)
		s.expect(t, "the same version", "one canary two 5 shadow two 100", 3)
	})
}

func TestOpenTakesTheCanaryAtOnce(t *testing.T) {
	s := pinned()
	s.write(canaryFile, "2 5")
	follow(t, s, func() { s.expect(t, "open", "one canary two 5", 2) })

	s = pinned()
	s.put("2", "bad")
	s.write(canaryFile, "2 5")
	s.write(shadowFile, "nonsense")
	follow(t, s, func() { s.expect(t, "open with a bad canary", "one", 2) })
}

// Whatever is wrong with a canary, the version that serves is there for everyone, and a bad version is loaded once.
func TestABadCanaryEnds(t *testing.T) {
	for name, c := range map[string]struct {
		file, manifest string
		loads          int
	}{
		"cannot be loaded": {"3 5", "bad", 3},
		"panics":           {"3 5", "worst", 3},
		"is not there":     {"4 5", "three", 2},
		"serves already":   {"1 5", "three", 2},
		"is nonsense":      {"two of them", "three", 2},
		"is empty":         {"", "three", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := pinned()
			s.put("3", c.manifest)
			follow(t, s, func() {
				s.write(canaryFile, "2 5")
				looks(2)
				s.expect(t, "a good one", "one canary two 5", 2)
				s.write(canaryFile, c.file)
				looks(5)
				s.expect(t, "a bad one", "one", c.loads)
				s.write(canaryFile, "2 5")
				looks(2)
				s.expect(t, "a good one again", "one canary two 5", c.loads+1)
			})
		})
	}
}

func TestSharesNameWhatIsWrong(t *testing.T) {
	for content, want := range map[string]string{
		"":                               `CANARY: is "", expected the name of a version's folder and a percentage`,
		"2":                              `CANARY: is "2", expected the name`,
		"2 5 6":                          `CANARY: is "2 5 6", expected the name`,
		"../2 5":                         `CANARY: is "../2", expected the name of a version's folder`,
		". 5":                            `CANARY: is ".", expected the name of a version's folder`,
		"2 0":                            `CANARY: the percentage is "0", expected a number above 0 and up to 100`,
		"2 -1":                           `the percentage is "-1"`,
		"2 100.1":                        `the percentage is "100.1"`,
		"2 5%":                           `the percentage is "5%"`,
		"2 NaN":                          `the percentage is "NaN"`,
		"2 percent":                      `the percentage is "percent"`,
		strings.Repeat("x", 5000) + " 5": `CANARY: is "xxx`,
	} {
		_, err := readShare(fstest.MapFS{canaryFile: {Data: []byte(content)}}, canaryFile)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.20q: error is %.400v, expected one with %s", content, err, want)
		}
	}
	if s, err := readShare(fstest.MapFS{canaryFile: {Data: []byte(" v2\t0.5 \n")}}, canaryFile); err != nil || s.name != "v2" || s.percent != 0.5 {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestAFileThatCannotBeReadChangesNothing(t *testing.T) {
	s := pinned()
	follow(t, s, func() {
		s.write(canaryFile, "2 5")
		looks(2)
		s.remove(canaryFile)
		s.write(canaryFile+"/x", "") // a folder in its place cannot be read
		looks(2)
		s.expect(t, "unreadable", "one canary two 5", 2)
	})
}

func TestList(t *testing.T) {
	const manifest = `{"name": "m", "version": "%", "file": "model.onnx", "output": {"name": "score"}, "trained_at": "2025-01-02T03:04:05Z"}`
	s := pinned()
	r := s.registry()
	for _, name := range []string{"3", "10"} {
		s.put(name, strings.ReplaceAll(manifest, "%", name))
	}
	s.put("4", "bad")
	s.write("notes/readme.txt", "no version")
	s.write(canaryFile, "4 5")
	s.write(shadowFile, "2 50")
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.write(servingFile, "2")
	for range 2 {
		_ = r.poll(t.Context()) // the canary is refused
	}
	entries, err := r.List()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		line := e.Folder
		for text, is := range map[string]bool{" serving": e.Serving, " previous": e.Previous, " refused": e.Refused != ""} {
			if is {
				line += text
			}
		}
		if e.Model != nil {
			line += " " + e.Model.Name
		}
		got = append(got, line+" "+e.Label.Version)
	}
	if want := []string{"10 10", "4 refused ", "3 3", "2 serving two ", "1 previous one "}; !slices.Equal(got, want) {
		t.Errorf("listed %q, expected %q", got, want)
	}
	if reason := entries[1].Refused; reason != "it is bad" {
		t.Errorf("refused because %q", reason)
	}
}
