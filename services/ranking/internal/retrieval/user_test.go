package retrieval

import (
	"math"
	"slices"
	"testing"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

func TestVectorOfAUser(t *testing.T) {
	t.Parallel()
	message := itemstest.Schema(1, itemstest.Column("whole", itemstest.Int), itemstest.Column("name", itemstest.Text),
		itemstest.Column("other", itemstest.Float), itemstest.Column("part", itemstest.Float))
	layout, err := schema.Parse(message)
	if err != nil {
		t.Fatal(err)
	}
	x := New(bundle.Retrieval{User: []string{"part", "whole", "name", "nowhere"}, Item: names("i", 4), Count: 1}, Float32)
	row := itemstest.User(message, map[string]float64{"whole": 3, "part": 0.5, "other": 9})
	number := func(v float64) *repliv1.RequestFeature {
		return &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Number{Number: v}}
	}
	integer := &repliv1.RequestFeature{Value: &repliv1.RequestFeature_Integer{Integer: 8}}
	for name, c := range map[string]struct {
		user User
		want []float32
	}{
		"row":       {User{Layout: layout, Row: row}, []float32{0.5, 3, 0, 0}},
		"null":      {User{Layout: layout, Row: itemstest.User(message, map[string]float64{"part": 2})}, []float32{2, 0, 0, 0}},
		"new":       {User{Layout: layout}, []float32{0, 0, 0, 0}},
		"given":     {User{Layout: layout, Row: row, Given: map[string]*repliv1.RequestFeature{"part": number(7), "nowhere": integer}}, []float32{7, 3, 0, 8}},
		"given new": {User{Layout: layout, Given: map[string]*repliv1.RequestFeature{"part": number(math.MaxFloat64), "whole": integer}}, []float32{0, 8, 0, 0}},
	} {
		got, ok := x.Vector(c.user, nil)
		if !slices.Equal(got, c.want) || ok != (name != "new") {
			t.Errorf("%s: %v (%v), want %v", name, got, ok, c.want)
		}
	}
	if missing := x.Missing(layout); !slices.Equal(missing, []string{"name", "nowhere"}) {
		t.Errorf("missing are %v, want name and nowhere", missing)
	}
}
