package statusz

import (
	"fmt"
	"time"
)

// rows is how many rows of a table are shown, and requests how many requests.
const rows, requests = 200, 50

// section writes one panel.
func (w *writer) section(service string, s Section, now time.Time, charts bool) {
	name := service + "-" + s.ID
	w.open("section", class(s.width()), id(name), attribute{"aria-labelledby", name + "-title"})
	w.leaf("h3", s.Title, id(name+"-title"))
	if s.About != "" {
		w.leaf("p", s.About, class("about"))
	}
	w.facts(s.Facts)
	if len(s.Charts) > 0 {
		w.open("div", class("charts"))
		for _, chart := range s.Charts {
			w.chart(service, chart, charts)
		}
		w.end("div")
	}
	for _, table := range s.Tables {
		w.table(table)
	}
	if s.Requests != nil {
		w.requests(name, *s.Requests, now)
	}
	w.end("section")
}

// width is the class of a section's panel: half the page, unless there is much in it.
func (s *Section) width() string {
	wide := s.Requests != nil || len(s.Charts) > 0
	for _, table := range s.Tables {
		wide = wide || len(table.Columns) > 6
	}
	if wide {
		return "panel wide"
	}
	return "panel"
}

func (w *writer) facts(facts []Fact) {
	if len(facts) == 0 {
		return
	}
	w.open("dl", class("facts"))
	for _, fact := range facts {
		w.open("div", class(string(fact.Tone)))
		w.leaf("dt", fact.Label)
		w.open("dd")
		w.leaf("b", fact.Value)
		if fact.Note != "" {
			w.leaf("small", fact.Note)
		}
		w.end("dd", "div")
	}
	w.end("dl")
}

func (w *writer) table(t Table) {
	w.open("div", class("scroll"))
	w.open("table")
	w.leaf("caption", t.Caption)
	w.columns(t.Columns)
	w.open("tbody")
	for i, row := range t.Rows {
		if i == rows {
			break
		}
		w.row(t.Columns, row)
	}
	w.end("tbody", "table")
	if len(t.Rows) == 0 && t.Empty != "" {
		w.leaf("p", t.Empty, class("empty"))
	}
	if more := len(t.Rows) - rows; more > 0 {
		w.leaf("p", fmt.Sprintf("and %s more", Count(more)), class("empty"))
	}
	w.end("div")
}

func (w *writer) columns(columns []Column) {
	w.open("thead")
	w.open("tr")
	for _, column := range columns {
		w.leaf("th", column.Title, attribute{"scope", "col"}, class(kind(column)))
	}
	w.end("tr", "thead")
}

func kind(c Column) string {
	if c.Number {
		return "number"
	}
	return "word"
}

// row writes a row, of which what is beyond the columns is left out.
func (w *writer) row(columns []Column, row []Cell) {
	w.open("tr")
	for i, cell := range row[:min(len(row), len(columns))] {
		name, attributes := markup("td"), []attribute{class(kind(columns[i]))}
		if i == 0 {
			name, attributes = "th", append(attributes, attribute{"scope", "row"})
		}
		w.open(name, attributes...)
		if cell.Tone != Plain {
			w.leaf("i", cell.Text, class("state "+string(cell.Tone)))
		} else {
			w.text(cell.Text)
		}
		w.end(name)
	}
	w.end("tr")
}

// chart writes where a chart is drawn, its legend, and its figures as a table.
func (w *writer) chart(service string, c Chart, drawn bool) {
	name := service + "-" + c.ID
	w.open("figure", class("chart"), id(name))
	w.open("figcaption")
	w.leaf("b", c.Title)
	w.leaf("span", c.Unit)
	w.end("figcaption")
	var open []attribute
	if drawn {
		w.open("div", class("plot"), id(name+"-plot"), attribute{"role", "img"}, attribute{"aria-label", c.About},
			attribute{"data-service", service}, attribute{"data-chart", c.ID}, attribute{"data-keep", ""})
		w.end("div")
	} else {
		open = []attribute{{"open", ""}}
		w.leaf("p", "Charts were not built into this program (make build does). The table has the same figures.", class("empty"))
	}
	w.open("ul", class("legend"))
	for i := range c.Series {
		s := c.Series[len(c.Series)-1-i] // as they lie on each other
		if !c.Stacked {
			s = c.Series[i]
		}
		w.open("li")
		w.open("i", class(key(s)))
		w.end("i")
		w.leaf("span", s.Name)
		w.leaf("b", s.latest().text())
		w.end("li")
	}
	w.end("ul")
	w.figures(name, c, open...)
	w.end("figure")
}

// key is the class of what shows a series's colour.
func key(s Series) string {
	if s.Dashed {
		return "key dashed " + shade(s.Shade)
	}
	return "key " + shade(s.Shade)
}

func shade(s Shade) string { return fmt.Sprintf("shade-%d", min(max(s, 0), 6)) }

func (s Series) latest() Value {
	if len(s.Values) == 0 {
		return None()
	}
	return s.Values[len(s.Values)-1]
}

// figures writes what a chart is drawn from, newest first.
func (w *writer) figures(name string, c Chart, opened ...attribute) {
	w.open("details", append([]attribute{id(name + "-figures"), class("figures")}, opened...)...)
	w.leaf("summary", "As a table")
	w.open("div", class("scroll tall"), attribute{"tabindex", "0"}, attribute{"role", "region"},
		attribute{"aria-label", c.Title + ", as a table"})
	w.open("table")
	w.leaf("caption", c.Title+", "+c.Unit)
	columns := []Column{{Title: "UTC"}}
	for _, s := range c.Series {
		columns = append(columns, Column{Title: s.Name, Number: true})
	}
	w.columns(columns)
	w.open("tbody")
	for i := len(c.At) - 1; i >= 0; i-- {
		row := Cells(time.Unix(int64(c.At[i]), 0).UTC().Format("15:04:05"))
		for _, s := range c.Series {
			value := None()
			if i < len(s.Values) {
				value = s.Values[i]
			}
			row = append(row, Cell{Text: value.text()})
		}
		w.row(columns, row)
	}
	w.end("tbody", "table", "div", "details")
}
