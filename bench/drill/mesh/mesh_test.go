package mesh

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/bench/drill/scenario"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+OK\r\n": "OK", ":42\r\n": "42", "$5\r\nhe\nlo\r\n": "he\nlo", "$-1\r\n": "", "*2\r\n$1\r\na\r\n:7\r\n": "a\n7", "*0\r\n": "",
	} {
		got, err := readReply(bufio.NewReader(strings.NewReader(text)))
		if err != nil || got != want {
			t.Errorf("%q is %q, %v, expected %q", text, got, err, want)
		}
	}
	for _, text := range []string{"-ERR no\r\n", "", "\r\n", "$9\r\nab\r\n", "$x\r\n", "*2\r\n+a\r\n", "?\r\n"} {
		if got, err := readReply(bufio.NewReader(strings.NewReader(text))); err == nil {
			t.Errorf("%q is %q, expected an error", text, got)
		}
	}
}

func TestScrape(t *testing.T) {
	t.Parallel()
	page := "# HELP go_goroutines x\ngo_goroutines 12\nprocess_open_fds 9\ngo_memstats_next_gc_bytes 4.194304e+06\n" +
		"process_resident_memory_bytes 5e+07\nprocess_cpu_seconds_total 1.25\nother{a=\"b\"} 3\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) }))
	defer server.Close()
	got, err := scrape(t.Context(), server.Listener.Addr().String())
	if want := (Figures{Goroutines: 12, Files: 9, Heap: 4 << 20, Resident: 5e7, CPU: 1.25}); err != nil || got != want {
		t.Errorf("figures %+v, %v, expected %+v", got, err, want)
	}
	page = "go_goroutines 12\n"
	if _, err := scrape(t.Context(), server.Listener.Addr().String()); err == nil {
		t.Error("a page without most of the figures is read")
	}
}

// echo answers each connection with its own name.
func echo(t *testing.T, name string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Write([]byte(name + "\n"))
			_ = connection.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

// answer is what is at the other end of an address.
func answer(address string) string {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return "refused"
	}
	defer connection.Close()
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return "broken"
	}
	return strings.TrimSpace(line)
}

func TestHop(t *testing.T) {
	t.Parallel()
	first, second := echo(t, "first"), echo(t, "second")
	hop, err := newHops().open("test", first)
	if err != nil {
		t.Fatal(err)
	}
	defer hop.close()
	address := hop.Address()
	expect := func(what, want string) {
		t.Helper()
		if got := answer(address); got != want || hop.Address() != address {
			t.Errorf("%s: %s answers at %s, expected %s at %s", what, got, hop.Address(), want, address)
		}
	}
	expect("new", "first")
	if err := hop.Divert(second); err != nil {
		t.Fatal(err)
	}
	expect("diverted", "second")
	hop.Cut()
	expect("cut", "refused")
	if err := hop.Restore(); err != nil {
		t.Fatal(err)
	}
	expect("restored", "first")
	if err := hop.Lead(second); err != nil {
		t.Fatal(err)
	}
	if err := hop.Reconnect(); err != nil {
		t.Fatal(err)
	}
	expect("led elsewhere", "second")
	if err := hop.Poison(Toxic{Type: "limit_data", Toxicity: 1, Attributes: map[string]any{"bytes": 2}}); err != nil {
		t.Fatal(err)
	}
	expect("poisoned", "broken")
	if err := hop.Cure(context.Background(), "limit_data"); err != nil {
		t.Fatal(err)
	}
	expect("cured", "second")
	if err := hop.Poison(Toxic{Type: "plague"}); err == nil {
		t.Error("a toxic that there is not is put on")
	}
}

func TestHopsThatLeadToAService(t *testing.T) {
	t.Parallel()
	m := &Mesh{spec: scenario.Mesh{Gateways: 2, FeaturePods: 2}}
	for service, want := range map[string]string{
		"feature": "items pod@1 feature feature@2", "feature@2": "pod@2", "ranking": "ranking ranking@2", "gateway@2": "",
	} {
		if got := strings.Join(m.led(service), " "); got != want {
			t.Errorf("to %s lead %q, expected %q", service, got, want)
		}
	}
	if got := strings.Join(m.names(), " "); got != "feature feature@2 ranking fallback gateway gateway@2" {
		t.Errorf("services %s", got)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("REPLI_GATEWAY_GATEWAY_CANDIDATES", "7")
	hops := newHops()
	m := &Mesh{
		spec:   scenario.Mesh{Config: map[string]map[string]string{"gateway": {"gateway.candidates": "9", "peers.feature.target": "dns:///${feature@2}"}}},
		admins: map[string]string{"gateway": "127.0.0.1:1"}, hops: map[string]*Hop{},
	}
	for _, name := range []string{"feature", "ranking", "fallback", "pod@2"} {
		hop, err := hops.open(name, "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		defer hop.close()
		m.hops[name] = hop
	}
	env := strings.Join(m.environment("gateway", "gateway"), "\n") + "\n"
	for _, want := range []string{
		"REPLI_GATEWAY_GATEWAY_CANDIDATES=9\n", "REPLI_GATEWAY_PROCESS_SERVER_ADMIN_LISTEN=127.0.0.1:1\n",
		"REPLI_GATEWAY_PEERS_FEATURE_TARGET=dns:///" + m.hops["pod@2"].Address() + "\n",
		"REPLI_GATEWAY_PEERS_RANKING_TARGET=dns:///" + m.hops["ranking"].Address() + "\n",
	} {
		if !strings.Contains(env, want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	if strings.Contains(env, "CANDIDATES=7") {
		t.Error("the user's own settings come through")
	}
}
