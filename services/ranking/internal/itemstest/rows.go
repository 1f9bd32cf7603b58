package itemstest

import (
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

// The types of columns.
const (
	Float = featurev1.Dtype_DTYPE_FLOAT32
	Int   = featurev1.Dtype_DTYPE_INT64
	Text  = featurev1.Dtype_DTYPE_STRING
)

// Column returns a column of the view "test".
func Column(name string, dtype featurev1.Dtype) *featurev1.Column {
	return &featurev1.Column{Name: name, Dtype: dtype, View: "test"}
}

// Schema returns a schema.
func Schema(fingerprint uint64, columns ...*featurev1.Column) *featurev1.Schema {
	return &featurev1.Schema{Fingerprint: fingerprint, Columns: columns}
}

// Item is an item with the values that it has; those that are left out are null. Texts are always null.
type Item struct {
	ID     string
	Values map[string]float64
}

// User packs a row.
func User(schema *featurev1.Schema, values map[string]float64) *featurev1.Row {
	rows := Rows(schema, 0, Item{Values: values})
	return &featurev1.Row{
		SchemaFingerprint: schema.GetFingerprint(), Numbers: rows.GetNumbers(), Integers: rows.GetIntegers(),
		Texts: rows.GetTexts(), Statuses: rows.GetStatuses(),
	}
}

// Rows packs items.
func Rows(schema *featurev1.Schema, version uint64, items ...Item) *featurev1.ItemRows {
	rows := &featurev1.ItemRows{Version: version}
	for _, item := range items {
		rows.ItemIds = append(rows.ItemIds, item.ID)
		for _, column := range schema.GetColumns() {
			value, ok := item.Values[column.GetName()]
			status := featurev1.ValueStatus_VALUE_STATUS_PRESENT
			if !ok {
				status = featurev1.ValueStatus_VALUE_STATUS_NULL_VALUE
			}
			rows.Statuses = append(rows.Statuses, byte(status))
			switch column.GetDtype() {
			case Float:
				rows.Numbers = append(rows.Numbers, float32(value))
			case Int:
				rows.Integers = append(rows.Integers, int64(value))
			default:
				rows.Texts = append(rows.Texts, "")
			}
		}
	}
	return rows
}

// Table returns the messages of a whole table, in chunks of at most 1,000 rows.
func Table(items, user *featurev1.Schema, version uint64, rows ...Item) []*featurev1.WatchItemsResponse {
	n := uint64(len(rows))
	messages := []*featurev1.WatchItemsResponse{Header(items, user, n)}
	for len(rows) > 0 {
		chunk := rows[:min(len(rows), 1000)]
		rows = rows[len(chunk):]
		messages = append(messages, Chunk(Rows(items, version, chunk...)))
	}
	return append(messages, End(version, n))
}

// Header starts a table.
func Header(items, user *featurev1.Schema, count uint64) *featurev1.WatchItemsResponse {
	header := &featurev1.TableHeader{ItemSchema: items, UserSchema: user, ItemCount: count}
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Header{Header: header}}
}

// Chunk holds rows of the table.
func Chunk(rows *featurev1.ItemRows) *featurev1.WatchItemsResponse {
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Chunk{Chunk: rows}}
}

// End ends the table.
func End(version, count uint64) *featurev1.WatchItemsResponse {
	end := &featurev1.TableEnd{Version: version, ItemCount: count}
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_End{End: end}}
}

// Change holds rows that were added or replaced.
func Change(rows *featurev1.ItemRows) *featurev1.WatchItemsResponse {
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Change{Change: rows}}
}

// Heartbeat confirms a version.
func Heartbeat(version uint64) *featurev1.WatchItemsResponse {
	beat := &featurev1.Heartbeat{Version: version}
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Heartbeat{Heartbeat: beat}}
}
