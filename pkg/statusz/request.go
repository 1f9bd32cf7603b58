package statusz

import "time"

// requests writes single requests: a line each, which opens.
func (w *writer) requests(name string, r Requests, now time.Time) {
	if len(r.List) == 0 {
		w.leaf("p", r.Empty, class("empty"))
		return
	}
	w.open("div", class("recent"), attribute{"tabindex", "0"}, attribute{"role", "region"}, attribute{"aria-labelledby", name + "-title"})
	w.open("ol", class("requests"), id(name+"-list"))
	for i, request := range r.List {
		if i == requests {
			break
		}
		w.open("li", id(name+"-"+request.ID))
		w.open("details", id(name+"-"+request.ID+"-more"))
		w.open("summary")
		w.leaf("time", Ago(now, request.At), attribute{"datetime", request.At.UTC().Format(time.RFC3339Nano)})
		w.leaf("b", request.Label, class("label "+shade(request.Shade)))
		w.leaf("span", request.Why, class("why"))
		w.open("span", class("took"))
		w.text(Duration(request.Took))
		if request.Deadline > 0 {
			w.leaf("small", " of "+Duration(request.Deadline))
		}
		w.end("span", "summary")
		w.more(request)
		w.end("details", "li")
	}
	w.end("ol", "div")
}

// more writes what a request's line opens.
func (w *writer) more(r Request) {
	w.open("div", class("more"))
	facts := []Fact{{Label: "at", Value: r.At.UTC().Format("15:04:05.000 UTC")}}
	if r.Budget > 0 {
		facts = append(facts, Fact{Label: "budget", Value: Duration(r.Budget), Note: "of a deadline of " + Duration(r.Deadline)})
	}
	w.facts(append(facts, r.Facts...))
	if len(r.Steps) > 0 {
		w.waterfall(r)
	}
	if r.Trace != "" {
		w.put(`<p class="trace">trace `)
		w.leaf("code", r.Trace)
		w.put("</p>")
	}
	w.end("div")
}

// waterfall writes when a request waited for what, within the time that it had.
func (w *writer) waterfall(r Request) {
	scale := max(r.Deadline, r.Budget, r.Took, 1)
	for _, s := range r.Steps {
		scale = max(scale, s.Began+s.Granted, s.Began+s.Spent)
	}
	of := func(d time.Duration) float64 { return float64(d) / float64(scale) }
	w.open("table", class("waterfall"))
	w.leaf("caption", "Where the time went: granted is what is light, spent what is dark, the line is the end of the budget.")
	w.put(`<thead><tr><th scope="col">asked</th><th scope="col"><span class="ends"><span>0</span>`)
	w.leaf("span", Duration(scale))
	w.put(`</span></th><th scope="col" class="number began">began</th><th scope="col" class="number">spent</th>` +
		`<th scope="col" class="number">of</th></tr></thead><tbody>`)
	for _, s := range r.Steps {
		w.open("tr")
		w.open("th", attribute{"scope", "row"})
		w.leaf("span", s.Name)
		w.leaf("i", s.Result, class("state "+string(s.Tone)))
		w.end("th")
		w.put(`<td class="bars"><svg aria-hidden="true">`)
		w.bar("ground", 0, 1)
		begun := s.Granted > 0 || s.Spent > 0
		if begun {
			w.bar("granted", of(s.Began), of(s.Began+s.Granted))
			w.bar("spent "+string(s.Tone), of(s.Began), max(of(s.Began+s.Spent), of(s.Began)+0.004))
		}
		if r.Budget > 0 {
			w.bar("budget", of(r.Budget)-0.002, of(r.Budget)+0.002)
		}
		w.end("svg", "td")
		for _, cell := range []struct {
			kind string
			d    time.Duration
		}{{"number began", s.Began}, {"number", s.Spent}, {"number", s.Granted}} {
			text := dash
			if begun {
				text = Duration(cell.d)
			}
			w.leaf("td", text, class(cell.kind))
		}
		w.end("tr")
	}
	w.put("</tbody></table>")
}
