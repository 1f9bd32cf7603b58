package items

import (
	"hash/maphash"
	"slices"
)

// bucketItems is how many items a bucket of the index is made for: how many entries are copied to add one.
const bucketItems = 512

// index finds the row of an item. It is cut into buckets so that a table with a few more items shares all of the index
// but the buckets that the new ones fall into.
type index struct {
	seed    maphash.Seed
	buckets []map[string]uint32
}

func newIndex(capacity int) index {
	return index{seed: maphash.MakeSeed(), buckets: make([]map[string]uint32, 1+capacity/bucketItems)}
}

func (x index) bucket(id string) int {
	return int(maphash.String(x.seed, id) % uint64(len(x.buckets))) //nolint:gosec // less than the length
}

func (x index) find(id string) (uint32, bool) {
	row, ok := x.buckets[x.bucket(id)][id]
	return row, ok
}

// clone returns an index that can be written to, bucket by bucket, after n items. It is a larger one when the buckets
// have grown far beyond what they were made for.
func (x index) clone(n int) index {
	if n <= 8*bucketItems*len(x.buckets) {
		return index{seed: x.seed, buckets: slices.Clone(x.buckets)}
	}
	larger := newIndex(2 * n)
	for _, bucket := range x.buckets {
		for id, row := range bucket {
			at := larger.bucket(id)
			if larger.buckets[at] == nil {
				larger.buckets[at] = map[string]uint32{}
			}
			larger.buckets[at][id] = row
		}
	}
	return larger
}
