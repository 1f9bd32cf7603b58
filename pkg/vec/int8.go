package vec

// Rows of int8 are packed in groups: in a group there lie, for each four columns after the other, the four elements of each
// row. That is the order in which CPUs multiply bytes and add them up, a row to a lane.
const (
	// Int8Rows is the number of rows in a group.
	Int8Rows = 16
	// Int8Columns is the number of columns that lie together; the length of a row is a multiple of it.
	Int8Columns = 4
)

// PackInt8 packs rows of width elements, a multiple of Int8Columns, for DotInt8. Rows that are wanting in the last group are 0.
func PackInt8(rows []int8, width int) []int8 {
	if width == 0 {
		return nil
	}
	count := len(rows) / width
	packed := make([]int8, (count+Int8Rows-1)/Int8Rows*Int8Rows*width)
	for i := range count {
		group := packed[i/Int8Rows*Int8Rows*width:]
		for j := 0; j < width; j += Int8Columns {
			copy(group[j*Int8Rows+i%Int8Rows*Int8Columns:], rows[i*width+j:][:Int8Columns])
		}
	}
	return packed
}

// DotInt8 computes the inner product of query with each of len(dst) rows, whole groups that PackInt8 has packed. Elements are at
// most 127 in magnitude.
func DotInt8(dst []int32, packed, query []int8) { kernels.dotInt8(dst, packed, query) }

// dotInt8 is the reference.
func dotInt8(dst []int32, packed, query []int8) {
	for from := 0; from < len(dst); from += Int8Rows {
		sums := dst[from : from+Int8Rows]
		clear(sums)
		for j := 0; j < len(query); j += Int8Columns {
			q := query[j : j+Int8Columns]
			for i := range sums {
				x := packed[from*len(query)+j*Int8Rows+i*Int8Columns:][:Int8Columns]
				sums[i] += int32(x[0])*int32(q[0]) + int32(x[1])*int32(q[1]) + int32(x[2])*int32(q[2]) + int32(x[3])*int32(q[3])
			}
		}
	}
}
