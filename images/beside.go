package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// chartsName is what the library that draws the charts is embedded as; a program that was built without it has no such name in it.
var chartsName = regexp.MustCompile(`assets/npm/uPlot-([0-9]+\.[0-9]+\.[0-9]+)\.js`)

// charts describes the library of the status page that is embedded in a program, and says whether there is one.
func charts(program []byte) (part, bool) {
	found := chartsName.FindSubmatch(program)
	if found == nil {
		return part{}, false
	}
	version := string(found[1])
	return part{
		ID: "SPDXRef-uplot", Name: "uplot", Version: version,
		Location: unasserted, License: "MIT", Declared: "MIT", Copyright: unasserted,
		External: []reference{{"PACKAGE-MANAGER", "purl", "pkg:npm/uplot@" + version}},
	}, true
}

// authorities describes the file of those that TLS trusts. Its bytes are named by their sum, since the package makes the file on
// the machine, where others may have been added.
func (j job) authorities() (part, error) {
	data, err := os.ReadFile(j.certificates)
	if err != nil {
		return part{}, fmt.Errorf("-certificates: %w", err)
	}
	sum := sha256.Sum256(data)
	p := part{
		ID: "SPDXRef-ca-certificates", Name: "ca-certificates", Version: unasserted,
		Location: unasserted, License: "MPL-2.0", Declared: "MPL-2.0", Copyright: unasserted,
		Checksums: []checksum{{"SHA256", hex.EncodeToString(sum[:])}}, External: []reference{},
		Comment: "The file etc/ssl/certs/ca-certificates.crt, as Debian's package makes it",
	}
	status, err := os.ReadFile(installed)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil // without Debian packages nobody knows the version
	} else if err != nil {
		return part{}, err
	}
	if version := debianVersion(status, p.Name); version != "" {
		p.Version = version
		p.External = append(p.External, reference{"PACKAGE-MANAGER", "purl", "pkg:deb/debian/" + p.Name + "@" + url.QueryEscape(version)})
	}
	return p, nil
}

// installed is Debian's list of the packages of a machine.
const installed = "/var/lib/dpkg/status"

// debianVersion is that of a package in such a list, or "" when it is not in it.
func debianVersion(status []byte, name string) string {
	for paragraph := range strings.SplitSeq(string(status), "\n\n") {
		if !strings.HasPrefix(strings.TrimLeft(paragraph, "\n"), "Package: "+name+"\n") {
			continue
		}
		for line := range strings.Lines(paragraph) {
			if version, ok := strings.CutPrefix(line, "Version: "); ok {
				return strings.TrimSpace(version)
			}
		}
	}
	return ""
}
