package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is the one that the process runs as; it owns nothing in the image.
const user = "65532:65532"

// users and groups name it, for programs that look.
const (
	users  = "root:x:0:0:root:/:/sbin/nologin\nrepli:x:65532:65532:repli:/:/sbin/nologin\n"
	groups = "root:x:0:\nrepli:x:65532:\n"
)

// demonstration is the shop that `repli all` shows, as files, for pods that load it: a path in the image by one in the project.
var demonstration = []struct{ from, to string }{
	{"demo/data/views.yaml", "demo/views.yaml"},
	{"demo/data/users.csv.gz", "demo/users.csv.gz"},
	{"demo/data/items.csv.gz", "demo/items.csv.gz"},
	{"demo/data/events.csv.gz", "demo/events.csv.gz"},
	{"demo/bundles/dcn/model.onnx", "demo/bundle/model.onnx"},
	{"demo/bundles/dcn/manifest.json", "demo/bundle/manifest.json"},
	{"demo/bundles/dcn/golden.json", "demo/bundle/golden.json"},
}

// file is one of a layer.
type file struct {
	path string
	data []byte
	mode int64
}

// commonLayer is what all CPUs share: who there is, whom TLS trusts, and the demonstration.
func (j job) commonLayer() (v1.Layer, error) {
	certificates, err := os.ReadFile(j.certificates)
	if err != nil {
		return nil, fmt.Errorf("-certificates: %w", err)
	}
	files := []file{
		{"etc/group", []byte(groups), 0o644},
		{"etc/passwd", []byte(users), 0o644},
		{"etc/ssl/certs/ca-certificates.crt", certificates, 0o644},
	}
	for _, d := range demonstration {
		data, err := os.ReadFile(filepath.Join(j.project, d.from))
		if err != nil {
			return nil, err
		}
		files = append(files, file{d.to, data, 0o644})
	}
	return j.layer(files)
}

// layer packs files in the order given, owned by root and as old as the sources.
func (j job) layer(files []file) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	made := map[string]bool{".": true}
	for _, f := range files {
		if err := j.folders(w, made, filepath.Dir(f.path)); err != nil {
			return nil, err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.path, Mode: f.mode, Size: int64(len(f.data)), ModTime: j.created, Format: tar.FormatPAX,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// folders writes the folders above a file that are not there yet.
func (j job) folders(w *tar.Writer, made map[string]bool, path string) error {
	if made[path] {
		return nil
	}
	if err := j.folders(w, made, filepath.Dir(path)); err != nil {
		return err
	}
	made[path] = true
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: 0o755, ModTime: j.created, Format: tar.FormatPAX})
}

// image is the common layer, and above it the binary with what is in it.
func (j job) image(b binary, common v1.Layer) (v1.Image, error) {
	program, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	bill, err := j.bill(b)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(j.out, "repli-"+b.arch+".spdx.json"), bill, 0o600); err != nil { //nolint:gosec // the Makefile says where to
		return nil, err
	}
	own, err := j.layer([]file{{"repli", program, 0o755}, {"usr/share/doc/repli/repli.spdx.json", bill, 0o644}})
	if err != nil {
		return nil, err
	}
	image := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	if image, err = mutate.ConfigFile(image, j.config(b.arch)); err != nil {
		return nil, err
	}
	return mutate.Append(image,
		mutate.Addendum{Layer: common, History: j.history("authorities and the demonstration")},
		mutate.Addendum{Layer: own, History: j.history("the repli binary")},
	)
}

func (j job) config(arch string) *v1.ConfigFile {
	return &v1.ConfigFile{
		OS: "linux", Architecture: arch, Created: v1.Time{Time: j.created},
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: []string{"/repli"}, User: user, WorkingDir: "/",
			Env: []string{"PATH=/", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
			Labels: map[string]string{
				"org.opencontainers.image.title":       "repli",
				"org.opencontainers.image.description": "Recommendations that always reply",
				"org.opencontainers.image.licenses":    "Apache-2.0",
				"org.opencontainers.image.version":     j.tag.TagStr(),
				"org.opencontainers.image.revision":    j.revision,
				"org.opencontainers.image.created":     j.created.Format(time.RFC3339),
			},
		},
	}
}

func (j job) history(what string) v1.History {
	return v1.History{Created: v1.Time{Time: j.created}, CreatedBy: "make images", Comment: what}
}
