package trail

// Stats are totals since the start, but for Open and Queued, which are of now.
type Stats struct {
	// Sampled traces were kept from their first span on, Late ones because something degraded.
	Sampled, Late int64
	// Refused traces were degraded and are not kept, for want of a token; Outlived were undecided for too long; Unrecorded were
	// never recorded because too many others were.
	Refused, Outlived, Unrecorded int64
	// Sent spans reached the collector. Lost were refused by it, Overflow found no room in the queue, Truncated no room in
	// their trace.
	Sent, Lost, Overflow, Truncated int64
	// Open traces are undecided, Queued spans wait for the collector.
	Open, Queued int64
}

// Stats returns the totals.
func (p *Provider) Stats() Stats {
	return Stats{
		Sampled: p.sampled.Load(), Late: p.late.Load(),
		Refused: p.refused.Load(), Outlived: p.outlived.Load(), Unrecorded: p.unrecorded.Load(),
		Sent: p.sent.Load(), Lost: p.lost.Load(), Overflow: p.overflow.Load(), Truncated: p.truncated.Load(),
		Open: p.open.Load(), Queued: p.queued.Load(),
	}
}
