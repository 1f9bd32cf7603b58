//go:build drill

package process

import (
	"os"
	"strings"
	"time"
	"unsafe"
)

// clockFile is how far the clock is ahead of the machine's, as a duration; without the file it is not.
var clockFile = os.Getenv("REPLI_DRILL_CLOCK")

// Now is the clock of a program that is built to be drilled: the machine's, as if it had been set ahead or back. Like a clock
// that was really set, it changes what a time says of the day, and nothing of how much later it is than another one. Safe for
// concurrent use.
func Now() time.Time {
	now := time.Now()
	text, err := os.ReadFile(clockFile)
	if err != nil {
		return now
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		panic("REPLI_DRILL_CLOCK: " + err.Error())
	}
	// The first word of a time with a monotonic reading has the seconds of its day from bit 30 on. Package time has no other
	// way to change these alone.
	*(*uint64)(unsafe.Pointer(&now)) += uint64(ahead/time.Second) << 30
	return now
}
