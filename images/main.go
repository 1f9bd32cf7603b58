// Command images makes container images of the static repli binaries, one a CPU, without a daemon: an OCI layout that holds
// all of them, an archive of each that `docker load` and `ctr images import` take, and what is in them as SPDX. The same
// binaries, authorities, revision, time and tag give the same bytes. It is a module of its own, so that the mesh's go.mod stays
// free of it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// job is what to make.
type job struct {
	// tag is what the images are called, such as repli:0.1.0.
	tag name.Tag
	// revision is the commit of the sources, with -dirty where they differ from it, and created its time.
	revision string
	created  time.Time
	// project is the folder of the sources, for the demonstration's files.
	project string
	// certificates is the file of the authorities that TLS trusts.
	certificates string
	// out is the folder for what is made.
	out string
	// limit is how many bytes an archive may have.
	limit int64
	// binaries are paths by CPU.
	binaries []binary
}

// binary is a static program for a CPU.
type binary struct{ arch, path string }

func main() {
	j, err := parse(os.Args[1:])
	if err == nil {
		err = j.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func parse(args []string) (job, error) {
	var j job
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	tag := flags.String("tag", "", "what the images are called, NAME:VERSION")
	seconds := flags.Int64("created", 0, "when the sources were committed, in seconds since 1970")
	flags.StringVar(&j.revision, "revision", "", "the commit of the sources, with -dirty where they differ from it")
	flags.StringVar(&j.project, "project", ".", "the folder of the sources")
	flags.StringVar(&j.certificates, "certificates", "/etc/ssl/certs/ca-certificates.crt", "the authorities that TLS trusts, in PEM")
	flags.StringVar(&j.out, "out", "", "the folder for what is made; what is there is replaced")
	flags.Int64Var(&j.limit, "limit", 50_000_000, "how many bytes an archive may have")
	if err := flags.Parse(args); err != nil {
		return j, err
	}
	var err error
	if j.tag, err = newTag(*tag); err != nil {
		return j, err
	}
	j.created = time.Unix(*seconds, 0).UTC()
	for _, arg := range flags.Args() {
		arch, path, ok := strings.Cut(arg, "=")
		if !ok {
			return j, fmt.Errorf("is %q, expected ARCH=BINARY", arg)
		}
		j.binaries = append(j.binaries, binary{arch, path})
	}
	if j.out == "" || len(j.binaries) == 0 {
		return j, errors.New("expected -out FOLDER and at least one ARCH=BINARY")
	}
	return j, nil
}

// newTag refuses names that do not say what runs.
func newTag(text string) (name.Tag, error) {
	tag, err := name.NewTag(text)
	if err != nil || !strings.HasSuffix(text, ":"+tag.TagStr()) || tag.TagStr() == "latest" {
		return tag, fmt.Errorf("-tag: is %q, expected NAME:VERSION, and not latest", text)
	}
	return tag, nil
}

// run makes everything, and replaces what was there only when it is whole.
func (j job) run() error {
	common, err := j.commonLayer()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(j.out, 0o750); err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range j.binaries {
		image, err := j.image(b, common)
		if err != nil {
			return fmt.Errorf("%s: %w", b.path, err)
		}
		platform := v1.Platform{OS: "linux", Architecture: b.arch}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
		if err := j.archive(b.arch, image); err != nil {
			return err
		}
	}
	folder := filepath.Join(j.out, "oci")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": j.tag.TagStr()}))
}

// archive writes one image for `docker load`, and says how large it is.
func (j job) archive(arch string, image v1.Image) error {
	path := filepath.Join(j.out, "repli-"+arch+".tar")
	if err := tarball.WriteToFile(path, j.tag, image); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > j.limit {
		return fmt.Errorf("%s: has %d bytes, expected at most %d", path, info.Size(), j.limit)
	}
	fmt.Printf("%s: %d bytes, %s\n", path, info.Size(), j.tag)
	return nil
}
