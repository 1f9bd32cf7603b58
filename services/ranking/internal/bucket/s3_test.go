package bucket

import (
	"encoding/xml"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// exercise fetches version 1 of a bucket that holds fake's objects.
func exercise(t *testing.T, s Store) {
	t.Helper()
	local := t.TempDir()
	folder, err := New(s, local, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := folder.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	version, err := folder.Fetch(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, folder, "SERVING") + read(t, version, "manifest.json") + read(t, version, "model.onnx"); got != "1\nmanifest 1model 1" {
		t.Errorf("read %q", got)
	}
	if stat, err := fs.Stat(folder, "2/model.onnx"); err != nil || stat.Size() != 7 {
		t.Errorf("%v, %v", stat, err)
	}
	if _, err := os.Stat(filepath.Join(local, "2")); err == nil {
		t.Error("version 2 was fetched, and nobody asked for it")
	}
}

func TestABucketOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for key, content := range newFake().objects {
		path := filepath.Join(dir, "shop", key)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := fileblob.OpenBucket(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	exercise(t, store{blob.PrefixedBucket(b, "shop/")})
}

// listing is S3's answer to a request for a list.
type listing struct {
	XMLName  xml.Name `xml:"ListBucketResult"`
	Contents []listed
}

type listed struct {
	Key, LastModified string
	Size              int
}

// speaksS3 is as much of S3 as there is to it for reading the bucket "models".
func speaksS3(objects map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIATEST/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Last-Modified", first.Format(http.TimeFormat))
		if key, ok := strings.CutPrefix(r.URL.Path, "/models/shop/"); ok {
			if content, ok := objects[key]; ok {
				_, _ = w.Write([]byte(content))
				return
			}
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var all listing
		for key, content := range objects {
			all.Contents = append(all.Contents, listed{"shop/" + key, first.Format(time.RFC3339), len(content)})
		}
		_ = xml.NewEncoder(w).Encode(all)
	}
}

func TestABucketOfS3(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server := httptest.NewServer(speaksS3(newFake().objects))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	s, err := Open(t.Context(), "s3://models/shop?region=eu-west-1&use_path_style=true&endpoint="+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	exercise(t, s)
}
