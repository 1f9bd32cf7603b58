package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fake is a bucket in memory, which counts what is read.
type fake struct {
	objects map[string]string
	written map[string]time.Time
	reads   []string
	broken  error
	cut     int // bytes that reads lack at the end
}

var first = time.Date(2025, 11, 3, 0, 0, 0, 123456000, time.UTC)

func newFake() *fake {
	f := &fake{objects: map[string]string{}, written: map[string]time.Time{}}
	f.put("SERVING", "1\n")
	for _, version := range []string{"1", "2"} {
		f.put(version+"/manifest.json", "manifest "+version)
		f.put(version+"/model.onnx", "model "+version)
	}
	return f
}

func (f *fake) put(key, content string) {
	f.objects[key] = content
	f.written[key] = first.Add(time.Duration(len(f.written)) * time.Second)
}

func (f *fake) List(_ context.Context, each func(Object) error) error {
	if f.broken != nil {
		return f.broken
	}
	for key, content := range f.objects {
		if err := each(Object{Key: key, Size: int64(len(content)), ModTime: f.written[key]}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) Read(_ context.Context, key string) (io.ReadCloser, error) {
	f.reads = append(f.reads, key)
	content, ok := f.objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(strings.NewReader(content[:len(content)-f.cut])), nil
}

func (f *fake) Close() error { return nil }

// open returns the bucket's folder after a look at it, and where it keeps its files.
func open(t *testing.T, f *fake, maxBytes int64) (*Folder, string) {
	t.Helper()
	local := filepath.Join(t.TempDir(), "a", "cache")
	return reopen(t, f, local, maxBytes), local
}

func reopen(t *testing.T, f *fake, local string, maxBytes int64) *Folder {
	t.Helper()
	folder, err := New(f, local, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := folder.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return folder
}

func read(t *testing.T, folder fs.FS, name string) string {
	t.Helper()
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestFetchBringsAVersionOnce(t *testing.T) {
	t.Parallel()
	f := newFake()
	folder, local := open(t, f, 100)
	if got := read(t, folder, "SERVING"); got != "1\n" {
		t.Errorf("SERVING is %q", got)
	}
	if _, err := fs.ReadFile(folder, "1/manifest.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was not fetched: %v", err)
	}
	version, err := folder.Fetch(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, version, "model.onnx") + read(t, folder, "1/manifest.json"); got != "model 1manifest 1" {
		t.Errorf("read %q", got)
	}
	f.reads = nil
	if _, err := reopen(t, f, local, 100).Fetch(t.Context(), "1"); err != nil || !slices.Equal(f.reads, []string{"SERVING"}) {
		t.Errorf("read %q again, %v: nothing has changed", f.reads, err)
	}
	f.put("1/model.onnx", "other 1")
	f.reads = nil
	if version, err = reopen(t, f, local, 100).Fetch(t.Context(), "1"); err != nil || read(t, version, "model.onnx") != "other 1" {
		t.Errorf("the file that has changed: %v", err)
	}
	if !slices.Equal(f.reads, []string{"SERVING", "1/model.onnx"}) {
		t.Errorf("read %q, expected what has changed", f.reads)
	}
}

// A registry sees names, sizes and times of what was not fetched, too.
func TestTheViewIsTheBucket(t *testing.T) {
	t.Parallel()
	f := newFake()
	for _, key := range []string{"2/", "2/deeper/x", "../evil", "2/../../evil", "/3/manifest.json", `4\x/manifest.json`} {
		f.put(key, "x")
	}
	f.put("LARGE", strings.Repeat("x", maxControl+1))
	folder, _ := open(t, f, 100)
	var got []string
	for _, name := range []string{".", "2"} {
		entries, err := fs.ReadDir(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			got = append(got, entry.Name())
		}
	}
	if want := []string{"1", "2", "manifest.json", "model.onnx"}; !slices.Equal(got, want) {
		t.Errorf("names are %q, expected %q", got, want)
	}
	stat, err := fs.Stat(folder, "2/model.onnx")
	if err != nil || stat.Size() != 7 || !stat.ModTime().Equal(f.written["2/model.onnx"]) || !stat.Mode().IsRegular() {
		t.Errorf("%v, %v", stat, err)
	}
	for _, name := range []string{"3", "2/deeper", "LARGE", "2/none"} {
		_, readErr := fs.ReadDir(folder, name)
		_, openErr := folder.Open(name)
		if !errors.Is(readErr, fs.ErrNotExist) || !errors.Is(openErr, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, readErr, openErr)
		}
	}
}

func TestFetchRefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*fake)
		maxBytes int64
		want     string
	}{
		"too large":  {func(*fake) {}, 6, "has 7 bytes, expected at most 6"},
		"cut":        {func(f *fake) { f.cut = 1 }, 100, "its size is not the 7 bytes of a moment ago"},
		"longer now": {func(f *fake) { f.objects["1/model.onnx"] = strings.Repeat("x", 1000) }, 100, "its size is not the 7 bytes"},
		"gone now":   {func(f *fake) { delete(f.objects, "1/model.onnx") }, 100, "file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			delete(f.objects, "1/manifest.json")
			folder, local := open(t, f, c.maxBytes)
			c.change(f)
			if _, err := folder.Fetch(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "fetch 1/model.onnx: ") ||
				!strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, expected one with %s", err, c.want)
			}
			if left, err := filepath.Glob(filepath.Join(local, "1", "*")); err != nil || len(left) > 0 {
				t.Errorf("left %q, %v", left, err)
			}
		})
	}
	f := newFake()
	for i := range maxFiles + 1 {
		f.put("many/"+strings.Repeat("x", i+1), "")
	}
	folder, _ := open(t, f, 100)
	for _, version := range []string{"many", "none"} {
		if _, err := folder.Fetch(t.Context(), version); err == nil || !strings.Contains(err.Error(), "expected 1 to 64") {
			t.Errorf("%s: error is %v", version, err)
		}
	}
}

func TestABucketThatIsAwayChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFake()
	folder, _ := open(t, f, 100)
	f.broken = errors.New("no route")
	if err := folder.Refresh(t.Context()); err == nil || err.Error() != "list the bucket: no route" {
		t.Errorf("error is %v", err)
	}
	if got := read(t, folder, "SERVING"); got != "1\n" {
		t.Errorf("SERVING is %q", got)
	}
}

func TestVersionsThatAreGoneAreRemoved(t *testing.T) {
	t.Parallel()
	f := newFake()
	folder, local := open(t, f, 100)
	if _, err := folder.Fetch(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	delete(f.objects, "1/manifest.json")
	delete(f.objects, "1/model.onnx")
	if err := folder.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(local, "1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("version 1 is still there: %v", err)
	}
}

func TestABucketHasBounds(t *testing.T) {
	t.Parallel()
	f := newFake()
	folder, _ := open(t, f, 100)
	folder.store = endless{f}
	if err := folder.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 100000 objects") {
		t.Errorf("error is %v", err)
	}
}

// endless is a bucket that has always one object more.
type endless struct{ *fake }

func (endless) List(_ context.Context, each func(Object) error) error {
	for {
		if err := each(Object{Key: "1/x"}); err != nil {
			return err
		}
	}
}

func TestControlFilesAreFiles(t *testing.T) {
	t.Parallel()
	folder, _ := open(t, newFake(), 100)
	file, err := folder.Open("SERVING")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var content bytes.Buffer
	stat, err := file.Stat()
	if _, copied := content.ReadFrom(file); err != nil || copied != nil || stat.Name() != "SERVING" || stat.Size() != 2 || stat.IsDir() {
		t.Errorf("%v, %v, %v", stat, err, copied)
	}
}
