// Package show owns how an answer looks on a terminal. It prints what the response says and decides nothing.
package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Answer writes a response for people: what it is, why it is not better, and the items.
func Answer(w io.Writer, response *repliv1.RecommendResponse, took time.Duration) error {
	var b bytes.Buffer
	head(&b, response, took)
	items(&b, response)
	_, err := w.Write(b.Bytes())
	return err
}

func head(b *bytes.Buffer, response *repliv1.RecommendResponse, took time.Duration) {
	b.WriteString("  " + headline(response, took) + "\n")
	for _, d := range response.GetDegradations() {
		b.WriteString("  " + degradation(d) + "\n")
	}
}

func items(b *bytes.Buffer, response *repliv1.RecommendResponse) {
	for i, item := range response.GetItems() {
		fmt.Fprintf(b, "  %3d. %-16s %8.4f  %s\n",
			i+1, item.GetItemId(), item.GetScore(), lower(item.GetSource().String(), "SOURCE_"))
	}
	if len(response.GetItems()) == 0 {
		b.WriteString("  no items are known\n")
	}
}

// Line writes a response in one line, for watching many.
func Line(w io.Writer, response *repliv1.RecommendResponse, took time.Duration) error {
	ids := make([]string, 0, 3)
	for _, item := range response.GetItems() {
		if len(ids) == cap(ids) {
			break
		}
		ids = append(ids, item.GetItemId())
	}
	why := make([]string, len(response.GetDegradations()))
	for i, d := range response.GetDegradations() {
		why[i] = component(d) + " " + reason(d)
	}
	_, err := fmt.Fprintf(w, "%s  %s  %s\n", headline(response, took), strings.Join(ids, " "), strings.Join(why, ", "))
	return err
}

// JSON writes a response as one line of protojson.
func JSON(w io.Writer, response *repliv1.RecommendResponse) error {
	encoded, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(response)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	var b bytes.Buffer // protojson varies its spaces on purpose; programs and diffs want them stable
	if err := json.Compact(&b, encoded); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

func headline(response *repliv1.RecommendResponse, took time.Duration) string {
	tier := strings.TrimPrefix(response.GetTier().String(), "TIER_")
	parts := []string{fmt.Sprintf("%-12s in %6.2f ms", tier, float64(took)/float64(time.Millisecond))}
	if response.GetModel() != "" {
		c := response.GetCoverage()
		parts = append(parts, fmt.Sprintf("%s scored %d of %d candidates", response.GetModel(), c.GetScored(), c.GetCandidates()))
	}
	if response.GetSegment() != "" {
		parts = append(parts, "segment "+response.GetSegment())
	}
	if response.GetNewUser() {
		parts = append(parts, "new user")
	}
	return strings.Join(parts, ", ")
}

func degradation(d *repliv1.Degradation) string {
	if d.GetGranted().AsDuration() == 0 {
		return fmt.Sprintf("because %s: %s", component(d), reason(d))
	}
	return fmt.Sprintf("because %s: %s (granted %v, spent %v)", component(d), reason(d), short(d.GetGranted()), short(d.GetSpent()))
}

// short is a duration in as many digits as are of use.
func short(d *durationpb.Duration) time.Duration { return d.AsDuration().Round(10 * time.Microsecond) }

func component(d *repliv1.Degradation) string { return lower(d.GetComponent().String(), "COMPONENT_") }

func reason(d *repliv1.Degradation) string { return lower(d.GetReason().String(), "REASON_") }

// lower makes words of a constant: REASON_SOFT_DEADLINE becomes "soft deadline".
func lower(constant, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(constant, prefix), "_", " "))
}
