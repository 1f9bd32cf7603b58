package show

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Paper is what an explanation is written on.
type Paper struct {
	columns     int
	spent, left string // one column of a bar
}

// Plain is for what is no terminal: lines of 80 columns in ASCII.
func Plain() Paper { return Paper{columns: 80, spent: "#", left: "."} }

// Terminal is for a terminal of some columns: of 72 at the least and 160 at the most.
func Terminal(columns int) Paper {
	return Paper{columns: min(max(columns, 72), 160), spent: "█", left: "░"}
}

// bar shows a step of a time that has been cut to `width` columns: empty until it started, then what it spent, then what it did
// not spend of what it was granted. All three are shares of that time. A step that was started has a column at the least.
func (p Paper) bar(width int, started, granted, spent float64) string {
	at := func(share float64) int { return int(min(1, max(0, share))*float64(width) + 0.5) }
	from := min(at(started), width-1)
	to := max(at(started+spent), from+1)
	end := max(at(started+granted), to)
	return strings.Repeat(" ", from) + strings.Repeat(p.spent, to-from) + strings.Repeat(p.left, end-to) + strings.Repeat(" ", width-end)
}

// lines is how many a list of names may have.
const lines = 3

// list writes names behind a title of up to 24 columns, in a few lines; all is how many there are.
func (p Paper) list(b *bytes.Buffer, title string, names []string, all int) {
	const indent = 4 + 24 + 1
	fmt.Fprintf(b, "    %-24s", title)
	more := func(shown int) string { return fmt.Sprintf("and %d more", all-shown) }
	room, line := p.columns-indent, 1
	used := 0
	for i, name := range names {
		last := line == lines
		need := utf8.RuneCountInString(name) + 1
		keep := 0
		if last && all > i+1 {
			keep = len(more(i)) + 2
		}
		if used > 0 && used+need+keep > room {
			if last {
				fmt.Fprintf(b, " %s\n", more(i))
				return
			}
			b.WriteString("\n" + strings.Repeat(" ", indent-1))
			used, line = 0, line+1
		}
		b.WriteString(" " + name)
		used += need
		if i+1 < all {
			b.WriteString(",")
			used++
		}
	}
	if len(names) < all {
		b.WriteString(" " + more(len(names)))
	}
	b.WriteString("\n")
}
