//go:build browser

package allinone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"google.golang.org/grpc/metadata"

	"github.com/repli-mesh/repli/demo"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// look is how somebody looks at the page.
type look struct {
	theme, device string
	width, height int64
	scale         float64
}

func (l look) String() string { return l.theme + "-" + l.device }

var looks = []look{
	{"light", "wide", 1280, 900, 1}, {"dark", "wide", 1280, 900, 1}, {"light", "phone", 390, 844, 1}, {"dark", "phone", 390, 844, 1},
}

// patience is for busy machines: nothing is measured with it.
const patience = time.Minute

// newBrowser starts Chromium, which the test's end ends.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("REPLI_CHROMIUM")
	if path == "" {
		t.Fatal("REPLI_CHROMIUM: is not set, expected the path of Chromium; make test-browser sets it")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	do(t, ctx)
	return ctx
}

// tab opens the page in a tab of its own, and fails the test for whatever the browser finds wrong with it.
func tab(t *testing.T, browser context.Context, url string, l look) context.Context {
	t.Helper()
	var mu sync.Mutex
	var faults []string
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, fault := range faults {
			t.Error(fault)
		}
	})
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	err := chromedp.Listen(ctx, func(event any) {
		if fault := faultOf(event); fault != "" {
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, fault)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	viewport := []chromedp.EmulateViewportOption{chromedp.EmulateScale(l.scale)}
	if l.device == "phone" {
		viewport = append(viewport, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	do(t, ctx, chromedp.EmulateViewport(l.width, l.height, viewport...), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}), chromedp.Navigate(url))
	until(t, ctx, "document.querySelectorAll('.plot canvas').length === 2")
	return ctx
}

// faultOf says what is wrong when an event of the browser is told of; nothing may be.
func faultOf(event any) string {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		return fmt.Sprintf("the console: %s %v", e.Type, e.Args)
	case *runtime.EventExceptionThrown:
		return fmt.Sprintf("an exception: %+v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		return fmt.Sprintf("the log: %s %s", e.Entry.Level, e.Entry.Text)
	case *network.EventLoadingFailed:
		return fmt.Sprintf("not loaded: %s %s", e.Type, e.ErrorText)
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			return fmt.Sprintf("%s: %d", e.Response.URL, e.Response.Status)
		}
	}
	return ""
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// evaluate returns what a piece of JavaScript does.
func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return value
}

// until waits for a condition in JavaScript.
func until(t *testing.T, ctx context.Context, condition string) {
	t.Helper()
	for end := time.Now().Add(patience); !evaluate[bool](t, ctx, condition); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", condition)
		}
	}
}

// callers keep asking a mesh.
type callers struct {
	mesh      *Mesh
	deadlines []time.Duration
	calls     atomic.Int64
}

