package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// built is the folder that `make images` has filled.
func built(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("REPLI_IMAGES")
	if folder == "" {
		t.Fatal("REPLI_IMAGES: is empty, expected the folder of the images: run make test-images")
	}
	return folder
}

// archived is the image of a CPU, as `docker load` would see it.
func archived(t *testing.T, arch string) v1.Image {
	t.Helper()
	image, err := tarball.ImageFromPath(filepath.Join(built(t), "repli-"+arch+".tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// entries lists what is in an image, and unpacks it where there is a folder for it.
func entries(t *testing.T, image v1.Image, into string) map[string]*tar.Header {
	t.Helper()
	content := mutate.Extract(image)
	defer func() { _ = content.Close() }()
	found := map[string]*tar.Header{}
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[path.Clean(header.Name)] = header
		if into == "" {
			continue
		}
		if err := unpack(r, header, filepath.Join(into, filepath.FromSlash(path.Clean("/"+header.Name)))); err != nil {
			t.Fatal(err)
		}
	}
}

func unpack(r io.Reader, header *tar.Header, path string) error {
	if header.Typeflag == tar.TypeDir {
		return os.MkdirAll(path, 0o755)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, os.FileMode(header.Mode))
}

// architectures are those of the images that were built.
func architectures(t *testing.T) []string {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(built(t), "repli-*.tar"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("%v, %v: no images", archives, err)
	}
	for i, path := range archives {
		archives[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "repli-"), ".tar")
	}
	return archives
}

// revision is how an image names the commit that it was made of.
var revision = regexp.MustCompile(`^[0-9a-f]{40}(-dirty)?$`)

func TestImagesHoldWhatTheyShould(t *testing.T) {
	want := []string{
		"demo", "demo/bundle", "demo/bundle/golden.json", "demo/bundle/manifest.json", "demo/bundle/model.onnx",
		"demo/events.csv.gz", "demo/items.csv.gz", "demo/users.csv.gz", "demo/views.yaml",
		"etc", "etc/group", "etc/passwd", "etc/ssl", "etc/ssl/certs", "etc/ssl/certs/ca-certificates.crt",
		"repli", "usr", "usr/share", "usr/share/doc", "usr/share/doc/repli", "usr/share/doc/repli/repli.spdx.json",
	}
	for _, arch := range architectures(t) {
		image := archived(t, arch)
		found := entries(t, image, "")
		var names []string
		for name, header := range found {
			names = append(names, name)
			if header.Uid != 0 || header.Gid != 0 || header.Mode&0o022 != 0 || header.Mode&0o6000 != 0 {
				t.Errorf("%s %s: is of %d:%d with mode %o, expected root's and written by nobody else", arch, name, header.Uid, header.Gid, header.Mode)
			}
			if programs := header.Typeflag == tar.TypeReg && header.Mode&0o111 != 0; programs != (name == "repli") {
				t.Errorf("%s %s: can be run: %v", arch, name, programs)
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("%s holds %v, expected %v", arch, names, want)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if config.Architecture != arch || config.OS != "linux" || config.Config.User != "65532:65532" ||
			!slices.Equal(config.Config.Entrypoint, []string{"/repli"}) || !revision.MatchString(config.Config.Labels["org.opencontainers.image.revision"]) {
			t.Errorf("%s: the configuration is %+v", arch, config)
		}
	}
}

// TestTheLayoutHoldsTheSameImages holds the index against the archives.
func TestTheLayoutHoldsTheSameImages(t *testing.T) {
	outer, err := layout.ImageIndexFromPath(filepath.Join(built(t), "oci"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("%+v, %v: expected one index of images", manifest, err)
	}
	inner, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if manifest, err = inner.IndexManifest(); err != nil || len(manifest.Manifests) != len(architectures(t)) {
		t.Fatalf("%+v, %v: expected an image a CPU", manifest, err)
	}
	for _, descriptor := range manifest.Manifests {
		image, err := inner.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		got, err := image.ConfigName()
		if err != nil {
			t.Fatal(err)
		}
		if want, err := archived(t, descriptor.Platform.Architecture).ConfigName(); err != nil || got != want {
			t.Errorf("%v: the layout has %v, the archive %v, %v", descriptor.Platform, got, want, err)
		}
	}
}

// TestTheImageRuns runs the binary out of the archive as the image's user, with nothing but the image around it, which that user
// cannot write.
func TestTheImageRuns(t *testing.T) {
	root := t.TempDir()
	entries(t, archived(t, runtime.GOARCH), root)
	for folder := root; folder != "/"; folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&0o005 != 0o005 && strings.HasPrefix(folder, os.TempDir()+"/") {
			if err := os.Chmod(folder, 0o755); err != nil { // the user has to get here
				t.Fatal(err)
			}
		}
	}
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "/repli", args...)
		cmd.Path, cmd.Dir, cmd.Env, cmd.Err = "/repli", "/", []string{"PATH=/"}, nil
		cmd.SysProcAttr = confined(root)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("model", "validate", "/demo/bundle"); err != nil || !strings.Contains(out, "cases=") {
		t.Errorf("the model: %v\n%s", err, out)
	}
	if out, err := run("config", "print", "gateway"); err != nil || !strings.Contains(out, "promise: 10ms") {
		t.Errorf("the configuration: %v\n%s", err, out)
	}
	build := []string{"snapshot", "build", "--views=/demo/views.yaml", "--users=/demo/users.csv.gz", "--events=/demo/events.csv.gz"}
	if out, err := run(append(build, "--out=/snapshot.repli")...); err == nil || !strings.Contains(out, "permission denied") {
		t.Errorf("wrote into the image: %v\n%s", err, out)
	}
}

// confined is a process of the image's user that sees the folder and nothing else. Whoever is not root becomes that user in a
// namespace of their own.
func confined(root string) *syscall.SysProcAttr {
	if os.Getuid() == 0 {
		return &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532, NoSetGroups: false}}
	}
	return &syscall.SysProcAttr{
		Chroot: root, Cloneflags: syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getgid(), Size: 1}},
	}
}

