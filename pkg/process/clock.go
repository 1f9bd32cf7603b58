//go:build !drill

package process

import "time"

// Now is the clock that services go by: the machine's. Safe for concurrent use.
func Now() time.Time { return time.Now() }
