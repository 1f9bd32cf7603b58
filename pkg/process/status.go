package process

import (
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/repli-mesh/repli/pkg/statusz"
)

// described is a service that says how it is.
type described interface {
	// Status returns a line on how the service is, how good that is, and the sections of its page.
	Status() (headline string, tone statusz.Tone, sections []statusz.Section)
}

// Status says how the process's service is.
func (p *Process) Status() statusz.Service {
	status := statusz.Service{Name: p.name}
	if service, ok := p.service.(described); ok {
		status.Headline, status.Tone, status.Sections = service.Status()
	}
	if p.server != nil {
		status.Admin = p.server.AdminAddr()
	}
	if p.server == nil || !p.server.Ready() {
		status.Headline, status.Tone = "Not ready: it waits for its data, or is about to end.", statusz.Bad
	}
	return status
}

// Show adds what else runs in this program to the status page.
func (p *Process) Show(sources ...statusz.Source) { p.page.Add(sources...) }

func newPage(log *slog.Logger) *statusz.Page {
	started := time.Now()
	return statusz.New(statusz.Config{
		Now: time.Now, Log: log,
		Process: func() []statusz.Fact { return facts(started, time.Now()) },
	})
}

// facts describe the program that runs.
func facts(started, now time.Time) []statusz.Fact {
	host, _ := os.Hostname() // empty where it has none
	memory := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(memory)
	return []statusz.Fact{
		{Label: "host", Value: host},
		{Label: "up for", Value: statusz.Age(now.Sub(started))},
		{Label: "version", Value: version(), Note: runtime.Version() + " " + runtime.GOARCH},
		{Label: "processors", Value: statusz.Count(runtime.GOMAXPROCS(0))},
		{Label: "goroutines", Value: statusz.Count(runtime.NumGoroutine())},
		{
			Label: "memory in use", Value: statusz.Bytes(memory[0].Value.Uint64()),
			Note: "of " + statusz.Bytes(memory[1].Value.Uint64()) + " taken",
		},
	}
}

// version is what the build says of itself: a revision, or the version of the module.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return setting.Value[:12]
		}
	}
	return info.Main.Version
}
