package retrieval

import (
	"math"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// User is where a user's vector is read from.
type User struct {
	// Layout describes Row.
	Layout *schema.Schema
	// Row is a row that its layout has checked; nil means that nothing is known.
	Row *featurev1.Row
	// Given are features of the request; they take precedence. What is no finite float32 is as if it were missing.
	Given map[string]*repliv1.RequestFeature
}

// Vector appends the user's vector to into, 0 for what is missing. It reports whether there is anything in it: a vector of
// zeros finds no item rather than another.
func (x *Index) Vector(user User, into []float32) (vector []float32, ok bool) {
	for _, name := range x.spec.User {
		value := user.value(name)
		if !schema.Finite(value) {
			value = 0
		}
		into = append(into, value)
		ok = ok || value != 0
	}
	return into, ok
}

func (u User) value(name string) float32 {
	switch given := u.Given[name].GetValue().(type) {
	case *repliv1.RequestFeature_Number:
		if math.Abs(given.Number) <= math.MaxFloat32 {
			return float32(given.Number)
		}
		return 0
	case *repliv1.RequestFeature_Integer:
		return float32(given.Integer)
	}
	if u.Row == nil {
		return 0
	}
	column, ok := u.Layout.Column(name)
	if !ok || !schema.Present(u.Row.GetStatuses()[column.Index]) {
		return 0
	}
	switch column.Dtype {
	case featurev1.Dtype_DTYPE_FLOAT32:
		return u.Row.GetNumbers()[column.Place]
	case featurev1.Dtype_DTYPE_INT64:
		return float32(u.Row.GetIntegers()[column.Place])
	default:
		return 0
	}
}

// Missing returns what of the manifest's user vector a layout of user rows does not have as numbers; nil when it has all.
func (x *Index) Missing(layout *schema.Schema) []string {
	var missing []string
	for _, name := range x.spec.User {
		if column, ok := layout.Column(name); !ok || column.Dtype == featurev1.Dtype_DTYPE_STRING {
			missing = append(missing, name)
		}
	}
	return missing
}
