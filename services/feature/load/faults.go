package load

import (
	"fmt"
	"strings"
)

// Faults is what is wrong with the files of a load.
type Faults struct {
	// First holds the first ones found, at most Config.Faults, most of them a *dataset.Fault.
	First []error
	// Total counts all of them.
	Total int64

	limit int
}

// Error lists the first faults, one a line, and how many there are.
func (f *Faults) Error() string {
	var text strings.Builder
	for _, fault := range f.First {
		text.WriteString(fault.Error())
		text.WriteByte('\n')
	}
	if f.Total == 1 {
		text.WriteString("1 fault; nothing was written")
	} else {
		fmt.Fprintf(&text, "%d faults, of which %d are listed; nothing was written", f.Total, len(f.First))
	}
	return text.String()
}

// Unwrap returns the first faults.
func (f *Faults) Unwrap() []error { return f.First }

func (f *Faults) add(fault error) {
	f.Total++
	if f.room() > 0 {
		f.First = append(f.First, fault)
	}
}

// room is how many more can be listed.
func (f *Faults) room() int { return f.limit - len(f.First) }
