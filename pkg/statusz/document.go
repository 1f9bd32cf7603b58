package statusz

import (
	"strconv"
	"time"
)

// Data are all that the page shows.
type Data struct {
	// Title is the name of the only service, or mesh. At is when the services were asked.
	Title string    `json:"title"`
	At    time.Time `json:"at"`
	// Services are those of the process.
	Services []Service `json:"services"`
	// Process describes the process as such.
	Process []Fact `json:"process"`
}

// files are the names of what the page loads, under base; charts is empty where the library of charts was not built in.
type files struct {
	style, script, icon     string
	charts, chartStyle, law string
}

const (
	// base is where the files are, as seen from the page: relative, so that the page works behind a proxy's path.
	base = "statusz/"
	// every is the time between two looks of the page, in seconds.
	every = 5
)

// document writes the page.
func (w *writer) document(d Data, f files) {
	w.put("<!doctype html>\n")
	w.open("html", attribute{"lang", "en"})
	w.head(d, f)
	w.open("body", attribute{"data-every", strconv.Itoa(every)}, attribute{"data-from", base + "data.json"})
	w.put(`<a class="skip" href="#main">Skip to the figures</a>`)
	w.top(d)
	w.open("main", id("main"), attribute{"tabindex", "-1"})
	w.overview(d)
	for _, service := range d.Services {
		w.service(service, d.At, len(d.Services) > 1, f.charts != "")
	}
	w.end("main")
	w.bottom(d, f)
	w.end("body", "html")
	w.put("\n")
}

func (w *writer) head(d Data, f files) {
	w.put(`<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`)
	w.put(`<meta name="color-scheme" content="light dark">`)
	w.leaf("title", "Repli status: "+d.Title)
	w.open("link", attribute{"rel", "icon"}, attribute{"type", "image/svg+xml"}, attribute{"href", base + f.icon})
	styles := []string{f.style}
	if f.charts != "" {
		styles = []string{f.chartStyle, f.style}
	}
	for _, style := range styles {
		w.open("link", attribute{"rel", "stylesheet"}, attribute{"href", base + style})
	}
	for _, script := range []string{f.charts, f.script} {
		if script != "" {
			w.open("script", attribute{"src", base + script}, attribute{"defer", "defer"})
			w.end("script")
		}
	}
	w.end("head")
}

// top says what is seen, and how new it is.
func (w *writer) top(d Data) {
	w.put(`<header class="top"><div class="bar">`)
	w.put(`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M7 26V6h10a6 6 0 0 1 0 12H7m8 0 9 8"/></svg>`)
	w.open("h1")
	w.put("Repli ")
	w.leaf("span", d.Title)
	w.end("h1")
	w.put(`<p class="updated" id="updated"><span>As of </span>`)
	w.leaf("time", d.At.UTC().Format("15:04:05 UTC"), attribute{"datetime", d.At.UTC().Format(time.RFC3339)})
	w.put(`</p><button type="button" id="pause" aria-pressed="false" hidden>Pause</button></div>`)
	w.put(`<p class="lost" id="lost" role="status" hidden></p></header>`)
}

// words name the tones.
var words = map[Tone]string{Plain: "", Good: "well", Warn: "degraded", Bad: "failing"}

// overview says in a line for each service how it is.
func (w *writer) overview(d Data) {
	w.open("nav", class("overview"), id("overview"), attribute{"aria-label", "Services"})
	w.open("ul")
	for _, s := range d.Services {
		w.open("li", class("card "+string(s.Tone)))
		w.open("a", attribute{"href", "#" + s.Name})
		w.leaf("b", s.Name)
		if word := words[s.Tone]; word != "" {
			w.leaf("i", word, class("state "+string(s.Tone)))
		}
		w.leaf("span", s.Headline)
		w.end("a", "li")
	}
	w.end("ul", "nav")
}

func (w *writer) service(s Service, now time.Time, many, charts bool) {
	w.open("section", class("service"), id(s.Name), attribute{"aria-labelledby", s.Name + "-title"})
	heading := class("name")
	if !many {
		heading = class("name alone") // the title of the page has said it
	}
	w.leaf("h2", s.Name, heading, id(s.Name+"-title"))
	if many && s.Admin != "" {
		w.open("p", class("about"))
		w.put("metrics, log level and profiles at ")
		w.leaf("code", s.Admin)
		w.end("p")
	}
	w.open("div", class("panels"))
	for _, section := range s.Sections {
		w.section(s.Name, section, now, charts)
	}
	w.end("div", "section")
}

// bottom describes the process, and says where else to look.
func (w *writer) bottom(d Data, f files) {
	w.put(`<footer class="bottom" id="process"><h2>process</h2>`)
	w.facts(d.Process)
	w.put(`<ul class="links"><li><a href="statusz/data.json">these figures as JSON</a></li><li><a href="metrics">metrics</a></li>` +
		`<li><a href="debug/pprof/">profiles</a></li><li><a href="readyz">readiness</a></li>` +
		`<li>channelz: <code>grpcurl -plaintext</code> <code>HOST:PORT grpc.channelz.v1.Channelz/GetServers</code></li>`)
	if f.law != "" {
		w.open("li")
		w.put("charts: uPlot, ")
		w.leaf("a", "MIT licence", attribute{"href", base + f.law})
		w.end("li")
	}
	w.put(`</ul><noscript>Charts, and figures that renew themselves, need JavaScript; all figures are in the tables.</noscript></footer>`)
}
