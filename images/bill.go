package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// document is the part of SPDX 2.3 that says what is in an image: a program, which modules it was linked from, and what is beside it.
type document struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []part         `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// part is a package: the program itself, the standard library, a module, or what is of other people and not of Go.
type part struct {
	ID        string      `json:"SPDXID"`
	Name      string      `json:"name"`
	Version   string      `json:"versionInfo"`
	Location  string      `json:"downloadLocation"`
	Analyzed  bool        `json:"filesAnalyzed"`
	License   string      `json:"licenseConcluded"`
	Declared  string      `json:"licenseDeclared"`
	Copyright string      `json:"copyrightText"`
	Checksums []checksum  `json:"checksums,omitempty"`
	External  []reference `json:"externalRefs"`
	Comment   string      `json:"comment,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const (
	unasserted = "NOASSERTION"
	program    = "SPDXRef-repli"
)

// bill says what a binary was linked from, as the Go linker wrote it into the binary, and what else is in its image.
func (j job) bill(b binary) ([]byte, error) {
	info, err := buildinfo.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	own := module(program, &debug.Module{Path: info.Main.Path, Version: j.tag.TagStr()})
	own.License, own.Declared = "Apache-2.0", "Apache-2.0"
	own.Checksums = []checksum{{"SHA256", hex.EncodeToString(sum[:])}}
	d := document{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "repli-" + b.arch,
		Namespace: fmt.Sprintf("urn:repli:sbom:%s:%x", b.arch, sum),
		Creation:  creation{j.created.Format(time.RFC3339), []string{"Tool: make images"}},
		Packages:  []part{own},
		Relationships: []relationship{
			{"SPDXRef-DOCUMENT", "DESCRIBES", program},
		},
	}
	linked := append([]*debug.Module{{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}}, info.Deps...)
	for i, m := range linked {
		p := module(fmt.Sprintf("SPDXRef-module-%d", i), m)
		d.Packages = append(d.Packages, p)
		d.Relationships = append(d.Relationships, relationship{program, "DEPENDS_ON", p.ID})
	}
	if p, ok := charts(data); ok {
		d.Packages = append(d.Packages, p)
		d.Relationships = append(d.Relationships, relationship{program, "CONTAINS", p.ID})
	}
	trusted, err := j.authorities()
	if err != nil {
		return nil, err
	}
	d.Packages = append(d.Packages, trusted)
	d.Relationships = append(d.Relationships, relationship{d.ID, "DESCRIBES", trusted.ID})
	text, err := json.MarshalIndent(d, "", " ")
	return append(text, '\n'), err
}

// module describes one as it was linked: where it is replaced, by what it is replaced with.
func module(id string, m *debug.Module) part {
	if m.Replace != nil {
		m = m.Replace
	}
	p := part{
		ID: id, Name: m.Path, Version: m.Version,
		Location: unasserted, License: unasserted, Declared: unasserted, Copyright: unasserted,
		External: []reference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + m.Path + "@" + m.Version}},
	}
	// go.sum's h1 is a hash of the module's files, not of an archive, so it is no checksum in the sense of SPDX.
	if raw, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
		if hash, err := base64.StdEncoding.DecodeString(raw); err == nil {
			p.Comment = "Go module hash h1 " + hex.EncodeToString(hash)
		}
	}
	return p
}
