package retrieval

import "sync"

// wake tells a waiting search how it goes on.
type wake int

const (
	finished wake = iota // its scan is done
	lead                 // it leads the pass from here
)

// pass goes round and round over the blocks for all the searches that share it: one reads a block from memory, the others
// from the cache. One of the searches leads it, on its own goroutine; the others wait, join at the next block, and leave when
// they have seen every block once.
type pass struct {
	mu      *sync.Mutex // guards load, led and joining
	load    int         // searches that share it
	led     bool
	joining []*scan

	// Only the leader touches these.
	active []*scan
	number uint64 // of the block that comes next, counted on and on
	into   scratch
}

// join runs a scan to its end on the pass that has the least to do.
func (x *Index) join(s *scan) {
	x.mu.Lock()
	p := x.passes[0]
	for _, other := range x.passes[1:] {
		if other.load < p.load {
			p = other
		}
	}
	p.load++
	p.joining = append(p.joining, s)
	mine := !p.led
	p.led = true
	x.mu.Unlock()
	if mine || <-s.woken == lead {
		p.lead(s, x.form)
	}
}

// lead goes on until the leader's own scan is done, and hands over to one that is not.
func (p *pass) lead(own *scan, form Form) {
	for over := false; !over; {
		p.admit()
		over = p.step(own, form)
	}
	p.handOver()
}

// handOver makes another search lead, if there is one.
func (p *pass) handOver() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.take()
	if p.led = len(p.active) > 0; p.led {
		p.active[0].woken <- lead
	}
}

// admit takes those that wait into the pass.
func (p *pass) admit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.take()
}

func (p *pass) take() {
	p.active = append(p.active, p.joining...)
	clear(p.joining)
	p.joining = p.joining[:0]
}

// step shows the next block to everybody and lets go of those that are done. It reports whether the leader is.
func (p *pass) step(own *scan, form Form) (over bool) {
	kept := p.active[:0]
	for _, s := range p.active {
		if !s.done() {
			s.see(p.number, form, &p.into)
		}
		switch {
		case !s.done():
			kept = append(kept, s)
		case s == own:
			over = true
			p.leave()
		default:
			p.leave()
			s.woken <- finished
		}
	}
	clear(p.active[len(kept):])
	p.active = kept
	p.number++
	return over
}

func (p *pass) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load--
}
