package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCopyCommand(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "deep", "copy")
	for name, c := range map[string]struct {
		args []string
		code int
		want string // in stdout, or in stderr where the code is not 0
	}{
		"a file":       {[]string{"copy.go", to}, 0, "copied "},
		"nothing":      {[]string{"copy.go"}, misused, "1 arguments, expected FROM and TO"},
		"no such file": {[]string{"nowhere", to + "2"}, failed, "nowhere"},
		"a secret":     {[]string{"s3://key:hush@bucket/file", to}, misused, "FROM: is s3://..., expected s3://BUCKET/KEY"},
		"a bucket":     {[]string{"copy.go", "s3://bucket"}, misused, "TO: is s3://..., expected s3://BUCKET/KEY"},
		"a scheme":     {[]string{"copy.go", "gs://bucket/file"}, misused, "TO: is gs://..., expected a path or s3://BUCKET/KEY"},
		"an endpoint":  {[]string{"s3://b/k?endpoint=http://key:hush@host", to}, misused, "FROM: is s3://..., expected s3://BUCKET/KEY"},
		"all the time": {[]string{"copy.go", to, "--every", "1ms"}, misused, "--every: is 1ms, expected at least 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), append([]string{"copy"}, c.args...), &stdout, &stderr)
			text := stdout.String()
			if c.code != 0 {
				text = stderr.String()
			}
			if code != c.code || !strings.Contains(text, c.want) || strings.Contains(text, "hush") {
				t.Errorf("exit code %d, %q and %q; expected %d and %q", code, &stdout, &stderr, c.code, c.want)
			}
		})
	}
}

func TestCopyFollowsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	if err := os.WriteFile(from, []byte("snapshot"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	said := writer(func(text string) {
		if strings.Contains(text, "copied 8 bytes") {
			cancel()
		}
	})
	if code := run(ctx, []string{"copy", from, to, "--every", "1h"}, said, said); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if content, err := os.ReadFile(to); err != nil || string(content) != "snapshot" {
		t.Errorf("%q, %v", content, err)
	}
}

// writer tells of what is written.
type writer func(text string)

func (w writer) Write(text []byte) (int, error) {
	w(string(text))
	return len(text), nil
}