// TestTheSameBinariesGiveTheSameImages makes the images once more.
func TestTheSameBinariesGiveTheSameImages(t *testing.T) {
	config, err := archived(t, architectures(t)[0]).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	j := job{
		revision: config.Config.Labels["org.opencontainers.image.revision"], created: config.Created.Time,
		project: "..", certificates: "/etc/ssl/certs/ca-certificates.crt", out: t.TempDir(), limit: 50_000_000,
	}
	if j.tag, err = newTag(os.Getenv("REPLI_IMAGE")); err != nil {
		t.Fatal(err)
	}
	for _, arch := range architectures(t) {
		j.binaries = append(j.binaries, binary{arch, filepath.Join(built(t), "repli-"+arch)})
	}
	if err := j.run(); err != nil {
		t.Fatal(err)
	}
	for _, b := range j.binaries {
		first, err := os.ReadFile(filepath.Join(built(t), "repli-"+b.arch+".tar"))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := os.ReadFile(filepath.Join(j.out, "repli-"+b.arch+".tar")); err != nil || !slices.Equal(first, second) {
			t.Errorf("%s: %d bytes, and then others, %d, %v", b.arch, len(first), len(second), err)
		}
	}
	j.limit = 1000
	if err := j.run(); err == nil || !strings.Contains(err.Error(), "expected at most 1000") {
		t.Errorf("an image over the limit: %v", err)
	}
}

func TestTagsSayWhatRuns(t *testing.T) {
	t.Parallel()
	for tag, sound := range map[string]bool{
		"repli:0.1.0": true, "registry.example:5000/team/repli:v1": true, "repli": false, "repli:latest": false, "": false, "a b:1": false,
	} {
		if _, err := newTag(tag); (err == nil) != sound {
			t.Errorf("%q: %v", tag, err)
		}
	}
}
