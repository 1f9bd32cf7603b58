package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// refusals are the codes with which Redis refuses, and what they mean.
var refusals = map[string]string{
	"LOADING":     store.ReasonLoading,
	"READONLY":    store.ReasonReadOnly,
	"OOM":         store.ReasonMemory,
	"NOAUTH":      store.ReasonAuth,
	"WRONGPASS":   store.ReasonAuth,
	"NOPERM":      store.ReasonAuth,
	"WRONGTYPE":   store.ReasonCorrupt,
	"CLUSTERDOWN": store.ReasonClusterDown,
	"MASTERDOWN":  store.ReasonMasterDown,
	"MOVED":       store.ReasonResharding,
	"ASK":         store.ReasonResharding,
	"TRYAGAIN":    store.ReasonResharding,
}

// explain turns an error of the client into a fault. Texts of Redis are cut to their code, because they may quote keys,
// and keys hold user ids. A cancelled call stays what it is.
func explain(op string, err error) error {
	var refused redis.Error
	var slow net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("redis: %s: %w", op, context.Canceled)
	case errors.Is(err, redis.Nil), garbled(err):
		return fault.New(fault.Unavailable, store.ReasonProtocol, "redis: %s: its answer is none, or cannot be parsed", op)
	case redis.IsMaxClientsError(err):
		return fault.New(fault.Unavailable, store.ReasonClients, "redis: %s: it takes no more connections", op)
	case errors.As(err, &refused):
		code, _, _ := strings.Cut(refused.Error(), " ")
		reason, known := refusals[code]
		if !known {
			reason = store.ReasonError
		}
		return fault.New(fault.Unavailable, reason, "redis: %s: refused with %s", op, code)
	case dialling(err):
		return fault.New(fault.Unavailable, store.ReasonUnreachable, "redis: %s: %w", op, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, redis.ErrPoolTimeout),
		errors.As(err, &slow) && slow.Timeout():
		return fault.New(fault.Unavailable, store.ReasonTimeout, "redis: %s: no answer in time", op)
	default:
		return fault.New(fault.Unavailable, store.ReasonUnreachable, "redis: %s: %w", op, err)
	}
}

func dialling(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// unparsed is how the client's errors begin when it could not read an answer. It has no values for them.
var unparsed = []string{"redis: can't parse", "redis: invalid", "redis: unexpected", "redis: the length", "redis: got"}

// garbled says whether the client could not read an answer. Its errors quote the answer, and so may hold anything.
func garbled(err error) bool {
	return slices.ContainsFunc(unparsed, func(begin string) bool { return strings.Contains(err.Error(), begin) })
}
