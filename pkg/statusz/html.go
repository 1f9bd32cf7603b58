package statusz

import (
	"html"
	"strconv"
	"strings"
)

// markup is a part of the page that is written here as a constant. A text from elsewhere is a string, which does not become
// markup without a conversion: there is none in this package.
type markup string

// attribute is one of an element's.
type attribute struct {
	name  markup
	value string
}

func class(value string) attribute { return attribute{"class", value} }
func id(value string) attribute    { return attribute{"id", value} }

// writer writes HTML.
type writer struct{ strings.Builder }

// put writes a constant as it is.
func (w *writer) put(constant markup) { _, _ = w.WriteString(string(constant)) }

// text writes a text, escaped.
func (w *writer) text(text string) { _, _ = w.WriteString(html.EscapeString(clip(text))) }

// open begins an element.
func (w *writer) open(name markup, attributes ...attribute) {
	w.put("<" + name)
	for _, a := range attributes {
		w.put(" " + a.name + `="`)
		w.text(a.value)
		w.put(`"`)
	}
	w.put(">")
}

// end ends elements, from the innermost to the outermost.
func (w *writer) end(names ...markup) {
	for _, name := range names {
		w.put("</" + name + ">")
	}
}

// leaf writes an element that holds a text.
func (w *writer) leaf(name markup, text string, attributes ...attribute) {
	w.open(name, attributes...)
	w.text(text)
	w.end(name)
}

// bar writes a part of a bar: a rectangle between two shares of its width.
func (w *writer) bar(kind string, from, to float64) {
	from, to = min(max(from, 0), 1), min(max(to, 0), 1)
	w.open("rect", class(kind), attribute{"x", percents(from)}, attribute{"width", percents(to - from)},
		attribute{"y", "0"}, attribute{"height", "100%"})
	w.end("rect")
}

func percents(share float64) string { return strconv.FormatFloat(100*share, 'f', 2, 64) + "%" }
