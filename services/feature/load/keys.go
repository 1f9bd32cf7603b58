package load

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// digest stands for a key.
type digest [2]uint64

// hasher makes digests of keys: two hashes with seeds of their own, 128 bits. Among n keys, two different ones share a
// digest with a chance of about n^2 / 2^129: 1.5e-23 for a hundred million. Such a pair would be taken for a duplicate, so
// it would stop a load that is right, and never let one pass that is wrong.
type hasher [2]maphash.Seed

func newHasher() hasher {
	return hasher{maphash.MakeSeed(), maphash.MakeSeed()}
}

func (h *hasher) digest(key string) digest {
	return digest{maphash.String(h[0], key), maphash.String(h[1], key)}
}

// keyset finds digests that were added more than once. It takes 16 bytes a key: a map would take twice that. The parts
// keep the copies small that growing makes.
type keyset struct {
	parts [256][]digest
}

func (k *keyset) add(d digest) {
	part := d[0] >> 56
	k.parts[part] = append(k.parts[part], d)
}

// duplicates returns up to limit digests that are there more than once, and how often any was there again.
func (k *keyset) duplicates(limit int) (first []digest, total int64) {
	for _, part := range &k.parts {
		slices.SortFunc(part, func(a, b digest) int {
			return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
		})
		for i := 1; i < len(part); i++ {
			if part[i] != part[i-1] {
				continue
			}
			total++
			if len(first) < limit && (len(first) == 0 || first[len(first)-1] != part[i]) {
				first = append(first, part[i])
			}
		}
	}
	return first, total
}
