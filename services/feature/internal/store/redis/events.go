package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

const (
	hourForm  = "2006010215"
	journaled = 7 * 24 * time.Hour
)

// event is what a hash field holds; its name is the event's id. A key without a hash tag spreads the hours over a cluster.
type event struct {
	User     string  `json:"u"`
	Item     string  `json:"i"`
	Type     string  `json:"t"`
	Quantity float64 `json:"q"`
	Currency string  `json:"c,omitempty"`
	Micros   int64   `json:"m,omitempty"`
	Nanos    int64   `json:"n"` // since the epoch
}

// WriteEvents stores events in one hash per hour, and the hours in an index.
func (s *Store) WriteEvents(ctx context.Context, events []views.Event) error {
	for len(events) > 0 {
		batch := events[:min(writeBatch, len(events))]
		events = events[len(batch):]
		if err := s.writeEvents(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeEvents(ctx context.Context, events []views.Event) error {
	pipeline := s.main.Pipeline()
	hours := make(map[string]time.Time)
	for _, e := range events {
		text, err := json.Marshal(event{
			User: e.UserID, Item: e.ItemID, Type: e.Type, Quantity: e.Quantity,
			Currency: e.Revenue.Currency, Micros: e.Revenue.Micros, Nanos: e.Time.UnixNano(),
		})
		if err != nil {
			return fault.Invalid("events.quantity", "is not finite")
		}
		hour := e.Time.UTC().Truncate(time.Hour)
		name := hour.Format(hourForm)
		hours[name] = hour
		pipeline.HSet(ctx, s.key("events", name), e.ID, text)
	}
	for name, hour := range hours {
		pipeline.Expire(ctx, s.key("events", name), s.retention)
		pipeline.ZAdd(ctx, s.key("events"), redis.Z{Score: float64(hour.Unix()), Member: name})
	}
	if _, err := pipeline.Exec(ctx); err != nil {
		return explain("write", err)
	}
	return nil
}

// Events yields the events of [from, to).
func (s *Store) Events(ctx context.Context, from, to time.Time) iter.Seq2[views.Event, error] {
	return func(yield func(views.Event, error) bool) {
		hours, err := s.main.ZRangeByScore(ctx, s.key("events"), &redis.ZRangeBy{
			Min: strconv.FormatInt(from.Truncate(time.Hour).Unix(), 10), Max: strconv.FormatInt(to.Unix(), 10),
		}).Result()
		if err != nil {
			yield(views.Event{}, explain("read", err))
			return
		}
		for _, hour := range hours {
			more, err := s.hour(ctx, hour, func(e views.Event) bool {
				return e.Time.Before(from) || !e.Time.Before(to) || yield(e, nil)
			})
			if err != nil {
				yield(views.Event{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// hour calls found for each event of an hour until it returns false, and says whether it never did.
func (s *Store) hour(ctx context.Context, hour string, found func(views.Event) bool) (bool, error) {
	seed, seen := maphash.MakeSeed(), make(map[uint64]struct{}) // HSCAN may return a field more than once
	var cursor uint64
	for {
		pairs, next, err := s.main.HScan(ctx, s.key("events", hour), cursor, "", scanCount).Result()
		if err != nil {
			return false, explain("read", err)
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			id := maphash.String(seed, pairs[i])
			if _, again := seen[id]; again {
				continue
			}
			seen[id] = struct{}{}
			e, err := decodeEvent(pairs[i], pairs[i+1])
			if err != nil {
				return false, fault.New(fault.Unavailable, store.ReasonCorrupt, "redis: events of %s: %w", hour, err)
			}
			if !found(e) {
				return false, nil
			}
		}
		if next == 0 {
			return true, nil
		}
		cursor = next
	}
}

func decodeEvent(id, text string) (views.Event, error) {
	var e event
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return views.Event{}, errors.New("one is not of Repli's form") // the error of json would quote it
	}
	return views.Event{
		ID: id, UserID: e.User, ItemID: e.Item, Type: e.Type, Quantity: e.Quantity,
		Revenue: views.Money{Currency: e.Currency, Micros: e.Micros}, Time: time.Unix(0, e.Nanos).UTC(),
	}, nil
}

// Load returns how far a load came.
func (s *Store) Load(ctx context.Context, id string) (int64, error) {
	done, err := s.main.Get(ctx, s.key("load", id)).Int64()
	var syntax *strconv.NumError
	switch {
	case errors.Is(err, redis.Nil):
		return 0, nil
	case errors.As(err, &syntax):
		return 0, fault.New(fault.Unavailable, store.ReasonCorrupt, "redis: load %s: is not a number", id)
	case err != nil:
		return 0, fmt.Errorf("load %s: %w", id, explain("read", err))
	}
	return done, nil
}

// Save stores how far a load came, for a week.
func (s *Store) Save(ctx context.Context, id string, done int64) error {
	if err := s.main.Set(ctx, s.key("load", id), done, journaled).Err(); err != nil {
		return fmt.Errorf("load %s: %w", id, explain("write", err))
	}
	return nil
}
