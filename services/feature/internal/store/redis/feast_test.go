package redis_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

const rec = `
project: rec
entities:
  user: {join_key: user_id, type: int64}
  item: {join_key: item_id, type: string}
views:
  - name: user_stats
    entity: user
    features: [{name: ctr_7d, dtype: float32}]
  - name: item_stats
    entity: item
    freshness: 24h
    features: [{name: popularity, dtype: float32}]
`

// Bytes that Feast writes.
const (
	userKey     = "010000000200000007000000757365725f696404000000080000002a00000000000000726563"
	itemKey     = "0100000002000000070000006974656d5f696402000000020000006937726563"
	ctr7d       = "3ee08b90"
	popularity  = "54b44cf3"
	half        = "350000003f"         // float_val: 0.5
	twoAsDouble = "290000000000000040" // double_val: 2
	noonStamp   = "08c09d81d005"       // 2017-11-06T12:00:00Z
)

var noon = time.Date(2017, 11, 6, 12, 0, 0, 0, time.UTC)

func project(t *testing.T, text string) *views.Project {
	t.Helper()
	p, err := views.Parse("views.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func unhex(t *testing.T, text string) string {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// raw runs a command whose arguments may hold any byte; redis-cli cannot, a script can.
func raw(t *testing.T, server *redistest.Server, args ...string) {
	t.Helper()
	script := "return redis.call("
	for i, arg := range args {
		if i > 0 {
			script += ","
		}
		script += "'"
		for _, b := range []byte(arg) {
			script += `\` + decimal(b)
		}
		script += "'"
	}
	server.Do(t, "eval", script+")", "0")
}

func decimal(b byte) string {
	return string([]byte{'0' + b/100, '0' + b/10%10, '0' + b%10})
}

func single(server *redistest.Server) func(*redis.Config) {
	return func(cfg *redis.Config) { cfg.Addresses = []string{server.Addr} }
}

func TestStoreThatFeastFilledIsReadAsItIs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	raw(t, server, "hset", unhex(t, userKey), unhex(t, ctr7d), unhex(t, half), "_ts:user_stats", unhex(t, noonStamp))
	raw(t, server, "hset", unhex(t, itemKey), unhex(t, popularity), unhex(t, twoAsDouble), "_ts:item_stats", unhex(t, noonStamp))
	raw(t, server, "set", unhex(t, itemKey)+"x", "of another project")
	s := open(t, project(t, rec), func() time.Time { return noon }, single(server))
	defer func() { _ = s.Close() }()

	user := read(t, s, views.User, "42")
	if v := user.Values[0]; v.Status != views.Present || v.Number != 0.5 || !user.Times[0].Equal(noon) {
		t.Fatalf("user: %+v", user)
	}
	ids, err := s.Scan(t.Context())
	if err != nil || !slices.Equal(ids, []string{"i7"}) {
		t.Fatalf("items: %q, %v", ids, err)
	}
	if item := read(t, s, views.Item, ids[0]); item.Values[0].Number != 2 {
		t.Fatalf("item: %+v", item)
	}
	if page, err := s.Changes(t.Context(), 0); err != nil || page.Head != 0 {
		t.Fatalf("a store without an index has changes: %+v, %v", page, err)
	}
}

func TestWhatIsWrittenIsFeasts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := project(t, rec)
	s := open(t, p, func() time.Time { return noon }, single(server))
	defer func() { _ = s.Close() }()
	view, _ := p.View("user_stats")
	row := views.Row{EntityID: "42", Values: []views.Value{{Status: views.Present, Number: 0.5}}}
	if err := s.Write(t.Context(), view, []views.Row{row}); err != nil {
		t.Fatal(err)
	}
	const dump = `local out = {}
for _, key in ipairs(redis.call('KEYS', '*')) do out[#out+1] = key
  for _, part in ipairs(redis.call('HGETALL', key)) do out[#out+1] = part end end
for i, part in ipairs(out) do out[i] = part:gsub('.', function(c) return string.format('%02x', c:byte()) end) end
return out`
	got := strings.Split(server.Do(t, "--raw", "eval", dump, "0"), "\n")
	want := []string{userKey, ctr7d, half, hex.EncodeToString([]byte("_ts:user_stats")), noonStamp}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("stored:\n got %q\nwant %q", got, want)
	}
}

func TestGarbageIsCorruptAndSaysWhere(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, project(t, rec), func() time.Time { return noon }, single(server))
	defer func() { _ = s.Close() }()
	for name, c := range map[string]struct{ command, says []string }{
		"value":      {[]string{"hset", unhex(t, itemKey), unhex(t, popularity), "garbage", "_ts:item_stats", unhex(t, noonStamp)}, []string{"item_stats", "popularity"}},
		"time":       {[]string{"hset", unhex(t, itemKey), "_ts:item_stats", "garbage"}, []string{"item_stats"}},
		"not a hash": {[]string{"set", unhex(t, itemKey), "text"}, []string{"hash"}},
	} {
		server.Do(t, "flushall")
		raw(t, server, c.command...)
		for _, ids := range [][]string{{"i7"}, {"i8", "i7"}} {
			records, err := s.Read(t.Context(), views.Item, ids)
			if err != nil {
				t.Fatalf("%s: %v; one bad record is no reason to lose the others", name, err)
			}
			err = records[len(ids)-1].Err
			if fault.Reason(err) != store.ReasonCorrupt {
				t.Fatalf("%s: %v", name, err)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s: %q does not say %s", name, err, word)
				}
			}
			if len(ids) > 1 && records[0].Err != nil {
				t.Errorf("%s: the other record: %v", name, records[0].Err)
			}
		}
	}
}

func TestGarbageInOneViewLeavesTheOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	text := rec + `  - name: user_kind
    entity: user
    features: [{name: segment, dtype: string}]
`
	s := open(t, project(t, text), func() time.Time { return noon }, single(server))
	defer func() { _ = s.Close() }()
	good := []string{unhex(t, ctr7d), unhex(t, half), "_ts:user_stats", unhex(t, noonStamp)}
	for name, bad := range map[string][]string{
		"value": {feast.Field("user_kind", "segment"), "garbage", "_ts:user_kind", unhex(t, noonStamp)},
		"time":  {"_ts:user_kind", "garbage"},
	} {
		server.Do(t, "flushall")
		raw(t, server, append([]string{"hset", unhex(t, userKey)}, bad...)...)
		records, err := s.Read(t.Context(), views.User, []string{"42"})
		if err != nil || fault.Reason(records[0].Err) != store.ReasonCorrupt {
			t.Fatalf("%s: %v, %+v; nothing of the record can be read", name, err, records)
		}
		raw(t, server, append([]string{"hset", unhex(t, userKey)}, good...)...)
		r := read(t, s, views.User, "42")
		if r.Values[0].Number != 0.5 || !r.Times[0].Equal(noon) || r.Unreadable[0] != nil {
			t.Errorf("%s: the good view: %+v", name, r)
		}
		if r.Values[1].Status != views.NullValue || !r.Times[1].IsZero() || r.Unreadable[1] == nil {
			t.Errorf("%s: the bad view: %+v", name, r)
		}
	}
}

func TestChangesAfterTheIndexWasLost(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := project(t, rec)
	s := open(t, p, time.Now, single(server))
	defer func() { _ = s.Close() }()
	view, _ := p.View("item_stats")
	var since uint64
	for _, id := range []string{"i1", "i2", "i3"} {
		row := views.Row{EntityID: id, Values: []views.Value{{Status: views.Present, Number: 1}}}
		if err := s.Write(t.Context(), view, []views.Row{row}); err != nil {
			t.Fatal(err)
		}
		page, err := s.Changes(t.Context(), since)
		if err != nil || !slices.Equal(page.IDs, []string{id}) || page.Next <= since {
			t.Fatalf("changes since %d: %+v, %v, want %s", since, page, err, id)
		}
		since = page.Next
		server.Do(t, "flushall")
	}
}

func TestFeaturesThatShareAHashFieldAreRefused(t *testing.T) {
	t.Parallel()
	// The first two names of the form f<n> whose hash collides in a view v.
	p := project(t, strings.NewReplacer("{name: ctr_7d", "{name: f37660, dtype: float32}, {name: f43618", "user_stats", "v").Replace(rec))
	if _, err := redis.New(redis.Defaults(), p, time.Now); err == nil || !strings.Contains(err.Error(), "f43618") {
		t.Fatalf("error %v, want one that names f43618", err)
	}
}

func read(t *testing.T, s *redis.Store, entity views.Entity, id string) store.Record {
	t.Helper()
	records, err := s.Read(t.Context(), entity, []string{id})
	if err != nil || records[0].Err != nil {
		t.Fatalf("read: %v, %+v", err, records)
	}
	return records[0]
}
