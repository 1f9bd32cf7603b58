// Package scenario owns what a drill is told to do: which mesh, which load, which fault, and what has to hold. It reads
// scenario files and checks them; it starts nothing.
package scenario

import (
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Scenario is one experiment.
type Scenario struct {
	// Name is that of the scenario in reports: lower-case letters, digits and hyphens.
	Name string `yaml:"name"`
	// Description says in one sentence what happens.
	Description string `yaml:"description"`
	// Short says that the scenario belongs to the shortened set.
	Short bool `yaml:"short"`
	// Mesh is what the scenario runs on.
	Mesh Mesh `yaml:"mesh"`
	// Load is what is asked of it.
	Load Load `yaml:"load"`
	// Phases are how long what lasts.
	Phases Phases `yaml:"phases"`
	// Faults begin together when the fault phase does, in this order, and end together with it, in the reverse one.
	Faults []Fault `yaml:"faults"`
	// Expect is what has to hold.
	Expect Expect `yaml:"expect"`
}

// Topologies of the store.
const (
	Single   = "single"
	Cluster  = "cluster"
	Sentinel = "sentinel"
)

// Mesh is what a scenario runs on. Scenarios with the same one share it.
type Mesh struct {
	// Redis is single, cluster (three masters) or sentinel (a master, a replica and a Sentinel).
	Redis string `yaml:"redis"`
	// Gateways is how many gateways the load is spread over.
	Gateways int `yaml:"gateways"`
	// FeaturePods is how many feature processes there are. The gateways' configuration names the first; the address of
	// the n-th is "${feature@n}" in Config.
	FeaturePods int `yaml:"feature_pods"`
	// Pinned gives the services one processor and the load another, so that what is measured is the services' own.
	Pinned bool `yaml:"pinned"`
	// Clocks runs the services from a program whose clocks can be set, which jump needs.
	Clocks bool `yaml:"clocks"`
	// Config overrides settings by service and path: {gateway: {gateway.candidates: 100}}.
	Config map[string]map[string]string `yaml:"config"`
}

// Load is what is asked of the mesh.
type Load struct {
	// Rate is how many requests a second are sent, whatever comes back.
	Rate float64 `yaml:"rate"`
	// Callers, where it is not 0, replaces Rate: that many callers, each of which asks as soon as it has its answer.
	Callers int `yaml:"callers"`
	// FaultFactor, where it is not 0, makes the rate during the fault that multiple of the capacity, which is measured first.
	FaultFactor float64 `yaml:"fault_factor"`
	// Deadlines are those of the callers, with their shares.
	Deadlines []Deadline `yaml:"deadlines"`
	// Skew is the exponent of the Zipf distribution over the known users, more than 1.
	Skew float64 `yaml:"skew"`
	// NewUsers is the share of requests for users whom the store does not know.
	NewUsers float64 `yaml:"new_users"`
	// Count is the length of the lists.
	Count uint32 `yaml:"count"`
	// Sheddable and Critical are the shares of requests with these priorities.
	Sheddable float64 `yaml:"sheddable"`
	Critical  float64 `yaml:"critical"`
	// Retries is how often a caller asks again at once, after an error and after an answer that is not PERSONALIZED.
	Retries int `yaml:"retries"`
}

// Deadline is one of a mixture.
type Deadline struct {
	// After is the deadline.
	After time.Duration `yaml:"after"`
	// Share weighs it against the others.
	Share float64 `yaml:"share"`
}

// Phases are how long what lasts.
type Phases struct {
	// Warm is the load before the fault. With 0 the fault begins first and the load with it.
	Warm time.Duration `yaml:"warm"`
	// Fault is how long the fault lasts.
	Fault time.Duration `yaml:"fault"`
	// Recovery is the longest that the load goes on afterwards. It ends early once everything is well again.
	Recovery time.Duration `yaml:"recovery"`
}

// Expect is what has to hold. Requests whose deadline is under Promise are reported and not judged.
type Expect struct {
	// Promise is the smallest deadline for which an answer is promised.
	Promise time.Duration `yaml:"promise"`
	// Failed is the most failures by gRPC code; a code that is not here may not occur.
	Failed map[string]int `yaml:"failed"`
	// Shares bound tiers among the requests of the fault phase.
	Shares []Share `yaml:"shares"`
	// RecoveredWithin is the longest until 99 % of the answers of a second are PERSONALIZED again; 0 means not judged.
	RecoveredWithin time.Duration `yaml:"recovered_within"`
	// Goodput is the least share of requests of the fault phase that are answered, in any tier, inside their deadline.
	Goodput float64 `yaml:"goodput"`
	// P99 is the largest 99th percentile of latencies in the fault phase; 0 means not judged.
	P99 time.Duration `yaml:"p99"`
	// Named are degradations that answers of the fault phase must name, such as RANKING/INVALID_ANSWER.
	Named []string `yaml:"named"`
	// Counts is by which share goroutines, connections and memory may be larger at the end; 0 means not judged.
	Counts float64 `yaml:"counts"`
	// CheapCPU is the most CPU that an answer which is not from the model, or a refusal, may cost, as a share of a full
	// one; 0 means not judged.
	CheapCPU float64 `yaml:"cheap_cpu"`
}

// Share bounds the share of some tiers together.
type Share struct {
	// Tiers are names such as PERSONALIZED.
	Tiers []string `yaml:"tiers"`
	// Min is the least share.
	Min float64 `yaml:"min"`
	// Max is the largest; 0 means not judged.
	Max float64 `yaml:"max"`
}

// Defaults is a calm load on a plain mesh, and the promise: nothing fails, all is well within 5 s.
func Defaults() Scenario {
	return Scenario{
		Mesh: Mesh{Redis: Single, Gateways: 1, FeaturePods: 1},
		Load: Load{
			Rate: 150, Deadlines: []Deadline{{After: 100 * time.Millisecond, Share: 1}}, Skew: 1.2, NewUsers: 0.02, Count: 10,
		},
		Phases: Phases{Warm: 2 * time.Second, Fault: 3500 * time.Millisecond, Recovery: 6500 * time.Millisecond},
		Expect: Expect{Promise: 10 * time.Millisecond, RecoveredWithin: 5 * time.Second, Goodput: 0.99, Counts: 0.1},
	}
}

// Longest is the longest deadline of the load, and the one that latencies are drawn against.
func (l Load) Longest() time.Duration {
	longest := time.Duration(0)
	for _, d := range l.Deadlines {
		longest = max(longest, d.After)
	}
	return longest
}

// Shortened is the scenario with its phases cut for the shortened set.
func (s Scenario) Shortened() Scenario {
	s.Phases.Warm = min(s.Phases.Warm, time.Second)
	s.Phases.Fault = min(s.Phases.Fault, 2500*time.Millisecond)
	return s
}

// isTier says whether the text names a tier, without the TIER_ of the contract.
func isTier(name string) bool { return name != "UNSPECIFIED" && repliv1.Tier_value["TIER_"+name] > 0 }
