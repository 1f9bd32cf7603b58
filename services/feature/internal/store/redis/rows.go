package redis

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// writeBatch is how many rows travel in one pipeline.
const writeBatch = 500

// Read returns the records of the ids: one HMGET each, all in one pipeline.
func (s *Store) Read(ctx context.Context, kind views.Entity, ids []string) ([]store.Record, error) {
	if kind == views.User {
		return s.read(ctx, s.reads, kind, ids)
	}
	return s.read(ctx, s.main, kind, ids)
}

// ReadBehind is Read over other connections.
func (s *Store) ReadBehind(ctx context.Context, kind views.Entity, ids []string) ([]store.Record, error) {
	if kind == views.User {
		return s.read(ctx, s.refills, kind, ids)
	}
	return s.read(ctx, s.main, kind, ids)
}

// Probe asks for a key that is not there, over the connections of Read; in a cluster for another one each time, so that
// every node is asked as often as it has keys.
func (s *Store) Probe(ctx context.Context) error {
	key := s.key("probe", strconv.FormatUint(uint64(rand.Uint32()), 36)) //nolint:gosec // no secret
	if err := s.reads.HMGet(ctx, key, "-").Err(); err != nil {
		return explain("probe", err)
	}
	return nil
}

func (s *Store) read(
	ctx context.Context, client redis.UniversalClient, kind views.Entity, ids []string,
) ([]store.Record, error) {
	e := s.entities[kind]
	records := make([]store.Record, len(ids))
	commands := make([]redis.Cmder, 0, len(ids))
	asked := make([]int, 0, len(ids))
	for i, id := range ids {
		command, ok := e.ask(ctx, id)
		if !ok {
			records[i] = e.layout.Absent()
			continue
		}
		commands, asked = append(commands, command), append(asked, i)
	}
	if err := send(ctx, client, commands); err != nil {
		return nil, err
	}
	now := s.now()
	for j, command := range commands {
		records[asked[j]] = e.record(command.(*redis.SliceCmd), now)
	}
	return records, nil
}

// ask returns the command that reads an entity; none when there is nothing to read.
func (e *entity) ask(ctx context.Context, id string) (*redis.SliceCmd, bool) {
	if len(e.fields) == 0 || !e.layout.CanBe(id) {
		return nil, false
	}
	key, err := e.keys.Key(id)
	if err != nil {
		return nil, false
	}
	args := make([]any, 0, 2+len(e.fields))
	args = append(args, "hmget", key)
	return redis.NewSliceCmd(ctx, append(args, e.fields...)...), true
}

// send runs the commands and returns the first failure that is not about one command alone.
func send(ctx context.Context, client redis.UniversalClient, commands []redis.Cmder) error {
	var err error
	switch len(commands) {
	case 0:
		return nil
	case 1: // a plain command, since it costs less than a pipeline
		err = client.Process(ctx, commands[0])
	default:
		pipeline := client.Pipeline()
		for _, command := range commands {
			_ = pipeline.Process(ctx, command) // queues; the answer comes with Exec
		}
		_, err = pipeline.Exec(ctx)
	}
	if err == nil {
		return nil
	}
	for _, command := range commands {
		if failed := command.Err(); failed != nil && !wrongType(failed) {
			return explain("read", failed)
		}
	}
	if wrongType(err) {
		return nil // the records say so
	}
	return explain("read", err)
}

func wrongType(err error) bool {
	return redis.HasErrorPrefix(err, "WRONGTYPE")
}

