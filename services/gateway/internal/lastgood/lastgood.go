// Package lastgood owns the lists that the gateway answers from when the fallback service is gone: the last that it
// saw, for each segment, in memory. It asks for them off the request path.
package lastgood

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	"github.com/repli-mesh/repli/services/gateway/internal/clients"
)

// Config bounds the memory and says how often it is renewed.
type Config struct {
	// Refresh is how often every list is asked for again.
	Refresh time.Duration `yaml:"refresh"`
	// Timeout bounds one request for a list.
	Timeout time.Duration `yaml:"timeout"`
	// Items is how many items a list holds.
	Items int `yaml:"items"`
	// Segments is how many segments are remembered, besides everybody.
	Segments int `yaml:"segments"`
}

// Lists holds the last good lists. Safe for concurrent use.
type Lists struct {
	cfg       Config
	suggester clients.Suggester
	known     func(ctx context.Context, ids []string) bool
	now       func() time.Time
	lists     atomic.Pointer[map[string]list]

	mu   sync.Mutex
	used map[string]struct{} // segments
	wake chan struct{}
}

// list is one list, and when it was got.
type list struct {
	*fallbackv1.SuggestResponse
	at time.Time
}

// New returns empty lists. Run fills them. known says whether items are those of the catalogue, as far as anybody can tell: a list of
// others is not kept.
func New(cfg Config, suggester clients.Suggester, known func(context.Context, []string) bool, now func() time.Time) *Lists {
	l := &Lists{cfg: cfg, suggester: suggester, known: known, now: now, used: map[string]struct{}{"": {}}, wake: make(chan struct{}, 1)}
	l.lists.Store(&map[string]list{})
	return l
}

// List returns the last list of a segment, else everybody's, else nil. Nobody may change it.
func (l *Lists) List(segment string) *fallbackv1.SuggestResponse {
	list, _ := l.Current(segment)
	return list
}

// Current is List, and true where the list is what the fallback service would say now: the segment's own, renewed within the
// last two refreshes.
func (l *Lists) Current(segment string) (*fallbackv1.SuggestResponse, bool) {
	lists := *l.lists.Load()
	own, ok := lists[segment]
	if !ok {
		return lists[""].SuggestResponse, false
	}
	return own.SuggestResponse, l.now().Sub(own.at) <= 2*l.cfg.Refresh
}

// Stats is how the lists are.
type Stats struct {
	// Lists is how many there are.
	Lists int
	// Renewed is when everybody's was, and Snapshot when the data that it is from were built; zero where there is none.
	Renewed, Snapshot time.Time
}

// Stats returns how the lists are.
func (l *Lists) Stats() Stats {
	lists := *l.lists.Load()
	s := Stats{Lists: len(lists), Renewed: lists[""].at}
	if built := lists[""].GetSnapshotTime(); built != nil {
		s.Snapshot = built.AsTime()
	}
	return s
}

// Saw tells that a segment is in use, so that Run keeps a list of it. Call it with segments that the fallback service
// confirmed: callers' hints are without bound.
func (l *Lists) Saw(segment string) {
	if _, ok := (*l.lists.Load())[segment]; ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.used[segment]; ok || len(l.used) > l.cfg.Segments {
		return
	}
	l.used[segment] = struct{}{}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run renews the lists until ctx is done. A list that cannot be renewed stays as it is; until the first is there, it
// tries ten times as often.
func (l *Lists) Run(ctx context.Context) error {
	for {
		l.refresh(ctx)
		wait := l.cfg.Refresh
		if l.List("") == nil {
			wait /= 10
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-l.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (l *Lists) refresh(ctx context.Context) {
	l.mu.Lock()
	segments := make([]string, 0, len(l.used))
	for segment := range l.used {
		segments = append(segments, segment)
	}
	l.mu.Unlock()

	old := *l.lists.Load()
	next := make(map[string]list, len(segments))
	for _, segment := range segments {
		if response := l.ask(ctx, segment); response != nil {
			next[segment] = list{response, l.now()}
		} else if last, ok := old[segment]; ok {
			next[segment] = last
		}
	}
	l.lists.Store(&next)
}

// ask returns nil when there is no good list to be had: the request path meets and names the same fault.
func (l *Lists) ask(ctx context.Context, segment string) *fallbackv1.SuggestResponse {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	request := &fallbackv1.SuggestRequest{Segment: segment, Count: uint32(l.cfg.Items)} //nolint:gosec // bounded by Validate
	response, err := clients.Suggest(ctx, l.suggester, request)
	if err != nil || len(response.GetItemIds()) == 0 || !l.known(ctx, response.GetItemIds()) {
		return nil
	}
	return response
}
