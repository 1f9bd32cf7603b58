package scenario

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/config"
)

// The longest that things may take, so that a slip of the pen does not run for a day.
const (
	longestPhase    = 5 * time.Minute
	longestDeadline = 10 * time.Second
)

var named = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// faults collects what is wrong.
type faults []error

func (f *faults) expect(ok bool, key string, value any, expected string) {
	if !ok {
		*f = append(*f, config.Invalid(key, value, expected))
	}
}

func (f *faults) share(key string, value float64) {
	f.expect(value >= 0 && value <= 1, key, value, "0 to 1")
}

// Validate returns every fault, each a *config.FieldError.
func (s Scenario) Validate() error {
	var f faults
	f.expect(named.MatchString(s.Name), "name", s.Name, "lower-case words and digits, joined by hyphens")
	f.expect(s.Description != "", "description", s.Description, "one sentence")
	s.Mesh.validate(&f)
	s.Load.validate(&f)
	for key, phase := range map[string]time.Duration{
		"phases.warm": s.Phases.Warm, "phases.fault": s.Phases.Fault, "phases.recovery": s.Phases.Recovery,
	} {
		f.expect(phase >= 0 && phase <= longestPhase, key, phase, "0s to "+longestPhase.String())
	}
	f.expect(s.Phases.Fault > 0, "phases.fault", s.Phases.Fault, "more than 0s")
	f.expect(s.Expect.RecoveredWithin+time.Second <= s.Phases.Recovery || s.Expect.RecoveredWithin == 0,
		"phases.recovery", s.Phases.Recovery, "expect.recovered_within and a second more, or it cannot be seen")
	for i, fault := range s.Faults {
		f = append(f, fault.validate(fmt.Sprintf("faults[%d]", i))...)
		s.fits(&f, fmt.Sprintf("faults[%d]", i), fault)
	}
	s.Expect.validate(&f)
	f.expect(s.Expect.CheapCPU == 0 || s.Load.FaultFactor > 0, "expect.cheap_cpu", s.Expect.CheapCPU, "0 without load.fault_factor")
	return errors.Join(f...)
}

// fits checks a fault against the mesh.
func (s Scenario) fits(f *faults, key string, fault Fault) {
	wanted := map[string]string{Migrate: Cluster, Failover: Sentinel}[fault.Kind]
	f.expect(wanted == "" || s.Mesh.Redis == wanted, key+".kind", fault.Kind, "another kind, or mesh.redis: "+wanted)
	f.expect(fault.At != "store" || s.Mesh.Redis == Single || fault.Kind == Migrate || fault.Kind == Failover,
		key+".at", fault.At, "another place, or mesh.redis: single")
	f.expect(fault.Kind != Jump || s.Mesh.Clocks, key+".kind", fault.Kind, "another kind, or mesh.clocks: true")
	if name, number, ok := strings.Cut(fault.At, "@"); ok {
		most := s.Mesh.Gateways
		if name == "feature" && slices.Contains([]string{Kill, Stop, Throttle, Jump}, fault.Kind) {
			most = s.Mesh.FeaturePods
		}
		f.expect(number <= fmt.Sprint(most), key+".at", fault.At, fmt.Sprintf("at most %s@%d", name, most))
	}
}

func (m Mesh) validate(f *faults) {
	f.expect(slices.Contains([]string{Single, Cluster, Sentinel}, m.Redis), "mesh.redis", m.Redis, "single, cluster or sentinel")
	f.expect(m.Gateways >= 1 && m.Gateways <= 9, "mesh.gateways", m.Gateways, "1 to 9")
	f.expect(m.FeaturePods >= 1 && m.FeaturePods <= 9, "mesh.feature_pods", m.FeaturePods, "1 to 9")
	for name := range m.Config {
		f.expect(slices.Contains([]string{"gateway", "feature", "ranking", "fallback"}, name),
			"mesh.config."+name, name, "gateway, feature, ranking or fallback")
	}
}

func (l Load) validate(f *faults) {
	f.expect(l.Rate > 0 && l.Rate <= 100_000, "load.rate", l.Rate, "more than 0, at most 100000")
	f.expect(l.Callers >= 0 && l.Callers <= 10_000, "load.callers", l.Callers, "0 to 10000")
	f.expect(l.FaultFactor >= 0 && l.FaultFactor <= 100, "load.fault_factor", l.FaultFactor, "0 to 100")
	f.expect(l.FaultFactor == 0 || l.Callers == 0, "load.fault_factor", l.FaultFactor, "0 with load.callers")
	f.expect(len(l.Deadlines) > 0, "load.deadlines", l.Deadlines, "at least one")
	for i, d := range l.Deadlines {
		key := fmt.Sprintf("load.deadlines[%d].", i)
		f.expect(d.After > 0 && d.After <= longestDeadline, key+"after", d.After, "more than 0s, at most "+longestDeadline.String())
		f.expect(d.Share > 0 && !math.IsInf(d.Share, 0), key+"share", d.Share, "more than 0")
	}
	f.expect(l.Skew > 1 && l.Skew <= 10, "load.skew", l.Skew, "more than 1, at most 10")
	f.share("load.new_users", l.NewUsers)
	f.expect(l.Count >= 1 && l.Count <= 500, "load.count", l.Count, "1 to 500")
	f.share("load.sheddable", l.Sheddable)
	f.share("load.critical", l.Critical)
	f.expect(l.Sheddable+l.Critical <= 1, "load.critical", l.Critical, "at most what load.sheddable leaves of 1")
	f.expect(l.Retries >= 0 && l.Retries <= 100, "load.retries", l.Retries, "0 to 100")
}

func (e Expect) validate(f *faults) {
	f.expect(e.Promise > 0, "expect.promise", e.Promise, "more than 0s")
	for name, most := range e.Failed {
		var code codes.Code
		known := code.UnmarshalJSON([]byte(`"`+name+`"`)) == nil
		f.expect(known && name != "OK", "expect.failed."+name, name, "a gRPC code such as DEADLINE_EXCEEDED")
		f.expect(most >= 0, "expect.failed."+name, most, "0 or more")
	}
	for i, share := range e.Shares {
		key := fmt.Sprintf("expect.shares[%d].", i)
		f.expect(len(share.Tiers) > 0, key+"tiers", share.Tiers, "at least one tier")
		for _, tier := range share.Tiers {
			f.expect(isTier(tier), key+"tiers", tier, "PERSONALIZED, STALE, PARTIAL, SIMPLE or STATIC")
		}
		f.share(key+"min", share.Min)
		f.expect(share.Max == 0 || share.Max >= share.Min && share.Max <= 1, key+"max", share.Max, "min to 1")
	}
	f.expect(e.RecoveredWithin >= 0, "expect.recovered_within", e.RecoveredWithin, "0s or more")
	f.share("expect.goodput", e.Goodput)
	f.expect(e.P99 >= 0, "expect.p99", e.P99, "0s or more")
	for i, name := range e.Named {
		component, reason, ok := strings.Cut(name, "/")
		ok = ok && repliv1.Component_value["COMPONENT_"+component] > 0 && repliv1.Reason_value["REASON_"+reason] > 0
		f.expect(ok, fmt.Sprintf("expect.named[%d]", i), name, "COMPONENT/REASON of the contract, such as RANKING/INVALID_ANSWER")
	}
	f.expect(e.Counts >= 0 && e.Counts <= 10, "expect.counts", e.Counts, "0 to 10")
	f.expect(e.CheapCPU >= 0 && e.CheapCPU <= 1, "expect.cheap_cpu", e.CheapCPU, "0 to 1")
}