// asServed is the configuration of `repli all`.
func asServed(t *testing.T) Config {
	t.Helper()
	cfg, err := LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// serve runs a mesh on the demo's data, and callers of it, who have so much time, until the test's end.
func serve(t *testing.T, cfg Config, deadlines ...time.Duration) *callers {
	t.Helper()
	cfg.Gateway.Process.Server.Listen = "127.0.0.1:0"
	mesh, err := New(t.Context(), cfg, demoData(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- mesh.Run(ctx) }()
	<-mesh.Listening()
	c, err := client.New(mesh.Address(), client.WithDeadline(patience))
	if err != nil {
		t.Fatal(err)
	}
	asking := &callers{mesh: mesh, deadlines: deadlines}
	var wait sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		wait.Wait()
		if err := errors.Join(c.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	if err := mesh.AwaitPersonalized(t.Context(), c, demo.KnownUser); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		wait.Go(func() { asking.ask(ctx, c, i) })
	}
	return asking
}

// ask sends a request of a known user now and then.
func (c *callers) ask(ctx context.Context, to *client.Client, which int) {
	placements := []string{"home", "cart", "product", "search"}
	ticker := time.NewTicker(80 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		deadline, stop := context.WithTimeout(ctx, c.deadlines[n%len(c.deadlines)])
		trace := metadata.AppendToOutgoingContext(deadline, "traceparent", fmt.Sprintf("00-%032x-%016x-01", which*1_000_000+n+1, n+1))
		_, _ = to.Recommend(trace, &repliv1.RecommendRequest{ // what goes wrong is what the page shows
			UserId: fmt.Sprintf("u%05d", (which*1000+n)%4000), Count: 10, Placement: placements[which],
		})
		stop()
		c.calls.Add(1)
	}
}

// flap pauses a service for half a second and lets it serve for as long, until the test's end: each time, a few requests
// wait for it in vain before its circuit opens.
func flap(t *testing.T, c *callers, service string) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-done })
	go func() {
		defer close(done)
		defer c.mesh.Resume(service)
		for paused := true; ; paused = !paused {
			if paused {
				c.mesh.Pause(service)
			} else {
				c.mesh.Resume(service)
			}
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
}

// more waits until so many more requests were made.
func (c *callers) more(t *testing.T, n int64) {
	t.Helper()
	for end := c.calls.Load() + n; c.calls.Load() < end; {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// painted says how many pixels of a chart have each of the page's colours.
const painted = `(id) => {
	const canvas = document.querySelector('#' + id + ' canvas');
	const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
	const style = getComputedStyle(document.documentElement), counts = {};
	for (let shade = 0; shade <= 6; shade++) {
		const hex = parseInt(style.getPropertyValue('--shade-' + shade).trim().slice(1), 16);
		const want = [hex >> 16, hex >> 8 & 255, hex & 255];
		let n = 0;
		for (let i = 0; i < pixels.length; i += 4) {
			if (pixels[i + 3] === 255 && want.every((v, c) => Math.abs(v - pixels[i + c]) < 3)) n++;
		}
		counts[shade] = n;
	}
	return counts;
}`

// drawn wants pixels of all these colours in a chart.
func drawn(t *testing.T, ctx context.Context, chart string, shades ...int) {
	t.Helper()
	counts := evaluate[map[string]int](t, ctx, fmt.Sprintf("(%s)(%q)", painted, chart))
	for _, shade := range shades {
		if counts[fmt.Sprint(shade)] < 5 {
			t.Errorf("%s has %d pixels of colour %d: %v", chart, counts[fmt.Sprint(shade)], shade, counts)
		}
	}
}

// fits wants a page that is as wide as the window.
func fits(t *testing.T, ctx context.Context, l look) {
	t.Helper()
	if width := evaluate[int64](t, ctx, "document.documentElement.scrollWidth"); width > l.width {
		wide := evaluate[[]string](t, ctx, fmt.Sprintf(`[...document.querySelectorAll('body *')]
			.filter((e) => e.getBoundingClientRect().right > %d).map((e) => e.tagName + '.' + e.className + '#' + e.id)`, l.width))
		t.Errorf("%d pixels wide, the window has %d: %v", width, l.width, wide)
	}
}

func TestTheStatusPageOfAHealthyMesh(t *testing.T) {
	cfg := asServed(t)
	// The machine may be busy, and the tiers must not depend on it. The budget is half the deadline, so that no line hides another.
	budget := &cfg.Gateway.Gateway.Budget
	budget.Max, budget.Feature.Ceiling, budget.Fallback.Ceiling, budget.Ranking.Ceiling = time.Minute, 0, 0, 0
	budget.Reserve.Share, budget.Reserve.Ceiling = 0.5, 0
	cfg.Gateway.Gateway.Quality.Target = time.Second
	asking := serve(t, cfg, 2*time.Second, 4*time.Second)
	browser := newBrowser(t)
	url := "http://" + asking.mesh.AdminAddress() + "/statusz"
	asking.more(t, history(900))
	for _, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			ctx := tab(t, browser, url, l)
			drawn(t, ctx, "gateway-tiers", 1)
			drawn(t, ctx, "gateway-latency", 0, 1, 2, 4)
			fits(t, ctx, l)
			for _, id := range []string{"gateway", "fallback", "feature", "ranking"} {
				if !evaluate[bool](t, ctx, fmt.Sprintf("document.getElementById(%q) !== null", id)) {
					t.Errorf("there is nothing of %s", id)
				}
			}
			screenshot(t, ctx, "healthy", l)
		})
	}
}

