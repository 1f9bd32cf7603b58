package ranking

import (
	"encoding/binary"
	"hash/fnv"

	"go.opentelemetry.io/otel/attribute"

	"github.com/repli-mesh/repli/pkg/typical"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
)

// role is what a model does for a request; it is a label of figures.
type role string

const (
	roleServing role = "serving"
	roleCanary  role = "canary"
	roleShadow  role = "shadow"
)

// lineup is who answers. It never changes: a request takes it once, and ends with it whatever serves by then.
type lineup struct {
	serving *serving
	canary  *serving // nil where there is none
	shadow  *serving // as above
	// below is where the canary's part of all draws ends, and salt what its version adds to a draw.
	below, salt uint64
	// mirrored is the part of the requests that the shadow scores.
	mirrored float64
}

// draws is the number of different draws.
const draws = 1 << 32

func newLineup(roles registry.Roles, ready func(*models.Model) *serving) *lineup {
	l := &lineup{serving: ready(roles.Serving)}
	if m := roles.Canary.Model; m != nil {
		l.canary, l.below, l.salt = ready(m), uint64(roles.Canary.Percent/100*draws), salt(m.ID())
	}
	if m := roles.Shadow.Model; m != nil {
		l.shadow, l.mirrored = ready(m), roles.Shadow.Percent/100
	}
	return l
}

// has returns what was made for a model; nil for one that is new.
func (l *lineup) has(m *models.Model) *serving {
	if l == nil {
		return nil
	}
	for _, s := range []*serving{l.serving, l.canary, l.shadow} {
		if s != nil && s.Model == m {
			return s
		}
	}
	return nil
}

// answering are the models that answer requests.
func (l *lineup) answering() []*serving {
	if l.canary == nil {
		return []*serving{l.serving}
	}
	return []*serving{l.serving, l.canary}
}

// tries reports whether a group of users is the canary's. It says the same on every replica, and at a higher percentage for
// no fewer groups; each version draws its own, so that the same users are not always the first.
func (l *lineup) tries(affinity uint32) bool {
	return l.canary != nil && affinity != 0 && draw(l.salt, affinity) < l.below
}

// salt is a number for a version.
func salt(version string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(version)) // never fails
	return hash.Sum64()
}

// draw spreads groups evenly over 0 to draws-1.
func draw(salt uint64, affinity uint32) uint64 {
	var bytes [4]byte
	binary.LittleEndian.PutUint32(bytes[:], affinity)
	for _, b := range bytes {
		salt = (salt ^ uint64(b)) * 1099511628211
	}
	salt ^= salt >> 29
	salt *= 0x9e3779b97f4a7c15 // odd, with bits all over
	return salt >> 32
}

// newServing makes what belongs to a model that is used.
func (s *Service) newServing(m *models.Model) *serving {
	return &serving{
		Model: m, index: newIndex(m), defaults: s.report.counters(m.Bundle), pace: new(typical.Duration),
		attributes: []attribute.KeyValue{attribute.String("repli.model.version", m.ID())},
		bindings:   binding.NewCache(m.Bundle, func(bound *binding.Binding, err error) { s.report.bound(m.ID(), bound, err) }),
	}
}
