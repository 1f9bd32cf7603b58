package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a registry over a folder in memory, whose manifests are the models' names; "bad" cannot be loaded.
type shelf struct {
	mu     sync.Mutex
	folder fstest.MapFS
	served []string
	loads  int
}

// Open makes a folder that may change at any time.
func (s *shelf) Open(name string) (fs.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.folder.Open(name)
}

func (s *shelf) put(version, manifest string) { s.write(version+"/manifest.json", manifest) }

func (s *shelf) write(name, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folder[name] = &fstest.MapFile{Data: []byte(content), ModTime: time.Now()}
}

func (s *shelf) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.folder, name)
}

// seen returns what was served, and the number of loads.
func (s *shelf) seen() ([]string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.served), s.loads
}

func (s *shelf) registry() *Registry {
	return New(Defaults(), Deps{
		Source: Local{s}, Log: telemetry.Discard().Logger,
		Load: func(_ context.Context, folder fs.FS) (*models.Model, error) {
			s.mu.Lock()
			s.loads++
			s.mu.Unlock()
			name, err := fs.ReadFile(folder, "manifest.json")
			if string(name) == "worst" {
				panic("it is the worst")
			}
			if err != nil || string(name) == "bad" {
				return nil, errors.Join(err, errors.New("it is bad"))
			}
			return &models.Model{Bundle: &bundle.Bundle{Name: string(name)}}, nil
		},
		Serve: func(roles Roles) {
			s.mu.Lock()
			defer s.mu.Unlock()
			text := roles.Serving.Name
			if c := roles.Canary; c.Model != nil {
				text += fmt.Sprint(" canary ", c.Model.Name, " ", c.Percent)
			}
			if c := roles.Shadow; c.Model != nil {
				text += fmt.Sprint(" shadow ", c.Model.Name, " ", c.Percent)
			}
			s.served = append(s.served, text)
		},
		Loaded: func(context.Context, error) {},
	})
}

// follow runs what a test does beside a registry that is open.
func follow(t *testing.T, s *shelf, test func()) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := s.registry()
		if err := r.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		test()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// looks lets some intervals pass.
func looks(n int) {
	time.Sleep(time.Duration(n)*Defaults().Interval + time.Second)
	synctest.Wait()
}

func TestRegistryServesTheHighestVersion(t *testing.T) {
	s := &shelf{folder: fstest.MapFS{}}
	s.put("9", "nine")
	s.put("8", "eight")
	follow(t, s, func() {
		s.put("10", "ten")
		looks(1)
		if served, _ := s.seen(); !slices.Equal(served, []string{"nine"}) {
			t.Errorf("served %v, expected a new version to be looked at twice", served)
		}
		looks(1)
		if served, _ := s.seen(); !slices.Equal(served, []string{"nine", "ten"}) {
			t.Errorf("served %v, expected nine, then ten", served)
		}
	})
}

func TestRegistryWaitsForACopyToEnd(t *testing.T) {
	s := &shelf{folder: fstest.MapFS{}}
	s.put("1", "one")
	follow(t, s, func() {
		for i := range 5 {
			s.put("2", strings.Repeat("x", i+1))
			looks(1)
		}
		if served, _ := s.seen(); len(served) != 1 {
			t.Errorf("served %v while the version grew", served)
		}
	})
}

func TestRegistryRefusesAndGoesOn(t *testing.T) {
	s := &shelf{folder: fstest.MapFS{}}
	s.put("1", "one")
	follow(t, s, func() {
		s.put("2", "bad")
		looks(10)
		if served, loads := s.seen(); !slices.Equal(served, []string{"one"}) || loads != 2 {
			t.Errorf("served %v in %d loads, expected one in 2: a bad version is tried once", served, loads)
		}
		s.put("2", "good")
		looks(2)
		if served, _ := s.seen(); !slices.Equal(served, []string{"one", "good"}) {
			t.Errorf("served %v, expected the version once its files changed", served)
		}
	})
}

func TestRegistryGoesBackWithoutLoading(t *testing.T) {
	s := &shelf{folder: fstest.MapFS{}}
	s.put("1", "one")
	follow(t, s, func() {
		s.put("2", "two")
		looks(2)
		s.write(servingFile, "1\n")
		looks(2)
		if served, loads := s.seen(); !slices.Equal(served, []string{"one", "two", "one"}) || loads != 2 {
			t.Errorf("served %v in %d loads, expected one, two, one in 2", served, loads)
		}
		s.write(servingFile, "../3")
		looks(2)
		s.write(servingFile, "3")
		looks(2)
		if served, _ := s.seen(); len(served) != 3 {
			t.Errorf("served %v though SERVING names no version", served)
		}
	})
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	for want, s := range map[string]*shelf{
		"holds none":             {folder: fstest.MapFS{"README": {}}},
		`version "1" is refused`: {folder: fstest.MapFS{"1/manifest.json": {Data: []byte("bad")}}},
		`SERVING: is ""`:         {folder: fstest.MapFS{"1/manifest.json": {Data: []byte("one")}, servingFile: {}}},
	} {
		if err := s.registry().Open(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected one with %s", err, want)
		}
	}
}

func TestNamesAreOrderedAsPeopleDo(t *testing.T) {
	names := []string{"2", "10", "v1", "v1.2", "v1.10", "v02.1", "2025-11-03.1", "2025-11-03.12"}
	sorted := slices.Clone(names)
	slices.SortFunc(sorted, compare)
	if fmt.Sprint(sorted) != "[2 10 2025-11-03.1 2025-11-03.12 v1 v1.2 v1.10 v02.1]" {
		t.Errorf("sorted: %v", sorted)
	}
}

func TestValidate(t *testing.T) {
	cfg := Defaults()
	cfg.Interval = 0
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "interval: is 0s, expected 100ms to 1h") {
		t.Errorf("error is %v", err)
	}
	for path, want := range map[string]string{
		"s3://models/shop":                  `cache: is "", expected a local folder`,
		"s3:///shop":                        `path: is "s3://...", expected s3://BUCKET/FOLDER`,
		"s3://AKIA:c2VjcmV0@models/shop":    "without credentials",
		"s3://AKIA:c2VjcmV0@models/%zzshop": "without credentials",
	} {
		cfg := Defaults()
		cfg.Path = path
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s: error is %v, expected one with %s", path, err, want)
		}
	}
	cfg = Defaults()
	cfg.Path, cfg.Cache = "s3://models/shop?region=eu-west-1", "models"
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}
