package redis

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

const (
	// pageSize is how many changes are asked for at once. More than writeBatch, so that a page holds a whole version.
	pageSize = 10_000
	// scanCount is how many keys Redis looks at in one SCAN.
	scanCount = 1000
)

// enterItems gives all the ids one new version, greater than any there is. The clock, in microseconds, makes it greater
// than any there was, too, when the index was lost in between; as a double it is exact until the year 2255.
var enterItems = redis.NewScript(`
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local time = redis.call('TIME')
local version = math.max((tonumber(last[2]) or 0) + 1, time[1] * 1000000 + time[2])
for i = 1, #ARGV do redis.call('ZADD', KEYS[1], version, ARGV[i]) end
return version`)

// enter puts items into the index, after their rows are written: who sees the version sees the rows.
func (s *Store) enter(ctx context.Context, rows []views.Row) error {
	ids := make([]any, len(rows))
	for i, row := range rows {
		ids[i] = row.EntityID
	}
	if err := enterItems.Run(ctx, s.main, []string{s.key("items")}, ids...).Err(); err != nil {
		return explain("write", err)
	}
	return nil
}

// Changes returns items written after the version, by the index, which only has those that Repli wrote.
func (s *Store) Changes(ctx context.Context, since uint64) (store.Page, error) {
	page := store.Page{Next: since}
	pipeline := s.main.Pipeline()
	newest := pipeline.ZRevRangeWithScores(ctx, s.key("items"), 0, 0)
	changed := pipeline.ZRangeByScoreWithScores(ctx, s.key("items"), &redis.ZRangeBy{
		Min: "(" + strconv.FormatUint(since, 10), Max: "+inf", Count: pageSize,
	})
	if _, err := pipeline.Exec(ctx); err != nil {
		return page, explain("read", err)
	}
	if found := newest.Val(); len(found) > 0 {
		page.Head = uint64(found[0].Score)
	}
	members := whole(changed.Val())
	for _, member := range members {
		id, ok := member.Member.(string)
		if !ok || member.Score < 1 {
			return page, fault.New(fault.Unavailable, store.ReasonCorrupt, "redis: the index of items is not Repli's")
		}
		page.IDs = append(page.IDs, id)
		page.Next = uint64(member.Score)
	}
	return page, nil
}

// whole leaves out the last version of a full page, which may go on in the next one.
func whole(members []redis.Z) []redis.Z {
	if len(members) < pageSize {
		return members
	}
	last := members[len(members)-1].Score
	for len(members) > 0 && members[len(members)-1].Score == last {
		members = members[:len(members)-1]
	}
	return members
}

// Scan finds items by their keys, on every master of a cluster.
func (s *Store) Scan(ctx context.Context) ([]string, error) {
	ids := make(map[string]struct{})
	var mu sync.Mutex
	scan := func(ctx context.Context, node *redis.Client) error {
		return s.scanNode(ctx, node, func(id string) {
			mu.Lock()
			defer mu.Unlock()
			ids[id] = struct{}{}
		})
	}
	var err error
	switch client := s.main.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, scan)
	case *redis.Client:
		err = scan(ctx, client)
	}
	if err != nil {
		return nil, explain("scan", err)
	}
	return slices.Collect(maps.Keys(ids)), nil
}

func (s *Store) scanNode(ctx context.Context, node *redis.Client, found func(id string)) error {
	items := s.entities[views.Item]
	var cursor uint64
	for {
		keys, next, err := node.Scan(ctx, cursor, items.keys.Pattern(), scanCount).Result()
		if err != nil {
			return err
		}
		for _, key := range keys {
			if id, ok := items.keys.ID(key); ok && items.layout.CanBe(id) {
				found(id)
			}
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}
