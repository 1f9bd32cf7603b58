package statusz

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"slices"
)

// asset is one file.
type asset struct {
	body      []byte
	kind, tag string
}

func (a asset) reader() io.ReadSeeker { return bytes.NewReader(a.body) }

// kinds are those of the files that a browser may have.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// readAssets reads all files of a known kind. What cannot be read is not there.
func readAssets(from fs.FS) map[string]asset {
	found := map[string]asset{}
	_ = fs.WalkDir(from, ".", func(name string, _ fs.DirEntry, err error) error {
		if kind := kinds[path.Ext(name)]; err == nil && kind != "" {
			if body, err := fs.ReadFile(from, name); err == nil {
				sum := sha256.Sum256(body)
				found[name] = asset{body: body, kind: kind, tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
			}
		}
		return nil
	})
	return found
}

// choose names the files of the page. The library's carry its version in their names.
func (p *Page) choose() files {
	f := files{style: "page.css", script: "page.js", icon: "icon.svg"}
	one := func(pattern string) string {
		var matches []string
		for name := range p.assets {
			if ok, _ := path.Match(pattern, name); ok {
				matches = append(matches, name)
			}
		}
		if len(matches) == 0 {
			return ""
		}
		return slices.Max(matches)
	}
	script, style := one("npm/uPlot-*.js"), one("npm/uPlot-*.css")
	if script != "" && style != "" {
		f.charts, f.chartStyle, f.law = script, style, one("npm/*.txt")
	}
	return f
}
