package statusz

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// hostile is what a caller, a model or a segment may be named.
const hostile = `"><script>alert('x')</script>&<img src=x onerror=alert(1)>`

func busy(name string) Source {
	return func() Service {
		return Service{
			Name: name, Headline: hostile, Tone: Warn, Admin: hostile,
			Sections: []Section{{
				ID: "all", Title: hostile, About: hostile,
				Facts: []Fact{{Label: hostile, Value: hostile, Note: hostile, Tone: Good}},
				Charts: []Chart{{
					ID: "course", Title: hostile, About: hostile, Unit: "ms", From: 0, To: 900, At: []Seconds{0, 15}, Step: 15,
					Series: []Series{{Name: hostile, Shade: 99, Values: []Value{1, None()}}, {Name: "short", Shade: -1, Dashed: true}},
				}},
				Tables: []Table{
					{Caption: hostile, Columns: []Column{{Title: hostile}, {Title: "n", Number: true}}, Rows: [][]Cell{Cells(hostile, "1", "too many")}},
					{Caption: "none", Columns: []Column{{Title: "a"}}, Empty: hostile},
				},
				Requests: &Requests{List: []Request{{
					ID: "r1", At: noon.Add(-3 * time.Second), Label: "SIMPLE", Shade: 4, Why: hostile, Took: 44 * time.Millisecond,
					Budget: 85 * time.Millisecond, Deadline: 100 * time.Millisecond, Trace: "0af7651916cd43dd8448eb211c80319c",
					Facts: []Fact{{Label: "segment", Value: hostile}},
					Steps: []Step{
						{Name: "feature", Result: hostile, Tone: Bad, Granted: 40 * time.Millisecond, Spent: 41 * time.Millisecond},
						{Name: "ranking", Result: "skipped", Tone: Warn},
					},
				}}},
			}},
		}
	}
}

