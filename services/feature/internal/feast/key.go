package feast

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/repli-mesh/repli/pkg/views"
)

// Types of values in entity keys, as feast.types.ValueType numbers them.
const (
	typeString uint32 = 2
	typeInt64  uint32 = 4
)

const int64Size = 8

// Keys makes and reads the Redis keys of one entity with one join key. Immutable and safe for concurrent use.
type Keys struct {
	join   string
	number bool
	head   []byte // all that comes before the length of the value
	tail   []byte // the project's name
}

// NewKeys returns the keys of an entity in a Feast project.
func NewKeys(project string, key views.Key) Keys {
	number := key.Type == views.KeyInt64
	kind := typeString
	if number {
		kind = typeInt64
	}
	head := binary.LittleEndian.AppendUint32(nil, 1) // one join key
	head = binary.LittleEndian.AppendUint32(head, typeString)
	head = appendSized(head, key.Join)
	head = binary.LittleEndian.AppendUint32(head, kind)
	return Keys{join: key.Join, number: number, head: head, tail: []byte(project)}
}

// Key returns the Redis key of the entity with the id. An id that is not the decimal form of an int64 is an error when the
// join key is an int64; the error does not hold the id.
func (k Keys) Key(id string) (string, error) {
	key := make([]byte, 0, len(k.head)+4+max(len(id), int64Size)+len(k.tail))
	key = append(key, k.head...)
	if !k.number {
		return string(append(appendSized(key, id), k.tail...)), nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", fmt.Errorf("join key %s: the id is not a 64-bit integer", k.join)
	}
	key = binary.LittleEndian.AppendUint32(key, int64Size)
	key = binary.LittleEndian.AppendUint64(key, uint64(n)) //nolint:gosec // two's complement is the format
	return string(append(key, k.tail...)), nil
}

// ID returns the id in a Redis key, and whether the key is one of these at all.
func (k Keys) ID(key string) (string, bool) {
	rest, ok := bytes.CutPrefix([]byte(key), k.head)
	if !ok {
		return "", false
	}
	rest, ok = bytes.CutSuffix(rest, k.tail)
	if !ok || len(rest) < 4 {
		return "", false
	}
	size, value := binary.LittleEndian.Uint32(rest), rest[4:]
	if uint64(size) != uint64(len(value)) {
		return "", false
	}
	if !k.number {
		return string(value), true
	}
	if size != int64Size {
		return "", false
	}
	return strconv.FormatInt(int64(binary.LittleEndian.Uint64(value)), 10), true //nolint:gosec // two's complement is the format
}

// Pattern returns the glob, for SCAN MATCH, of every key that ID may accept.
func (k Keys) Pattern() string {
	return escape(k.head) + "*" + escape(k.tail)
}

func appendSized(b []byte, text string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text))) //nolint:gosec // ids and names are far shorter than 4 GiB
	return append(b, text...)
}

// escape makes bytes literal in a Redis glob.
func escape(b []byte) string {
	out := make([]byte, 0, len(b)+8)
	for _, c := range b {
		switch c {
		case '*', '?', '[', ']', '\\':
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}
