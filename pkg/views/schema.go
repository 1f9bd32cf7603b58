package views

import (
	"crypto/sha256"
	"encoding/binary"
)

// Column is one feature of a schema.
type Column struct {
	// Name is the feature's, unique within the schema.
	Name string
	// Dtype is Float32, Int64 or String.
	Dtype Dtype
	// View is the name of the feature's view.
	View string
}

// Schema is the order of one entity's features in packed rows.
type Schema struct {
	// Fingerprint identifies the columns; it is never zero.
	Fingerprint uint64
	// Columns are in file order.
	Columns []Column
}

// Schema returns the layout of an entity's rows: the features of all of its views in file order, without string lists,
// which do not travel in rows.
func (p *Project) Schema(entity Entity) Schema {
	var columns []Column
	for _, view := range p.ViewsOf(entity) {
		for _, feature := range view.Features {
			if feature.Dtype != StringList {
				columns = append(columns, Column{Name: feature.Name, Dtype: feature.Dtype, View: view.Name})
			}
		}
	}
	return Schema{Fingerprint: fingerprint(columns), Columns: columns}
}

// fingerprint returns the first 8 bytes, big-endian, of SHA-256 over each column's length-prefixed name, dtype and
// length-prefixed view; 1 in place of 0, which means "no schema" on the wire.
func fingerprint(columns []Column) uint64 {
	var text []byte
	for _, column := range columns {
		text = binary.AppendUvarint(text, uint64(len(column.Name)))
		text = append(text, column.Name...)
		text = append(text, byte(column.Dtype))
		text = binary.AppendUvarint(text, uint64(len(column.View)))
		text = append(text, column.View...)
	}
	sum := sha256.Sum256(text)
	return max(binary.BigEndian.Uint64(sum[:]), 1)
}
