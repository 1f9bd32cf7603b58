package load_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/services/feature/load"
)

// refused runs a load that must write nothing, and returns its faults.
func refused(t *testing.T, in load.Input, cfg load.Config) *load.Faults {
	t.Helper()
	r := newRecorder()
	_, err := load.Run(t.Context(), in, r, r, cfg, nil)
	var faults *load.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want faults", err)
	}
	if r.calls != 0 || len(r.saved) != 0 {
		t.Errorf("%d calls of the sink and %d of the journal, want none", r.calls, len(r.saved))
	}
	return faults
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const users, items = "user_id,u_age,u_taste\n", "item_id,i_price\n"
	const events = "event_id,user_id,item_id,type,quantity,revenue,ts\n"
	const ok = ",u1,i1,purchase,1,1,2026-01-01T00:00:00Z\n"
	cases := []struct {
		name                 string
		users, items, events []string
		want                 []string
	}{
		{"same key in a file", []string{users + "a,1,\nb,2,\na,3,\na,4,\n"}, nil, nil, []string{
			"users-0.csv:4: user_id: is the same as on users-0.csv:2, expected each one once",
			"users-0.csv:5: user_id: is the same as on users-0.csv:2, expected each one once",
		}},
		{"same key in two files", nil, []string{items + "a,1\nb,2\n", items + "c,1\nb,3\n"}, nil, []string{
			"items-1.csv:3: item_id: is the same as on items-0.csv:3, expected each one once",
		}},
		{"same event", nil, nil, []string{events + "e1" + ok + "e2" + ok, events + "e2" + ok}, []string{
			"events-1.csv:2: event_id: is the same as on events-0.csv:3, expected each one once",
		}},
		{"same key in a file of another view", []string{"user_id,u_age\na,1\n", "user_id,u_taste\na,x\n", "user_id,u_taste\nb,x\na,x\n"}, nil, nil, []string{
			"users-2.csv:3: user_id: is the same as on users-1.csv:2, expected each one once",
		}},
		{"types and keys", []string{users + "a,old,\na,1,\na,2,\n"}, nil, nil, []string{
			`users-0.csv:2: u_age: is "old", expected float32`,
			"users-0.csv:4: user_id: is the same as on users-0.csv:3, expected each one once",
		}},
		{"every kind of file", []string{users + "a,200,\n"}, []string{items + "a,\n"}, []string{events + "e1,u1,i1,purchase,0,1,2026-01-01T00:00:00Z\n"}, []string{
			"users-0.csv:2: u_age: is 200, expected within [0, 150]", "items-0.csv:2: i_price: is null, expected float32",
			`events-0.csv:2: quantity: is "0", expected a finite number > 0`,
		}},
		{"view without a file", []string{"user_id,u_age\na,1\n"}, nil, nil, []string{
			"view user_taste: no file of user has its features, expected one",
		}},
		{"file without a view", []string{users + "a,1,\n", "user_id,u_agee\na,1\n"}, nil, nil, []string{
			"users-1.csv: has the columns user_id, u_agee, expected features of user_stats, user_taste",
		}},
		{"no key column", nil, []string{"item,i_price\na,1\n"}, nil, []string{
			"items-0.csv: item_id: is not there, expected it among the columns item, i_price",
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in := load.Input{
				Project: shop(t), Users: sources(t, "users", tc.users), Items: sources(t, "items", tc.items),
				Events: sources(t, "events", tc.events),
			}
			faults := refused(t, in, load.Defaults())
			var got []string
			for _, fault := range faults.First {
				got = append(got, fault.Error())
			}
			if strings.Join(got, "\n") != strings.Join(tc.want, "\n") || faults.Total != int64(len(tc.want)) {
				t.Errorf("got %d: %q\nwant %q", faults.Total, got, tc.want)
			}
		})
	}
}

func sources(t *testing.T, name string, contents []string) []dataset.Source {
	var all []dataset.Source
	for i, content := range contents {
		all = append(all, source(t, fmt.Sprintf("%s-%d.csv", name, i), content))
	}
	return all
}

func TestFaultsAreCountedBeyondTheList(t *testing.T) {
	t.Parallel()
	content := "item_id,i_price\n" + strings.Repeat("a,x\n", 50) + strings.Repeat("b,1\n", 50)
	in := load.Input{Project: shop(t), Items: sources(t, "items", []string{content})}
	cfg := load.Defaults()
	cfg.Faults = 3
	faults := refused(t, in, cfg)
	if faults.Total != 50+49 || len(faults.First) != 3 {
		t.Errorf("%d faults, %d listed, want 99 and 3", faults.Total, len(faults.First))
	}
	want := `items-0.csv:2: i_price: is "x", expected float32
items-0.csv:3: i_price: is "x", expected float32
items-0.csv:4: i_price: is "x", expected float32
99 faults, of which 3 are listed; nothing was written`
	if faults.Error() != want {
		t.Errorf("got %s\nwant %s", faults, want)
	}
	cfg.Faults = 60
	if faults := refused(t, in, cfg); faults.Total != 99 || len(faults.First) != 60 {
		t.Errorf("%d faults, %d listed, want 99 and 60", faults.Total, len(faults.First))
	}
	var fault *dataset.Fault
	if !errors.As(faults, &fault) || fault.Line != 2 || fault.Column != "i_price" {
		t.Errorf("first fault is %+v", fault)
	}
}

// The last but one of 900,001 rows is wrong: everything is read before anything is written.
func TestFaultAtTheEndOfALargeFile(t *testing.T) {
	t.Parallel()
	const rows, wrong = 900_001, 900_000
	content := append(make([]byte, 0, 16<<20), "user_id,u_age,u_taste\n"...)
	for row := 1; row <= rows; row++ {
		content = strconv.AppendInt(content, int64(row), 36)
		if row == wrong {
			content = append(content, ",151,x\n"...)
		} else {
			content = append(content, ",42,x\n"...)
		}
	}
	in := load.Input{Project: shop(t), Users: []dataset.Source{source(t, "users.csv", string(content))}}
	faults := refused(t, in, load.Defaults())
	const want = "users.csv:900001: u_age: is 151, expected within [0, 150]\n1 fault; nothing was written"
	if faults.Error() != want {
		t.Errorf("got %v, want %s", faults, want)
	}
}

func TestEventsUndeclared(t *testing.T) {
	t.Parallel()
	in := whole(t)
	project := *in.Project
	project.Events = nil
	in.Project = &project
	r := newRecorder()
	if _, err := load.Run(t.Context(), in, r, r, load.Defaults(), nil); !errors.Is(err, dataset.ErrNoEvents) || r.calls != 0 {
		t.Errorf("got %v, %d calls, want %v and none", err, r.calls, dataset.ErrNoEvents)
	}
}
