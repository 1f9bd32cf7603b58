package statusz

import (
	"embed"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"sync"
	"time"
)

// embedded are our own files, and the library of charts where the build has fetched it.
//
//go:embed assets
var embedded embed.FS

// Config says what a page works with; all is set.
type Config struct {
	// Process describes it whenever somebody looks.
	Process func() []Fact
	// Now reads the clock.
	Now func() time.Time
	// Log takes what is wrong with the page itself.
	Log *slog.Logger
}

// Page is a status page. Safe for concurrent use.
type Page struct {
	cfg    Config
	assets map[string]asset
	files  files

	mu      sync.Mutex
	sources []Source
}

// New returns a page without sources.
func New(cfg Config) *Page {
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // the name is a constant
	}
	return newPage(cfg, assets)
}

func newPage(cfg Config, from fs.FS) *Page {
	p := &Page{cfg: cfg, assets: readAssets(from)}
	p.files = p.choose()
	return p
}

// Add adds sources at the end of the page.
func (p *Page) Add(sources ...Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources = append(p.sources, sources...)
}

// Data asks all sources.
func (p *Page) Data() Data {
	p.mu.Lock()
	sources := p.sources
	p.mu.Unlock()
	d := Data{Title: "mesh", At: p.cfg.Now(), Services: make([]Service, len(sources)), Process: p.cfg.Process()}
	for i, source := range sources {
		d.Services[i] = source()
	}
	if len(sources) == 1 {
		d.Title = d.Services[0].Name
	}
	return d
}

// Register adds the page to a mux: /statusz, to which / leads, its data as JSON in /statusz/data.json, and its files below /statusz/.
func (p *Page) Register(mux *http.ServeMux) {
	mux.Handle("GET /{$}", http.RedirectHandler("statusz", http.StatusFound))
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /statusz": p.html, "GET /statusz/data.json": p.json, "GET /statusz/{file...}": p.file,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			protect(w.Header())
			serve(w, r)
		})
	}
}

// protect has a browser load nothing from elsewhere, run no script but ours, and show the page in no other one.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (p *Page) html(w http.ResponseWriter, _ *http.Request) {
	var page writer
	page.document(p.Data(), p.files)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page.String())) // a browser that has gone needs no page
}

func (p *Page) json(w http.ResponseWriter, r *http.Request) {
	body, err := json.MarshalIndent(p.Data(), "", " ")
	if err != nil {
		p.cfg.Log.ErrorContext(r.Context(), "the status page's data", slog.String("error", err.Error()))
		http.Error(w, "the data cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n')) // as above
}

func (p *Page) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if name == "" {
		http.Redirect(w, r, "../statusz", http.StatusMovedPermanently)
		return
	}
	found, ok := p.assets[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.kind)
	h.Set("Cache-Control", "no-cache") // to be asked for again with its tag
	h.Set("ETag", found.tag)
	http.ServeContent(w, r, path.Base(name), time.Time{}, found.reader())
}
