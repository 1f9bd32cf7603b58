package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// foreign are packages that the bill has to name beside modules: the authorities of the image, and the library of the status page
// where the binary holds the file that was fetched.
func foreign(t *testing.T, arch string, d document) int {
	t.Helper()
	named := map[string]part{}
	for _, p := range d.Packages {
		named[p.Name] = p
	}
	root := t.TempDir()
	entries(t, archived(t, arch), root)
	trusted, err := os.ReadFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(trusted)
	if p := named["ca-certificates"]; p.Version == "" || len(p.Checksums) != 1 || p.Checksums[0].Value != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: the bill has %+v for the authorities, whose sum is %x", arch, p, sum)
	}
	binary, err := os.ReadFile(filepath.Join(root, "repli"))
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := filepath.Glob("../pkg/statusz/assets/npm/uPlot-*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range fetched {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(binary, script) {
			version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "uPlot-"), ".js")
			if p := named["uplot"]; p.Version != version || p.Declared != "MIT" {
				t.Errorf("%s: the bill has %+v for uPlot %s", arch, p, version)
			}
			return 2
		}
	}
	return 1
}

func TestChartsAreNamedWhereTheyAreEmbedded(t *testing.T) {
	t.Parallel()
	p, ok := charts([]byte("npm/uPlot-*.js\x00assets/npm/uPlot-1.20.3.jsassets/page.js"))
	if !ok || p.Version != "1.20.3" || p.External[0].Locator != "pkg:npm/uplot@1.20.3" {
		t.Errorf("%v, %+v", ok, p)
	}
	if p, ok := charts([]byte("npm/uPlot-*.js")); ok {
		t.Errorf("none is embedded, and the bill would have %+v", p)
	}
}

func TestVersionsOfDebianPackages(t *testing.T) {
	t.Parallel()
	status := []byte("Package: ca-certificates-java\nVersion: 1\n\nPackage: ca-certificates\nStatus: install ok installed\nVersion: 20230311+deb12u1\n\nPackage: z\nVersion: 3\n")
	for name, want := range map[string]string{"ca-certificates": "20230311+deb12u1", "z": "3", "ca": ""} {
		if got := debianVersion(status, name); got != want {
			t.Errorf("%s: is of version %q, expected %q", name, got, want)
		}
	}
}

// TestTheBillNamesEveryModule holds the SPDX document against the module's own list of what the binary is linked from, and against
// what else is in the image.
func TestTheBillNamesEveryModule(t *testing.T) {
	for _, arch := range architectures(t) {
		text, err := os.ReadFile(filepath.Join(built(t), "repli-"+arch+".spdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, p := range d.Packages {
			named[p.Name+"@"+p.Version] = true
		}
		out, err := exec.CommandContext(t.Context(), "go", "version", "-m", filepath.Join(built(t), "repli-"+arch)).Output()
		if err != nil {
			t.Fatal(err)
		}
		modules := 0
		for line := range strings.Lines(string(out)) {
			if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == "dep" {
				modules++
				if !named[fields[1]+"@"+fields[2]] {
					t.Errorf("%s: the bill lacks %s %s", arch, fields[1], fields[2])
				}
			}
		}
		// The program, the standard library, and what is not of Go.
		if want := modules + 2 + foreign(t, arch, d); modules < 10 || len(d.Packages) != want || len(d.Relationships) != want {
			t.Errorf("%s: %d modules, %d packages, %d relationships", arch, modules, len(d.Packages), len(d.Relationships))
		}
	}
}
