package load

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// barEvery is how long a line on a terminal stays at least.
	barEvery = 100 * time.Millisecond
	barWidth = 30
)

// Bar shows progress: on a terminal one line a phase, which is written again and again, elsewhere one line when a phase
// ends. It is not safe for concurrent use.
type Bar struct {
	out      io.Writer
	terminal bool
	now      func() time.Time
	shown    time.Time
	last     Progress
}

// NewBar returns a bar that writes to out and reads the clock from now. What out fails to write is lost.
func NewBar(out io.Writer, isTerminal bool, now func() time.Time) *Bar {
	return &Bar{out: out, terminal: isTerminal, now: now}
}

// Show takes news; it fits as the progress of Run.
func (b *Bar) Show(p Progress) {
	if b.last.Phase != p.Phase {
		b.Finish()
		b.shown = time.Time{}
	}
	b.last = p
	if now := b.now(); b.terminal && now.Sub(b.shown) >= barEvery {
		b.shown = now
		b.draw()
	}
}

// Finish ends the line of the last phase. It is to be called when Run has returned.
func (b *Bar) Finish() {
	if b.last.Phase == "" {
		return
	}
	if b.terminal {
		b.draw()
	} else {
		_, _ = io.WriteString(b.out, b.text())
	}
	_, _ = io.WriteString(b.out, "\n")
	b.last = Progress{}
}

// draw goes to the start of the line, writes it and clears the rest.
func (b *Bar) draw() {
	_, _ = io.WriteString(b.out, "\r"+b.text()+"\x1b[K")
}

func (b *Bar) text() string {
	if b.last.Total == 0 {
		return fmt.Sprintf("%s: %d records", b.last.Phase, b.last.Done)
	}
	counts := fmt.Sprintf("%d of %d records", b.last.Done, b.last.Total)
	if !b.terminal {
		return fmt.Sprintf("%s: %s", b.last.Phase, counts)
	}
	full := int(barWidth * b.last.Done / b.last.Total)
	return fmt.Sprintf("%s: [%s%s] %s", b.last.Phase, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), counts)
}
