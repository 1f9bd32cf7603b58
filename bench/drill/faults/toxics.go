package faults

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// Names of the drill's own toxics.
const (
	swapping   = "repli_swapping"
	corrupting = "repli_corrupting"
)

func init() {
	toxics.Register(swapping, new(swap))
	toxics.Register(corrupting, new(corrupt))
}

// swap delays a share of the replies and lets the others pass: the latencies have two modes, as those of a store of which a
// part lies on disk. The order on a connection stays, so that a reply waits for those before it.
type swap struct {
	// Share is that of the slow ones.
	Share float64 `json:"share"`
	// Delay, in ms, is how slow they are; Jitter is by how much that varies up and down.
	Delay  int64 `json:"delay_ms"`
	Jitter int64 `json:"jitter_ms"`
}

// Pipe passes on what comes until the connection ends or the toxic is taken away; what it holds back then, it lets pass.
func (s *swap) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			if !wait(stub, s.delay()-time.Since(chunk.Timestamp)) {
				stub.Output <- chunk
				return
			}
			stub.Output <- chunk
		}
	}
}

// wait says whether the time went by before the toxic was taken away.
func wait(stub *toxics.ToxicStub, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stub.Interrupt:
		return false
	}
}

func (s *swap) delay() time.Duration {
	if rand.Float64() >= s.Share { //nolint:gosec // chance, not secrecy
		return 0
	}
	spread := (2*rand.Float64() - 1) * float64(s.Jitter) //nolint:gosec // the same
	return time.Duration(s.Delay+int64(spread)) * time.Millisecond
}

// corrupt changes one byte in a share of the replies.
type corrupt struct {
	Share float64 `json:"share"`
}

// Pipe passes on what comes until the connection ends or the toxic is taken away.
func (c *corrupt) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			stub.Output <- c.change(chunk)
		}
	}
}

func (c *corrupt) change(chunk *stream.StreamChunk) *stream.StreamChunk {
	if len(chunk.Data) == 0 || rand.Float64() >= c.Share { //nolint:gosec // chance, not secrecy
		return chunk
	}
	data := slices.Clone(chunk.Data)
	data[rand.IntN(len(data))] ^= byte(1 + rand.IntN(255)) //nolint:gosec // the same
	return &stream.StreamChunk{Data: data, Timestamp: chunk.Timestamp}
}
