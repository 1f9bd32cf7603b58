// Package statusz owns the status page of a process: the form in which services say how they are, and how that looks in a
// browser, without a network, in light and in dark, on a phone.
//
// It knows no service: all that it shows are the plain data of its sources, which it asks when somebody looks. All texts are
// escaped.
package statusz

import "time"

// Tone says how good something is. It is shown as a colour, so the text beside it has to say the same.
type Tone string

// The tones.
const (
	Plain Tone = ""
	Good  Tone = "good"
	Warn  Tone = "warn"
	Bad   Tone = "bad"
)

// Shade is a colour of the page: 1 to 6 are told apart by everybody, from the best to the worst; 0 is that of the text.
type Shade int

// Source says how a service is now. Safe for concurrent use.
type Source func() Service

// Service is how a service is at a moment.
type Service struct {
	// Name is the service's, of letters and '-'.
	Name string `json:"name"`
	// Headline is one sentence on how it is, and Tone how good that is.
	Headline string `json:"headline"`
	Tone     Tone   `json:"tone,omitempty"`
	// Admin is the address of the service's own admin pages, "host:port"; empty where it has none.
	Admin string `json:"admin,omitempty"`
	// Sections are what there is to say, the most important first.
	Sections []Section `json:"sections"`
}

// Section is a part of the page with a heading.
type Section struct {
	// ID is unique in the service, of letters and '-'.
	ID    string `json:"id"`
	Title string `json:"title"`
	// About explains the section in a sentence or two; empty where the title does.
	About string `json:"about,omitempty"`
	// Facts, Charts, Tables and Requests are shown in this order.
	Facts    []Fact    `json:"facts,omitempty"`
	Charts   []Chart   `json:"charts,omitempty"`
	Tables   []Table   `json:"tables,omitempty"`
	Requests *Requests `json:"requests,omitempty"`
}

// Fact is a figure with its name. The functions of this package that return texts write figures all in one way.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
	// Note says what the value is to be held against; empty where that is plain.
	Note string `json:"note,omitempty"`
	Tone Tone   `json:"tone,omitempty"`
}

// Table is a table.
type Table struct {
	Caption string   `json:"caption"`
	Columns []Column `json:"columns"`
	Rows    [][]Cell `json:"rows"`
	// Empty is shown where there are no rows.
	Empty string `json:"empty,omitempty"`
}

// Column is one of a table's; the first names its rows.
type Column struct {
	Title string `json:"title"`
	// Number is true for figures, which stand at the right.
	Number bool `json:"number,omitempty"`
}

// Cell is a part of a row.
type Cell struct {
	Text string `json:"text"`
	Tone Tone   `json:"tone,omitempty"`
}

// Cells makes a row of texts.
func Cells(texts ...string) []Cell {
	row := make([]Cell, len(texts))
	for i, text := range texts {
		row[i].Text = text
	}
	return row
}

// Chart is a course of figures.
type Chart struct {
	// ID is unique in the service, of letters and '-'.
	ID    string `json:"id"`
	Title string `json:"title"`
	// About says in a sentence what is seen, for those who do not see it.
	About string `json:"about"`
	Unit  string `json:"unit"`
	// Stacked series lie on each other, the first at the bottom; else they are lines.
	Stacked bool `json:"stacked,omitempty"`
	// Log is true where figures of different sizes matter alike; those of 0 and below are not shown then.
	Log bool `json:"log,omitempty"`
	// From and To are what the chart covers, whether or not there are figures for all of it.
	From Seconds `json:"from"`
	To   Seconds `json:"to"`
	// At are when the parts of time begin that the values are of, ascending, and Step is how long such a part is.
	At     []Seconds `json:"at"`
	Step   Seconds   `json:"step"`
	Series []Series  `json:"series"`
}

// Seconds is a time as seconds since 1970.
type Seconds int64

// At returns a time in seconds.
func At(t time.Time) Seconds { return Seconds(t.Unix()) }

// Series is one of a chart's.
type Series struct {
	Name  string `json:"name"`
	Shade Shade  `json:"shade"`
	// Dashed marks what is no measurement, such as a limit.
	Dashed bool `json:"dashed,omitempty"`
	// Values are as many as the chart's times.
	Values []Value `json:"values"`
}

// Requests are single requests, newest first.
type Requests struct {
	// Empty is shown where there are none.
	Empty string    `json:"empty"`
	List  []Request `json:"list"`
}

// Request is one request and where its time went.
type Request struct {
	// ID tells it from all others of the page, of letters, digits and '-'.
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Label says what became of it, in the colour of Shade, and Why because of what.
	Label string `json:"label"`
	Shade Shade  `json:"shade"`
	Why   string `json:"why"`
	// Took is how long it took; Budget and Deadline are what it had, 0 where it had none.
	Took     time.Duration `json:"took_ns"`
	Budget   time.Duration `json:"budget_ns,omitempty"`
	Deadline time.Duration `json:"deadline_ns,omitempty"`
	// Trace is the id of its trace; empty where it has none.
	Trace string `json:"trace,omitempty"`
	// Facts say more of it.
	Facts []Fact `json:"facts,omitempty"`
	// Steps are what it waited for.
	Steps []Step `json:"steps,omitempty"`
}

// Step is one thing that a request waited for.
type Step struct {
	Name string `json:"name"`
	// Result says how it went.
	Result string `json:"result"`
	Tone   Tone   `json:"tone,omitempty"`
	// Began is how long after the request's arrival, Granted how long there was, and Spent how long it took. All are 0 for a
	// step that was not begun.
	Began   time.Duration `json:"began_ns"`
	Granted time.Duration `json:"granted_ns"`
	Spent   time.Duration `json:"spent_ns"`
}
