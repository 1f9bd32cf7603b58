package feast_test

import (
	"encoding/hex"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
)

// Keys and field names that Feast itself makes.
const (
	userKey = "010000000200000007000000757365725f696404000000080000002a00000000000000726563"
	itemKey = "0100000002000000070000006974656d5f696402000000020000006937726563"
)

var (
	users = feast.NewKeys("rec", views.Key{Join: "user_id", Type: views.KeyInt64})
	items = feast.NewKeys("rec", views.Key{Join: "item_id", Type: views.KeyString})
)

func TestKeysAreFeasts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys    feast.Keys
		id, hex string
	}{{users, "42", userKey}, {items, "i7", itemKey}} {
		key, err := c.keys.Key(c.id)
		if err != nil || hex.EncodeToString([]byte(key)) != c.hex {
			t.Errorf("key of %s:\n got %x, %v\nwant %s", c.id, key, err, c.hex)
		}
		if id, ok := c.keys.ID(key); !ok || id != c.id {
			t.Errorf("id of %s: %q, %v", c.hex, id, ok)
		}
	}
}

func TestFieldsAreFeasts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ view, feature, hex string }{
		{"feature_view_1", "feature_11", "c3379abf"},
		{"user_stats", "ctr_7d", "3ee08b90"},
		{"item_stats", "popularity", "54b44cf3"},
	} {
		if got := hex.EncodeToString([]byte(feast.Field(c.view, c.feature))); got != c.hex {
			t.Errorf("%s:%s is %s, want %s", c.view, c.feature, got, c.hex)
		}
	}
	if got := feast.TimeField("user_stats"); got != "_ts:user_stats" {
		t.Errorf("time field %q", got)
	}
}

func TestKeysOfOthersHaveNoID(t *testing.T) {
	t.Parallel()
	item, _ := items.Key("i7")
	user, _ := users.Key("42")
	for _, key := range []string{"", item[:10], item[1:], item + "x", item[:len(item)-1], user, strings.Replace(item, "\x02\x00\x00\x00i7", "\x09\x00\x00\x00i7", 1)} {
		if id, ok := items.ID(key); ok {
			t.Errorf("key %x has id %q", key, id)
		}
	}
	if id, ok := users.ID(item); ok {
		t.Errorf("an item is user %q", id)
	}
	if _, err := users.Key("forty-two"); err == nil || strings.Contains(err.Error(), "forty") {
		t.Errorf("error %v, want one without the id", err)
	}
}

func TestPatternMatchesItsOwnKeys(t *testing.T) {
	t.Parallel()
	for _, project := range []string{"rec", "a*b?c[d]e", `back\slash`} {
		keys := feast.NewKeys(project, views.Key{Join: "item[0]", Type: views.KeyString})
		key, err := keys.Key("i7")
		if err != nil {
			t.Fatal(err)
		}
		// path.Match reads the same escapes as Redis, as long as there is no slash.
		if ok, err := path.Match(keys.Pattern(), key); err != nil || !ok {
			t.Errorf("%q does not match %q: %v", keys.Pattern(), key, err)
		}
		other, _ := feast.NewKeys("other", views.Key{Join: "item[0]", Type: views.KeyString}).Key("i7")
		if ok, _ := path.Match(keys.Pattern(), other); ok {
			t.Errorf("%q matches the key of another project", keys.Pattern())
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2017, 11, 6, 5, 0, 0, 7, time.UTC)
	data, err := feast.EncodeTime(at)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := feast.DecodeTime("v", string(data)); err != nil || !got.Equal(at) {
		t.Fatalf("decoded %v, %v", got, err)
	}
	for _, garbage := range []string{"x", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"} {
		if _, err := feast.DecodeTime("stats", garbage); err == nil || !strings.Contains(err.Error(), "stats") {
			t.Errorf("%x: error %v, want one that names the view", garbage, err)
		}
	}
	if _, err := feast.EncodeTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 10000 has no google.protobuf.Timestamp")
	}
}