func page(t *testing.T, assets fstest.MapFS, sources ...Source) *httptest.Server {
	t.Helper()
	p := newPage(Config{
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Process: func() []Fact { return []Fact{{Label: "host", Value: hostile}} },
	}, assets)
	p.Add(sources...)
	mux := http.NewServeMux()
	p.Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

var plain, charted = fstest.MapFS{
	"page.css": {Data: []byte("a{}")}, "page.js": {Data: []byte("1")}, "icon.svg": {Data: []byte("<svg/>")}, "secret.key": {Data: []byte("k")},
}, fstest.MapFS{
	"page.css": {Data: []byte("a{}")}, "page.js": {Data: []byte("1")}, "icon.svg": {Data: []byte("<svg/>")},
	"npm/uPlot-1.2.3.js": {Data: []byte("2")}, "npm/uPlot-1.2.3.css": {Data: []byte("b{}")}, "npm/LICENSE.txt": {Data: []byte("MIT")},
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestNothingThatIsShownBecomesMarkup(t *testing.T) {
	t.Parallel()
	_, body := get(t, page(t, charted, busy("gateway")).URL+"/statusz")
	for _, bad := range []string{"<script>", "<img", "onerror=alert(1)>"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(body, "&lt;script&gt;"); n < 15 {
		t.Errorf("%d hostile texts are shown, want all of them", n)
	}
	for _, want := range []string{
		"Repli status: gateway", "3 s ago", "0af7651916cd43dd8448eb211c80319c", `class="label shade-4"`, `class="key shade-6"`,
		`class="key dashed shade-0"`, "12:00:00 UTC", `<rect class="granted" x="0.00%" width="40.00%"`, "44.0 ms", " of 100 ms",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "too many") {
		t.Error("a cell beyond the columns is shown")
	}
	if strings.Contains(body, "style=") {
		t.Error("the page has a style attribute, which its policy forbids")
	}
}

func TestEveryElementIsEnded(t *testing.T) {
	t.Parallel()
	for _, assets := range []fstest.MapFS{plain, charted} {
		_, body := get(t, page(t, assets, busy("gateway"), busy("ranking")).URL+"/statusz")
		for _, name := range []string{
			"html", "head", "body", "main", "header", "nav", "section", "div", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody",
			"tr", "th", "td", "caption", "details", "summary", "figure", "figcaption", "svg", "rect", "span", "b", "i", "small", "p", "a", "h1", "h2", "h3",
		} {
			begun := strings.Count(body, "<"+name+">") + strings.Count(body, "<"+name+" ")
			if ended := strings.Count(body, "</"+name+">"); begun != ended || begun == 0 {
				t.Errorf("%d <%s> and %d </%s>", begun, name, ended, name)
			}
		}
		ids := map[string]bool{}
		for _, part := range strings.Split(body, ` id="`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			if ids[name] {
				t.Errorf("the id %q is there twice", name)
			}
			ids[name] = true
		}
	}
}

func TestWithoutTheLibraryTheTablesAreOpen(t *testing.T) {
	t.Parallel()
	_, body := get(t, page(t, plain, busy("gateway")).URL+"/statusz")
	if !strings.Contains(body, "Charts were not built into this program") || strings.Contains(body, "uPlot") || strings.Contains(body, `class="plot"`) ||
		!strings.Contains(body, `class="figures" open="">`) {
		t.Error("the page does not say that it has no charts, or does not show the tables instead")
	}
	_, body = get(t, page(t, charted, busy("gateway")).URL+"/statusz")
	for _, want := range []string{`src="statusz/npm/uPlot-1.2.3.js"`, `href="statusz/npm/uPlot-1.2.3.css"`, `href="statusz/npm/LICENSE.txt"`, `class="plot"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "Charts were not") || strings.Contains(body, "open=") {
		t.Error("the page says that it has no charts")
	}
}

func TestEachAnswerIsProtected(t *testing.T) {
	t.Parallel()
	server := page(t, charted, busy("gateway"))
	for path, kind := range map[string]string{
		"/statusz": "text/html; charset=utf-8", "/statusz/data.json": "application/json", "/statusz/page.js": "text/javascript; charset=utf-8",
		"/statusz/npm/uPlot-1.2.3.css": "text/css; charset=utf-8", "/statusz/icon.svg": "image/svg+xml", "/statusz/npm/LICENSE.txt": "text/plain; charset=utf-8",
	} {
		response, _ := get(t, server.URL+path)
		h := response.Header
		if response.StatusCode != http.StatusOK || h.Get("Content-Type") != kind {
			t.Errorf("%s: %s, %q", path, response.Status, h.Get("Content-Type"))
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	for _, path := range []string{"/statusz/none.js", "/statusz/secret.key", "/statusz/..%2fpage.go", "/statusz/npm"} {
		if response, _ := get(t, server.URL+path); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	response, err := http.Post(server.URL+"/statusz", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", response.Status)
	}
	if response, _ := get(t, server.URL+"/statusz/"); response.Request.URL.Path != "/statusz" {
		t.Errorf("/statusz/ leads to %s", response.Request.URL)
	}
}

func TestAFileThatIsKnownIsNotSentAgain(t *testing.T) {
	t.Parallel()
	server := page(t, plain)
	first, _ := get(t, server.URL+"/statusz/page.js")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/statusz/page.js", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("If-None-Match", first.Header.Get("ETag"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotModified {
		t.Errorf("%s for tag %q", response.Status, first.Header.Get("ETag"))
	}
}

func TestTheDataAreJSON(t *testing.T) {
	t.Parallel()
	_, body := get(t, page(t, charted, busy("gateway"), busy("feature")).URL+"/statusz/data.json")
	var d struct {
		Title    string
		Services []struct {
			Name     string
			Sections []struct {
				Charts []struct{ Series []struct{ Values []*float64 } }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		t.Fatal(err)
	}
	values := d.Services[1].Sections[0].Charts[0].Series[0].Values
	if d.Title != "mesh" || d.Services[1].Name != "feature" || *values[0] != 1 || values[1] != nil {
		t.Errorf("%s: %+v", body, d)
	}
}

func TestAPageHasBounds(t *testing.T) {
	t.Parallel()
	section := Section{
		ID: "all", Title: "t", Tables: []Table{{Caption: "c", Columns: []Column{{Title: "x"}}}},
		Requests: &Requests{},
	}
	for i := range 100_000 {
		section.Tables[0].Rows = append(section.Tables[0].Rows, Cells(strings.Repeat("x", 1000)))
		section.Requests.List = append(section.Requests.List, Request{ID: fmt.Sprint(i), Why: strings.Repeat("y", 1000)})
	}
	_, body := get(t, page(t, charted, func() Service { return Service{Name: "big", Sections: []Section{section}} }).URL+"/statusz")
	if len(body) > 500_000 || !strings.Contains(body, "and 99,800 more") {
		t.Errorf("%d bytes", len(body))
	}
}

func TestOurOwnFilesAreThere(t *testing.T) {
	t.Parallel()
	p := New(Config{Now: time.Now, Process: func() []Fact { return nil }, Log: slog.New(slog.DiscardHandler)})
	for _, name := range []string{"page.css", "page.js", "icon.svg"} {
		if len(p.assets[name].body) == 0 {
			t.Errorf("%s is not there", name)
		}
	}
	if !bytes.Contains(p.assets["page.css"].body, []byte("prefers-color-scheme: dark")) {
		t.Error("there is no dark page")
	}
}
