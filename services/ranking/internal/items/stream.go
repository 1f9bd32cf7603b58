package items

import (
	"fmt"
	"slices"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// maxItemID is the longest item id of the contract, in bytes.
const maxItemID = 256

// stream checks the messages of one WatchItems call and makes tables of them. The first fault ends it: what follows a
// message that cannot be true is not believed either.
type stream struct {
	maxItems int
	keep     func(name string) bool

	user    *schema.Schema // set by the header
	items   *schema.Schema // as sent; set by the header
	numbers []int          // where each kept float32 column lies in the numbers sent for a row
	ints    []int
	columns []int // where each kept column lies in the statuses sent for a row
	count   uint64
	version uint64
	filling *edit  // from the header to the end mark
	table   *Table // since the end mark
}

// take takes the next message. An error means that the stream must be dropped. After the first message the schemas are
// set; after the end mark table is set, and replaced by every message that changes it.
func (s *stream) take(message *featurev1.WatchItemsResponse) error {
	switch m := message.GetMessage().(type) {
	case *featurev1.WatchItemsResponse_Header:
		return prefix("header", s.header(m.Header))
	case *featurev1.WatchItemsResponse_Chunk:
		return prefix("chunk", s.chunk(m.Chunk))
	case *featurev1.WatchItemsResponse_End:
		return prefix("end", s.end(m.End))
	case *featurev1.WatchItemsResponse_Change:
		return prefix("change", s.change(m.Change))
	case *featurev1.WatchItemsResponse_Heartbeat:
		return prefix("heartbeat", s.heartbeat(m.Heartbeat))
	default:
		return fmt.Errorf("a message without content")
	}
}

func prefix(message string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", message, err)
}

func (s *stream) header(header *featurev1.TableHeader) error {
	if s.items != nil {
		return fmt.Errorf("a second one")
	}
	if header.GetItemCount() > uint64(s.maxItems) { //nolint:gosec // at least 1, by Validate
		return fmt.Errorf("item_count is %d, expected at most %d", header.GetItemCount(), s.maxItems)
	}
	items, err := schema.Parse(header.GetItemSchema())
	if err != nil {
		return fmt.Errorf("item_schema: %w", err)
	}
	user, err := schema.Parse(header.GetUserSchema())
	if err != nil {
		return fmt.Errorf("user_schema: %w", err)
	}
	s.items, s.user, s.count = items, user, header.GetItemCount()
	s.project(items.Keep(s.keep))
	return nil
}

// project starts a table of some columns only.
func (s *stream) project(kept *schema.Schema) {
	for _, column := range kept.Columns() {
		sent, _ := s.items.Column(column.Name)
		s.columns = append(s.columns, sent.Index)
		if column.Dtype == featurev1.Dtype_DTYPE_FLOAT32 {
			s.numbers = append(s.numbers, sent.Place)
		} else {
			s.ints = append(s.ints, sent.Place)
		}
	}
	s.filling = newEdit(newTable(kept, int(s.count))) //nolint:gosec // at most maxItems
}

func (s *stream) chunk(rows *featurev1.ItemRows) error {
	if s.filling == nil {
		return fmt.Errorf("comes before the header or after the end mark")
	}
	if err := s.advance(rows.GetVersion()); err != nil {
		return err
	}
	before := s.filling.table.n
	if total := uint64(before + len(rows.GetItemIds())); total > s.count { //nolint:gosec // two lengths
		return fmt.Errorf("%d items so far, the header said %d", total, s.count)
	}
	if err := s.write(s.filling, rows); err != nil {
		return err
	}
	if added := s.filling.table.n - before; added != len(rows.GetItemIds()) {
		return fmt.Errorf("%d of %d items are there twice", len(rows.GetItemIds())-added, len(rows.GetItemIds()))
	}
	return nil
}

func (s *stream) end(end *featurev1.TableEnd) error {
	if s.filling == nil {
		return fmt.Errorf("comes before the header or twice")
	}
	if err := s.advance(end.GetVersion()); err != nil {
		return err
	}
	got := uint64(s.filling.table.n) //nolint:gosec // a length
	if got != s.count || got != end.GetItemCount() {
		return fmt.Errorf("%d items came, the header said %d and the end mark says %d", got, s.count, end.GetItemCount())
	}
	s.table, s.filling = s.filling.done(s.version), nil
	return nil
}

func (s *stream) change(rows *featurev1.ItemRows) error {
	if s.table == nil {
		return fmt.Errorf("comes before the end mark")
	}
	if err := s.advance(rows.GetVersion()); err != nil {
		return err
	}
	next := newEdit(s.table)
	if err := s.write(next, rows); err != nil {
		return err
	}
	s.table = next.done(s.version)
	return nil
}

func (s *stream) heartbeat(beat *featurev1.Heartbeat) error {
	if s.table == nil {
		return fmt.Errorf("comes before the end mark")
	}
	if err := s.advance(beat.GetVersion()); err != nil {
		return err
	}
	if s.table.version != s.version {
		s.table = s.table.at(s.version)
	}
	return nil
}

func (s *stream) advance(version uint64) error {
	if version < s.version {
		return fmt.Errorf("version is %d after %d", version, s.version)
	}
	s.version = version
	return nil
}

// write checks the lengths of the lists and copies the rows into the edit.
func (s *stream) write(into *edit, rows *featurev1.ItemRows) error {
	n := len(rows.GetItemIds())
	for _, list := range []struct {
		name     string
		got, per int
	}{
		{"numbers", len(rows.GetNumbers()), s.items.Count(featurev1.Dtype_DTYPE_FLOAT32)},
		{"integers", len(rows.GetIntegers()), s.items.Count(featurev1.Dtype_DTYPE_INT64)},
		{"texts", len(rows.GetTexts()), s.items.Count(featurev1.Dtype_DTYPE_STRING)},
		{"statuses", len(rows.GetStatuses()), len(s.items.Columns())},
	} {
		if list.got != n*list.per {
			return fmt.Errorf("%d %s for %d items, expected %d", list.got, list.name, n, n*list.per)
		}
	}
	for i, id := range rows.GetItemIds() {
		if id == "" || len(id) > maxItemID {
			return fmt.Errorf("item_ids[%d] has %d bytes, expected 1 to %d", i, len(id), maxItemID)
		}
		row, added := into.row(id)
		if added && into.table.n > s.maxItems {
			return fmt.Errorf("more than %d items", s.maxItems)
		}
		if err := s.copyRow(&into.table, row, rows, i); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		width := len(s.items.Columns())
		into.mark(row, sum(rows.GetStatuses()[i*width:][:width], into.table.Statuses(row)))
	}
	return nil
}

// sum returns the state of a row from the statuses of all columns that were sent and those of the columns that are kept.
func sum(sent, kept []byte) state {
	switch {
	case len(sent) > 0 && !slices.ContainsFunc(sent, found):
		return gone
	case slices.ContainsFunc(kept, absent):
		return part
	default:
		return whole
	}
}

func found(status byte) bool { return status != byte(featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND) }

func absent(status byte) bool { return !schema.Present(status) }

// copyRow copies the kept columns of the i-th row that was sent.
func (s *stream) copyRow(t *Table, row uint32, rows *featurev1.ItemRows, i int) error {
	statuses := t.Statuses(row)
	sent := rows.GetStatuses()[i*len(s.items.Columns()):]
	for at, from := range s.columns {
		if statuses[at] = sent[from]; !schema.KnownStatus(sent[from]) {
			return fmt.Errorf("status of %q is %d, expected 1 to 4", t.layout.Columns()[at].Name, sent[from])
		}
	}
	numbers := t.Numbers(row)
	from := rows.GetNumbers()[i*s.items.Count(featurev1.Dtype_DTYPE_FLOAT32):]
	for at, place := range s.numbers {
		if numbers[at] = from[place]; !schema.Finite(from[place]) {
			return fmt.Errorf("numbers: value %d of the row is %v, expected a finite number", place, from[place])
		}
	}
	integers := t.Integers(row)
	ints := rows.GetIntegers()[i*s.items.Count(featurev1.Dtype_DTYPE_INT64):]
	for at, place := range s.ints {
		integers[at] = ints[place]
	}
	return nil
}
