package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"

	"github.com/parquet-go/parquet-go"
)

// pageValues is how many values of a column are decoded at once.
const pageValues = 256

// parquetTable reads the picked columns of one row group after another; of each column one page is in memory.
type parquetTable struct {
	name   string
	file   *parquet.File
	header []string
	picked []*parquetColumn
	group  int   // the next row group
	left   int64 // rows of the current one
	row    int64
}

func newParquetTable(ctx context.Context, name string, file fs.File) (t *parquetTable, err error) {
	defer recoverDamage(name, &err)
	random, ok := file.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("read %s: cannot be read at offsets, which Parquet needs", name)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	in := &contextReaderAt{ctx, random}
	if err := checkFooter(in, info.Size()); err != nil {
		return nil, damaged(ctx, name, err)
	}
	opened, err := parquet.OpenFile(in, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(ctx, name, err)
	}
	t = &parquetTable{name: name, file: opened}
	for _, column := range opened.Root().Columns() {
		t.header = append(t.header, column.Name())
	}
	return t, nil
}

func (t *parquetTable) columns() []string { return t.header }

func (t *parquetTable) pick(indices []int) (err error) {
	defer recoverDamage(t.name, &err)
	all := t.file.Root().Columns()
	for _, index := range indices {
		column, err := newParquetColumn(all[index])
		if err != nil {
			return &Fault{Position: Position{File: t.name}, Column: t.header[index], Problem: err.Error()}
		}
		t.picked = append(t.picked, column)
	}
	return nil
}

func (t *parquetTable) close() {
	for _, column := range t.picked {
		column.close()
	}
}

func (t *parquetTable) next(cells []cell) (row int64, fault *Fault, err error) {
	defer recoverDamage(t.name, &err)
	for t.left == 0 {
		groups := t.file.RowGroups()
		if t.group == len(groups) {
			return 0, nil, io.EOF
		}
		chunks := groups[t.group].ColumnChunks()
		for _, column := range t.picked {
			column.open(chunks[column.leaf])
		}
		t.left = groups[t.group].NumRows()
		t.group++
	}
	t.left--
	t.row++
	for i, column := range t.picked {
		if cells[i], err = column.next(); err != nil {
			return 0, nil, fmt.Errorf("read %s: row %d of column %s: %w", t.name, t.row, column.name, err)
		}
	}
	return t.row, nil, nil
}

// checkFooter refuses a footer that is longer than the file: the decoder would allocate up to 4 GiB for it. A file ends
// with the footer, its length in 4 bytes, and 4 bytes of magic.
func checkFooter(in io.ReaderAt, size int64) error {
	var end [8]byte
	if size < int64(len(end)) {
		return fmt.Errorf("it has %d bytes", size)
	}
	if _, err := in.ReadAt(end[:], size-int64(len(end))); err != nil && !isEnd(err) {
		return err
	}
	if footer := int64(binary.LittleEndian.Uint32(end[:])); footer > size-int64(len(end)) {
		return fmt.Errorf("its footer says that it has %d bytes", footer)
	}
	return nil
}

// recoverDamage makes an error of a panic: the decoder trusts lengths and offsets in the file, and a damaged one must not
// take the process with it.
func recoverDamage(name string, err *error) {
	if cause := recover(); cause != nil {
		*err = &Fault{Position: Position{File: name}, Problem: fmt.Sprintf("is damaged, expected Parquet: %v", cause)}
	}
}

// damaged tells a file that is not Parquet from one that could not be read.
func damaged(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("read %s: %w", name, ctx.Err())
	}
	return &Fault{Position: Position{File: name}, Problem: "is damaged, expected Parquet: " + err.Error()}
}
