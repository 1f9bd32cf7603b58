package object

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// s3 is as much of S3 as there is to it for reading and writing whole objects.
type s3 struct {
	mu      sync.Mutex
	objects map[string][]byte
	refuse  bool
}

func (s *s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIATEST/") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	content, ok := s.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Encoding") == "aws-chunked" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.objects[r.URL.Path] = body
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Etag", `"`+string(content)+`"`)
		w.Header().Set("Last-Modified", time.Unix(1, 0).UTC().Format(http.TimeFormat))
		_, _ = w.Write(content)
	}
}

func (s *s3) put(key, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = []byte(content)
}

// bucket starts S3 and returns the place of a key in its bucket.
func bucket(t *testing.T) (*s3, func(key string) Place) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s := &s3{objects: map[string][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(func() { server.Close(); http.DefaultClient.CloseIdleConnections() })
	return s, func(key string) Place {
		return Place("s3://shop/" + key + "?region=eu-west-1&use_path_style=true&endpoint=" + server.URL)
	}
}

func file(t *testing.T, content string) Place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return Place(path)
}

func TestThereAndBackAgain(t *testing.T) {
	_, at := bucket(t)
	if size, err := Copy(t.Context(), file(t, "a snapshot"), at("deep/snapshot.repli")); err != nil || size != 10 {
		t.Fatalf("%d bytes, %v", size, err)
	}
	back := Place(filepath.Join(t.TempDir(), "new", "snapshot.repli"))
	if size, err := Copy(t.Context(), at("deep/snapshot.repli"), back); err != nil || size != 10 {
		t.Fatalf("%d bytes, %v", size, err)
	}
	if content, err := os.ReadFile(string(back)); err != nil || string(content) != "a snapshot" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestAFailureLeavesWhatWasThere(t *testing.T) {
	_, at := bucket(t)
	to := file(t, "old")
	if _, err := Copy(t.Context(), at("nothing"), to); err == nil {
		t.Error("copied nothing without an error")
	}
	if _, err := to.replace(io.MultiReader(strings.NewReader("half"), broken{})); !errors.Is(err, errBroken) {
		t.Errorf("error %v, expected the reader's", err)
	}
	if content, _ := os.ReadFile(string(to)); string(content) != "old" {
		t.Errorf("the file is %q, expected it to be left alone", content)
	}
	if left, err := os.ReadDir(filepath.Dir(string(to))); err != nil || len(left) != 1 {
		t.Errorf("%v, %v: expected the file alone", left, err)
	}
	if _, err := Copy(t.Context(), "nowhere/at/all", to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func TestFollowCopiesWhatHasChanged(t *testing.T) {
	s, at := bucket(t)
	s.put("/shop/snapshot", "one")
	to := Place(filepath.Join(t.TempDir(), "snapshot"))
	type told struct {
		size int64
		err  error
	}
	said := make(chan told)
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() {
		Follow(ctx, at("snapshot"), to, time.Millisecond, func(size int64, err error) {
			select {
			case said <- told{size, err}:
			case <-ctx.Done():
			}
		})
	})
	defer func() { cancel(); following.Wait() }()
	if first := <-said; first.err != nil || first.size != 3 {
		t.Fatalf("the first copy: %+v", first)
	}
	s.put("/shop/snapshot", "three")
	if second := <-said; second.err != nil || second.size != 5 { // nothing is said of looks that find no change
		t.Fatalf("the second copy: %+v", second)
	}
	s.mu.Lock()
	s.refuse = true
	s.mu.Unlock()
	if third := <-said; third.err == nil {
		t.Fatal("refused, and nothing was said of it")
	}
	if content, err := os.ReadFile(string(to)); err != nil || string(content) != "three" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for place, sound := range map[Place]bool{
		"": false, "file": true, "/a/b": true, "s3://b/k": true, "s3://b/a/k?region=r": true,
		"gs://b/k": false, "S3://b/k": false, "https://key:secret@host/b/k": false, "file:///a": false, "a:b/c//d": true,
		"s3://b/k?endpoint=https://key:secret@host": false, "s3://b/k?endpoint=https%3A%2F%2Fkey%3Asecret%40host": false,
		"s3://b/k?endpoint=http://host:9000&region=r": true, "s3://b": false, "s3://b/": false, "s3:///k": false, "s3://b/a/": false, "s3://key:secret@b/k": false, "s3://%zz/k": false,
	} {
		err := place.Validate()
		if (err == nil) != sound {
			t.Errorf("%s: %v", place, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}
