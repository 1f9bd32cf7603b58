package quality

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// order is the order of tiers in tables.
var order = []string{"PERSONALIZED", Unsearched, "STALE", "PARTIAL", "SIMPLE", "STATIC", Random}

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %d users, %d items, lists of %d; %s\n\n", r.Model, r.Users, r.Items, r.Config.Count, r.Truth)
	fmt.Fprintf(&b, "%-14s %-12s %6s  %-24s %s\n", "tier", "segment", "users", "NDCG [95 %]", "hit rate [95 %]")
	r.each(func(row Row) {
		fmt.Fprintf(&b, "%-14s %-12s %6d  %-24s %s\n", row.Tier, row.Segment, row.Users, row.NDCG, row.HitRate)
	})
	fmt.Fprintf(&b, "\nPERSONALIZED / SIMPLE: %s\n", r.Ratio)
	if r.Gain != nil {
		fmt.Fprintf(&b, "PERSONALIZED / %s, which is without retrieval: %s\n", Unsearched, *r.Gain)
	}
	fmt.Fprintf(&b, "%d served scores against the model itself: max_abs_err=%.1e\n", r.Verification.Scores, r.Verification.MaxAbsErr)
	fmt.Fprintf(&b, "%d calls missed their deadline and were made again\n", r.Missed)
	_, err := w.Write(b.Bytes())
	return err
}

// Tables writes the report's tables as Markdown.
func (r *Report) Tables(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %d users, %d items, lists of %d; %s.\n\n", r.Model, r.Users, r.Items, r.Config.Count, r.Truth)
	b.WriteString("| tier | segment | users | NDCG [95 %] | hit rate [95 %] |\n| --- | --- | --- | --- | --- |\n")
	r.each(func(row Row) {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", row.Tier, row.Segment, row.Users, row.NDCG, row.HitRate)
	})
	fmt.Fprintf(&b, "\nPERSONALIZED / SIMPLE: **%s**. %d served scores were compared with a direct evaluation of the model on "+
		"the rows of the files: the largest difference is %.1e. %d calls missed their deadline and were made again.\n",
		r.Ratio, r.Verification.Scores, r.Verification.MaxAbsErr, r.Missed)
	if r.Gain != nil {
		fmt.Fprintf(&b, "\nPERSONALIZED / %s, which is the same model without retrieval: **%s**.\n", Unsearched, *r.Gain)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// each visits the rows: everybody first, best tier first, then segment by segment.
func (r *Report) each(visit func(Row)) {
	for _, segment := range slices.Concat([]string{""}, r.Segments()) {
		for _, tier := range order {
			if row := r.Row(tier, segment); row != nil {
				shown := *row
				if shown.Segment == "" {
					shown.Segment = "everybody"
				}
				visit(shown)
			}
		}
	}
}

// String is the mean and its interval.
func (i Interval) String() string { return fmt.Sprintf("%.3f [%.3f, %.3f]", i.Mean, i.Low, i.High) }
