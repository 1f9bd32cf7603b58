package binding

import (
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// absences are those of a user's feature, by the status of its value.
var absences = map[featurev1.ValueStatus]repliv1.Absence{
	featurev1.ValueStatus_VALUE_STATUS_NULL_VALUE:      repliv1.Absence_ABSENCE_NULL_VALUE,
	featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND:       repliv1.Absence_ABSENCE_NOT_FOUND,
	featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE: repliv1.Absence_ABSENCE_OUTSIDE_MAX_AGE,
}

// Replaced returns the features that Assemble replaced by defaults, at most `most` of them in the order of the model, and how
// many there are. The row is the one that the batch was filled from.
func (b *Binding) Replaced(user *featurev1.Row, batch *Batch, most int) (named []*repliv1.DefaultedFeature, all int) {
	for i := range b.inputs {
		in := &b.inputs[i]
		for at := range in.features {
			n := batch.Defaulted[in.first+at]
			if n == 0 {
				continue
			}
			if all++; len(named) < most {
				named = append(named, in.features[at].replaced(user, n))
			}
		}
	}
	return named, all
}

func (f *feature) replaced(user *featurev1.Row, n uint32) *repliv1.DefaultedFeature {
	switch {
	case f.from == fromItem:
		return &repliv1.DefaultedFeature{Name: f.name, Absence: repliv1.Absence_ABSENCE_ITEMS_LACK_IT, Items: n}
	case f.from == nowhere:
		return &repliv1.DefaultedFeature{Name: f.name, Absence: repliv1.Absence_ABSENCE_NOT_GIVEN}
	case user == nil:
		return &repliv1.DefaultedFeature{Name: f.name, Absence: repliv1.Absence_ABSENCE_NOT_FOUND}
	}
	status := featurev1.ValueStatus(user.GetStatuses()[f.column.Index])
	return &repliv1.DefaultedFeature{Name: f.name, Absence: absences[status]}
}