// record reads the answer to HMGET.
func (e *entity) record(command *redis.SliceCmd, now time.Time) store.Record {
	if command.Err() != nil {
		return store.Record{Err: fault.New(fault.Unavailable, store.ReasonCorrupt, "the store holds something else than a hash")}
	}
	answer := command.Val()
	if len(answer) != len(e.fields) {
		return store.Record{Err: fault.New(fault.Unavailable, store.ReasonCorrupt, "the store sent %d fields, expected %d",
			len(answer), len(e.fields))}
	}
	r := e.layout.Absent()
	values, times := r.Values, answer[e.layout.Width:]
	var broken error
	for v, view := range e.layout.Views {
		n := len(view.Features)
		at, err := readView(view, answer[:n], times[v], values[:n], now)
		if err != nil {
			broken = err
			if r.Unreadable == nil {
				r.Unreadable = make([]error, len(e.layout.Views))
			}
			r.Unreadable[v] = err
			store.Mark(values[:n], views.NullValue)
		}
		r.Times[v] = at
		answer, values = answer[n:], values[n:]
	}
	if broken != nil && !r.Found() {
		return store.Record{Err: fault.New(fault.Unavailable, store.ReasonCorrupt, "%w", broken)}
	}
	return r
}

// readView fills the values of one view, which are NOT_FOUND so far, and returns when they were true.
func readView(view *views.View, answer []any, stamp any, values []views.Value, now time.Time) (time.Time, error) {
	text, ok := stamp.(string)
	if !ok {
		return time.Time{}, nil
	}
	at, err := feast.DecodeTime(view.Name, text)
	if err != nil {
		return time.Time{}, err
	}
	if store.Outdated(view, at, now) {
		store.Mark(values, views.OutsideMaxAge)
		return at, nil
	}
	for i := range values {
		data, _ := answer[i].(string) // a field that is not there is null, as an empty value is
		if values[i], err = feast.Decode(view.Name, &view.Features[i], data); err != nil {
			return time.Time{}, err
		}
	}
	return at, nil
}

// Write stores rows of a view with one HSET each, in pipelines, and then enters items into the index.
func (s *Store) Write(ctx context.Context, view *views.View, rows []views.Row) error {
	e := s.entities[view.Entity]
	place, err := e.layout.Place(view)
	if err != nil {
		return err
	}
	if err := e.layout.Check(view, rows); err != nil {
		return err
	}
	fields := e.fieldsOf(place)
	for len(rows) > 0 {
		batch := rows[:min(writeBatch, len(rows))]
		rows = rows[len(batch):]
		if err := s.writeBatch(ctx, e, view, fields, batch); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf returns the hash fields of the features of one view and, last, of its time.
func (e *entity) fieldsOf(place int) []any {
	start := 0
	for _, view := range e.layout.Views[:place] {
		start += len(view.Features)
	}
	fields := append([]any(nil), e.fields[start:start+len(e.layout.Views[place].Features)]...)
	return append(fields, e.fields[e.layout.Width+place])
}

func (s *Store) writeBatch(ctx context.Context, e *entity, view *views.View, fields []any, rows []views.Row) error {
	pipeline := s.main.Pipeline()
	for i := range rows {
		command, err := e.hset(view, fields, &rows[i], s.now())
		if err != nil {
			return err
		}
		pipeline.Do(ctx, command...)
	}
	if _, err := pipeline.Exec(ctx); err != nil {
		return explain("write", err)
	}
	if view.Entity == views.Item {
		return s.enter(ctx, rows)
	}
	return nil
}

func (e *entity) hset(view *views.View, fields []any, row *views.Row, now time.Time) ([]any, error) {
	key, err := e.keys.Key(row.EntityID)
	if err != nil {
		return nil, fault.Invalid("entity_id", "%w", err)
	}
	at := row.EventTime
	if at.IsZero() {
		at = now
	}
	stamp, err := feast.EncodeTime(at)
	if err != nil {
		return nil, fault.Invalid("event_time", "%w", err)
	}
	command := make([]any, 0, 2+2*len(fields))
	command = append(command, "hset", key)
	for i := range row.Values {
		command = append(command, fields[i], feast.Encode(view.Features[i].Dtype, row.Values[i]))
	}
	return append(command, fields[len(fields)-1], stamp), nil
}

// key returns the name of one of Repli's own keys.
func (s *Store) key(parts ...string) string {
	return "repli:" + s.project + ":" + strings.Join(parts, ":")
}
