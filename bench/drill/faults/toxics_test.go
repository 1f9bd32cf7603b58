package faults

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// through runs a toxic and returns what a reply of so many bytes becomes, and after how long.
type through struct {
	in, out chan *stream.StreamChunk
	stub    *toxics.ToxicStub
}

func newThrough(toxic toxics.Toxic) *through {
	p := &through{in: make(chan *stream.StreamChunk), out: make(chan *stream.StreamChunk)}
	p.stub = toxics.NewToxicStub(p.in, p.out)
	go p.stub.Run(&toxics.ToxicWrapper{Toxic: toxic, Toxicity: 1})
	return p
}

func (p *through) send(data []byte) (*stream.StreamChunk, time.Duration) {
	begin := time.Now()
	p.in <- &stream.StreamChunk{Data: data, Timestamp: begin}
	chunk := <-p.out
	return chunk, time.Since(begin)
}

// end closes the connection and waits for the toxic.
func (p *through) end() {
	close(p.in)
	for range p.out {
	}
}

// The latencies have two modes, in their shares, and the 95th percentile is where the scenario wants it.
func TestSwapIsBimodal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newThrough(&swap{Share: 0.3, Delay: 520, Jitter: 420})
		const n = 4000
		var fast, slow, above int
		for range n {
			_, took := p.send([]byte("reply"))
			switch {
			case took == 0:
				fast++
			case took >= 100*time.Millisecond && took <= 940*time.Millisecond:
				slow++
			default:
				t.Fatalf("a reply took %v", took)
			}
			if took > 800*time.Millisecond {
				above++
			}
		}
		p.end()
		if share := float64(slow) / n; share < 0.27 || share > 0.33 {
			t.Errorf("a share of %.3f is slow, expected 0.3", share)
		}
		if share := float64(above) / n; share < 0.035 || share > 0.065 {
			t.Errorf("a share of %.3f is above 800 ms, expected 0.05", share)
		}
	})
}

// What is held back when the toxic is taken away is let pass at once.
func TestSwapLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newThrough(&swap{Share: 1, Delay: 800})
		go func() {
			time.Sleep(10 * time.Millisecond)
			p.stub.InterruptToxic()
		}()
		if _, took := p.send([]byte("reply")); took != 10*time.Millisecond {
			t.Errorf("the reply took %v, expected 10ms", took)
		}
		p.stub.Close()
		for range p.out {
		}
	})
}

func TestCorruptChangesOneByteOfAShare(t *testing.T) {
	t.Parallel()
	p := newThrough(&corrupt{Share: 0.5})
	defer p.end()
	reply := []byte("$5\r\nhello\r\n")
	const n = 2000
	changed := 0
	for range n {
		chunk, _ := p.send(reply)
		differ := 0
		for i := range reply {
			if chunk.Data[i] != reply[i] {
				differ++
			}
		}
		if differ > 1 || len(chunk.Data) != len(reply) {
			t.Fatalf("the reply became %q", chunk.Data)
		}
		changed += differ
	}
	if share := float64(changed) / n; share < 0.45 || share > 0.55 {
		t.Errorf("a share of %.3f is changed, expected 0.5", share)
	}
	if !bytes.Equal(reply, []byte("$5\r\nhello\r\n")) {
		t.Error("the sender's own bytes were changed")
	}
}
