package faults

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/scenario"
)

// empty takes keys out of the store, at random or all of them, and loads the data again at the end.
func empty(ctx context.Context, m *mesh.Mesh, f scenario.Fault) (End, error) {
	if f.Kind == scenario.Flush {
		if _, err := m.Store.Do(ctx, 0, "FLUSHALL"); err != nil {
			return nil, err
		}
		return m.Fill, nil
	}
	size, err := m.Store.Do(ctx, 0, "DBSIZE")
	if err != nil {
		return nil, err
	}
	keys, err := strconv.Atoi(size)
	if err != nil {
		return nil, err
	}
	return m.Fill, evict(ctx, m, int(float64(keys)*f.Share))
}

// evictAtATime is how many keys one script takes out.
const evictAtATime = 500

// evict deletes that many keys at random, in the server, as an eviction would.
func evict(ctx context.Context, m *mesh.Mesh, keys int) error {
	const script = "for i=1,tonumber(ARGV[1]) do local k=redis.call('RANDOMKEY') if k then redis.call('DEL',k) end end return 1"
	for left := keys; left > 0; left -= evictAtATime {
		if _, err := m.Store.Do(ctx, 0, "EVAL", script, "0", strconv.Itoa(min(left, evictAtATime))); err != nil {
			return err
		}
	}
	return nil
}

// Slots are moved in batches: while one is under way, a part of its keys is answered with ASK.
const (
	batchSlots = 128
	keysAtOnce = 100
	moveMillis = "1000"
)

// migrate moves slots of the first node of a cluster to the second, batch by batch, and back again, until it is told to end;
// the batch under way is finished then.
func migrate(ctx context.Context, m *mesh.Mesh) (End, error) {
	var ids [2]string
	for i := range ids {
		var err error
		if ids[i], err = m.Store.Do(ctx, i, "CLUSTER", "MYID"); err != nil {
			return nil, err
		}
	}
	end := goOn(ctx, func(ctx context.Context) error {
		whole := context.WithoutCancel(ctx) // a batch that is half moved is not left behind
		for from := 0; ; from = 1 - from {
			for slot := 0; slot < 4*batchSlots; slot += batchSlots {
				select {
				case <-ctx.Done():
					return nil
				default:
				}
				if err := move(whole, m, ids, from, slot); err != nil {
					return err
				}
			}
		}
	})
	return end, nil
}

// move moves one batch of slots from a node to the other one.
func move(ctx context.Context, m *mesh.Mesh, ids [2]string, from, first int) error {
	to := 1 - from
	do := func(node, slot int, args ...string) (string, error) {
		return m.Store.Do(ctx, node, append([]string{"CLUSTER", args[0], strconv.Itoa(slot)}, args[1:]...)...)
	}
	each := func(steps ...func(slot int) error) error {
		for _, step := range steps {
			for slot := first; slot < first+batchSlots; slot++ {
				if err := step(slot); err != nil {
					return err
				}
			}
		}
		return nil
	}
	assign := func(node int) func(int) error {
		return func(slot int) error {
			_, err := do(node, slot, "SETSLOT", "NODE", ids[to])
			return err
		}
	}
	return each(
		func(slot int) error { _, err := do(to, slot, "SETSLOT", "IMPORTING", ids[from]); return err },
		func(slot int) error { _, err := do(from, slot, "SETSLOT", "MIGRATING", ids[to]); return err },
		func(slot int) error {
			keys, err := do(from, slot, "GETKEYSINSLOT", strconv.Itoa(keysAtOnce))
			if err != nil || keys == "" {
				return err
			}
			return ship(ctx, m, from, strings.Split(keys, "\n"))
		},
		assign(to), assign(from),
	)
}

// ship sends keys from a node to the other one. Keys are bytes, among which a line break may be: such a key is split in two
// that are not there, and stays behind until the slot's next turn.
func ship(ctx context.Context, m *mesh.Mesh, from int, keys []string) error {
	host, port, err := net.SplitHostPort(m.Store.Addresses[1-from])
	if err != nil {
		return err
	}
	_, err = m.Store.Do(ctx, from, append([]string{"MIGRATE", host, port, "", "0", moveMillis, "KEYS"}, keys...)...)
	return err
}

// failOver kills the master and leaves it to Sentinel to promote the replica. In the end the old master comes back as the new
// one's replica.
func failOver(ctx context.Context, m *mesh.Mesh) (End, error) {
	master, err := m.Store.Master(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.Store.Servers[master].Kill(); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if err := m.Store.AwaitMaster(ctx, 1-master); err != nil {
			return err
		}
		return m.Store.Restart(ctx, master)
	}, nil
}

// pauseBetween is how long the services of a cold start come one after another.
const pauseBetween = 500 * time.Millisecond

// coldStart starts every service anew: the gateways at once, the others one after another while the load is there already.
func coldStart(ctx context.Context, m *mesh.Mesh) (End, error) {
	var gateways, others []string
	for _, name := range m.Services() {
		service, err := m.Service(name)
		if err != nil {
			return nil, err
		}
		if err := service.Stop(); err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "gateway") {
			gateways = append(gateways, name)
		} else {
			others = append(others, name)
		}
	}
	for _, name := range gateways {
		if err := m.StartService(ctx, name); err != nil {
			return nil, err
		}
	}
	if err := m.Connected(ctx); err != nil {
		return nil, err
	}
	started := make(chan error, 1)
	goes := goOn(ctx, func(ctx context.Context) error {
		var faults []error
		for _, name := range others {
			select {
			case <-time.After(pauseBetween):
			case <-ctx.Done(): // the end has come: the rest starts at once
			}
			faults = append(faults, m.StartService(context.WithoutCancel(ctx), name))
		}
		started <- errors.Join(faults...)
		return nil
	})
	return func(ctx context.Context) error { return errors.Join(goes(ctx), <-started) }, nil
}
