package process

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/statusz"
)

// speaker is a service that says how it is.
type speaker struct{ warmed }

func (*speaker) Status() (string, statusz.Tone, []statusz.Section) {
	return "It is well.", statusz.Good, []statusz.Section{{ID: "one", Title: "Its only section"}}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestTheAdminPortShowsTheStatusAndProfiles(t *testing.T) {
	t.Parallel()
	s := &speaker{warmed{ready: make(chan struct{})}}
	cfg := local()
	cfg.Server.AdminListen = "127.0.0.1:0"
	p, err := New(t.Context(), "test", cfg, rpc.NewLocal(), func(*Env) (Service, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	p.Show(func() statusz.Service { return statusz.Service{Name: "neighbour", Headline: "It is there, too."} })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	<-p.Server().Listening()
	admin := "http://" + p.Server().AdminAddr()
	if _, body := fetch(t, admin+"/statusz"); !strings.Contains(body, "Not ready: ") || !strings.Contains(body, "It is there, too.") ||
		!strings.Contains(body, "Its only section") {
		t.Errorf("before it is ready:\n%s", body)
	}
	if _, body := fetch(t, admin+"/statusz"); !strings.Contains(body, "<code>"+p.Server().AdminAddr()+"</code>") {
		t.Errorf("the page of two services does not say where each has its admin pages:\n%s", body)
	}
	if _, body := fetch(t, admin+"/statusz/data.json"); !strings.Contains(body, `"admin": "`+p.Server().AdminAddr()+`"`) {
		t.Errorf("data.json does not say where the admin pages are:\n%s", body)
	}
	p.Server().SetReady(true)
	if _, body := fetch(t, admin+"/statusz"); !strings.Contains(body, "It is well.") || strings.Contains(body, "Not ready: ") ||
		!strings.Contains(body, "goroutines") {
		t.Errorf("once it is ready:\n%s", body)
	}
	for path, want := range map[string]string{
		"/": "Repli status", "/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile:", "/debug/pprof/cmdline": "test",
	} {
		if code, body := fetch(t, admin+path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d\n%s", path, code, body)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTheAdminPortIsOfThisMachineAlone(t *testing.T) {
	t.Parallel()
	if got := Defaults(9000).Server.AdminListen; got != "127.0.0.1:9001" {
		t.Errorf("the admin port listens on %s", got)
	}
}
