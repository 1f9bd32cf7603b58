package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Fault is one thing that goes wrong.
type Fault struct {
	// Kind is one of Kinds.
	Kind string `yaml:"kind"`
	// At is where: a hop for what happens on a network (store, feature, ranking, fallback, items; those of the second
	// gateway are feature@2 and so on), a process for what happens to a process (store, feature, ranking, fallback).
	At string `yaml:"at"`
	// Delay is the latency that is added, or how long a slow reply takes.
	Delay time.Duration `yaml:"delay"`
	// Jitter is by how much Delay varies up and down.
	Jitter time.Duration `yaml:"jitter"`
	// Share is the share of replies that are slow or corrupt, of keys that are evicted, of time that a throttled process runs.
	Share float64 `yaml:"share"`
	// Every is how long half a period of flapping or a whole one of throttling is.
	Every time.Duration `yaml:"every"`
	// Rate is the bandwidth in kB/s.
	Rate int64 `yaml:"rate"`
	// By is how far a clock is set ahead, or back.
	By time.Duration `yaml:"by"`
}

// The kinds of faults.
const (
	Latency   = "latency"    // every reply is late
	Swap      = "swap"       // a share of the replies is very late: a store that swaps
	Hang      = "hang"       // connections are accepted and nothing comes back
	Refuse    = "refuse"     // connections are refused
	Reset     = "reset"      // connections are reset in the middle of a reply
	Flap      = "flap"       // refused and well again, over and over
	Bandwidth = "bandwidth"  // few bytes a second
	Corrupt   = "corrupt"    // bytes of replies are changed
	Evict     = "evict"      // a share of the users' rows is gone
	Flush     = "flush"      // every key is gone
	Migrate   = "migrate"    // slots of a cluster move from one node to another
	Failover  = "failover"   // the master is killed and Sentinel promotes its replica
	Kill      = "kill"       // the process is killed and started again at the end
	Stop      = "stop"       // the process is stopped (SIGSTOP) and goes on at the end
	Throttle  = "throttle"   // the process runs a share of the time only
	Garbage   = "garbage"    // something else answers in its place, with what cannot be used
	Errors    = "errors"     // something else answers in its place, with errors
	ColdStart = "cold_start" // every service starts anew
	Jump      = "jump"       // the clock of a process is set ahead or back, and right again at the end
)

// kind is what a fault needs: where it may happen and the settings that it has to have.
type kind struct {
	at    *regexp.Regexp
	needs []string
}

var (
	hop     = regexp.MustCompile(`^(store|items|(feature|ranking|fallback)(@[1-9])?)$`)
	process = regexp.MustCompile(`^(store|(feature)(@[1-9])?|ranking|fallback)$`)
	service = regexp.MustCompile(`^(feature|ranking|fallback)$`)
	store   = regexp.MustCompile(`^store$`)
	clock   = regexp.MustCompile(`^(gateway(@[1-9])?|feature(@[1-9])?|ranking|fallback)$`)
	nowhere = regexp.MustCompile(`^$`)
)

var kinds = map[string]kind{
	Latency:   {hop, []string{"delay"}},
	Swap:      {hop, []string{"delay", "share"}},
	Hang:      {hop, nil},
	Refuse:    {hop, nil},
	Reset:     {hop, nil},
	Flap:      {hop, []string{"every"}},
	Bandwidth: {hop, []string{"rate"}},
	Corrupt:   {hop, []string{"share"}},
	Evict:     {store, []string{"share"}},
	Flush:     {store, nil},
	Migrate:   {store, nil},
	Failover:  {store, nil},
	Kill:      {process, nil},
	Stop:      {process, nil},
	Throttle:  {process, []string{"every", "share"}},
	Garbage:   {service, nil},
	Errors:    {service, nil},
	ColdStart: {nowhere, nil},
	Jump:      {clock, []string{"by"}},
}

// Kinds are the names of all kinds, sorted.
func Kinds() []string {
	return slices.Sorted(maps.Keys(kinds))
}

// validate returns every fault of the fault, each a *config.FieldError under the key.
func (f Fault) validate(key string) []error {
	needed, ok := kinds[f.Kind]
	if !ok {
		return []error{config.Invalid(key+".kind", f.Kind, strings.Join(Kinds(), ", "))}
	}
	var faults []error
	expect := func(ok bool, name string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key+"."+name, value, expected))
		}
	}
	expect(needed.at.MatchString(f.At), "at", f.At, fmt.Sprintf("for %s: %s", f.Kind, needed.at))
	for _, setting := range []struct {
		name string
		set  bool
	}{{"delay", f.Delay > 0}, {"share", f.Share > 0}, {"every", f.Every > 0}, {"rate", f.Rate > 0}, {"by", f.By != 0}} {
		needs := slices.Contains(needed.needs, setting.name)
		expect(!needs || setting.set, setting.name, 0, "more than 0 for "+f.Kind)
		expect(needs || !setting.set, setting.name, "set", "nothing for "+f.Kind)
	}
	expect(f.Share <= 1, "share", f.Share, "0 to 1")
	expect(f.Jitter >= 0 && f.Jitter <= f.Delay, "jitter", f.Jitter, "0s to delay")
	return faults
}
