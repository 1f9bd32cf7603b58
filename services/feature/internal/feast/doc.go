// Package feast owns the bytes of Feast's online store in Redis: entity keys of serialisation version 3, the names of hash
// fields, and values as feast.types.Value. What it writes Feast can read, and the other way round.
//
// It does no I/O and knows no Redis client. The layout is that of feast.infra.online_stores.redis and
// feast.infra.key_encoding_utils, with little-endian integers throughout.
package feast