func TestTheStatusPageOfADegradedMesh(t *testing.T) {
	asking := serve(t, asServed(t), 50*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond)
	browser := newBrowser(t)
	url := "http://" + asking.mesh.AdminAddress() + "/statusz"
	asking.more(t, history(900))
	for _, service := range []string{Feature, Fallback, Ranking} {
		asking.mesh.Pause(service)
		asking.more(t, history(300))
		asking.mesh.Resume(service)
		asking.more(t, history(300))
	}
	flap(t, asking, Ranking)
	for _, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			ctx := tab(t, browser, url, l)
			drawn(t, ctx, "gateway-tiers", 1, 3)
			// The page is held still at the moment at which it has such a request, which may leave the list later.
			const open = "[...document.querySelectorAll('.requests details')].find((d) => d.querySelector('.spent.bad'))"
			until(t, ctx, fmt.Sprintf("((d) => { if (d) document.querySelector('#pause').click(); return !!d; })(%s)", open))
			evaluate[float64](t, ctx, fmt.Sprintf("((d) => { d.open = true; return d.closest('.recent').scrollTop = d.offsetTop - d.closest('.recent').offsetTop; })(%s)", open))
			fits(t, ctx, l)
			if bars := evaluate[int](t, ctx, open+".querySelectorAll('.bars rect.granted').length"); bars == 0 {
				t.Error("the open request has no bar")
			}
			if trace := evaluate[string](t, ctx, open+".querySelector('.trace code').textContent"); len(trace) != 32 {
				t.Errorf("its trace is %q", trace)
			}
			if text := evaluate[string](t, ctx, "document.body.textContent"); strings.Contains(text, "u0") {
				t.Error("a user id is on the page")
			}
			screenshot(t, ctx, "degraded", l)
		})
	}
	t.Run("by keyboard", func(t *testing.T) { byKeyboard(t, tab(t, browser, url, looks[0])) })
}

// byKeyboard goes through the page with the tabulator, opens a request, and wants it open and focused after the page has renewed
// itself.
func byKeyboard(t *testing.T, ctx context.Context) {
	const focused = "(() => { const e = document.activeElement; return e.className + '|' + e.id + '|' + e.tagName + '|' + (e.getAttribute('href') ?? ''); })()"
	var way []string
	for range 30 {
		do(t, ctx, chromedp.KeyEvent(kb.Tab))
		at := evaluate[string](t, ctx, focused)
		way = append(way, at)
		if !evaluate[bool](t, ctx, "getComputedStyle(document.activeElement).outlineStyle !== 'none'") {
			t.Errorf("nobody sees that %s has the focus", at)
		}
		if evaluate[bool](t, ctx, "document.activeElement.matches('.requests summary')") {
			break
		}
	}
	for i, want := range []string{"skip||A|#main", "|pause|BUTTON|", "||A|#gateway", "||A|#fallback", "||A|#feature", "||A|#ranking"} {
		if i >= len(way) || way[i] != want {
			t.Fatalf("the way through the page is %q, expected %q at %d", way, want, i)
		}
	}
	const row = "document.activeElement.parentElement"
	if !evaluate[bool](t, ctx, "document.activeElement.matches('.requests summary')") {
		t.Fatalf("the way does not lead to a request: %q", way)
	}
	do(t, ctx, chromedp.KeyEvent(kb.Enter))
	id, at := evaluate[string](t, ctx, row+".id"), evaluate[string](t, ctx, "document.querySelector('#updated time').dateTime")
	until(t, ctx, fmt.Sprintf("document.querySelector('#updated time').dateTime !== %q", at))
	if !evaluate[bool](t, ctx, fmt.Sprintf("%s.id === %q && %s.open", row, id, row)) {
		t.Errorf("%s is not open and focused any more", id)
	}
}
