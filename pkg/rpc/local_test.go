package rpc

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

func TestServerMayComeAfterTheConnectionGoAndComeBack(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	client := featurev1.NewFeatureServiceClient(dial(t, "inproc:///late", local))
	if _, err := client.GetUser(soon(t), alice()); status.Code(err) != codes.Unavailable {
		t.Fatalf("without a server: got %v, want UNAVAILABLE", err)
	}
	for range 2 {
		_, stop := start(t, localConfig("late"), testDeps(local), &featureService{})
		if _, err := client.GetUser(soon(t), alice(), grpc.WaitForReady(true)); err != nil {
			t.Fatalf("with a server: %v", err)
		}
		stop()
	}
}

func TestTwoServersOnOneNetwork(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	start(t, localConfig("feature"), testDeps(local), &featureService{})
	start(t, localConfig("fallback"), testDeps(local), &fallbackService{})
	feature := featurev1.NewFeatureServiceClient(dial(t, "inproc:///feature", local))
	fallback := fallbackv1.NewFallbackServiceClient(dial(t, "inproc:///fallback", local))
	if _, err := feature.GetUser(soon(t), alice()); err != nil {
		t.Error(err)
	}
	if _, err := fallback.Suggest(soon(t), &fallbackv1.SuggestRequest{Count: 1}); status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, want UNIMPLEMENTED", err)
	}
	elsewhere := featurev1.NewFeatureServiceClient(dial(t, "inproc:///feature", NewLocal()))
	if _, err := elsewhere.GetUser(soon(t), alice()); status.Code(err) != codes.Unavailable {
		t.Errorf("on another network: got %v, want UNAVAILABLE", err)
	}
}

func TestPausedServerHangsAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	served := make(chan string, 3)
	service := &featureService{getUser: func(_ context.Context, r *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		served <- r.GetUserId()
		return &featurev1.GetUserResponse{}, nil
	}}
	start(t, localConfig("test"), testDeps(local), service)
	client := featurev1.NewFeatureServiceClient(dial(t, "inproc:///test", local))
	if _, err := client.GetUser(soon(t), alice()); err != nil {
		t.Fatal(err)
	}
	<-served

	local.Pause("test")
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.GetUser(short, &featurev1.GetUserRequest{UserId: "hangs"}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("paused: got %v, want DEADLINE_EXCEEDED", err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := client.GetUser(soon(t), &featurev1.GetUserRequest{UserId: strings.Repeat("w", 250)})
		ended <- err
	}()
	select {
	case id := <-served:
		t.Fatalf("a paused server served %q", id)
	case <-short.Done():
	}
	local.Resume("test")
	if err := <-ended; err != nil {
		t.Errorf("resumed: %v", err)
	}
}

func TestPausedServerCanBeStopped(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	cfg := localConfig("test")
	cfg.DrainTimeout = time.Millisecond
	_, stop := start(t, cfg, testDeps(local), &featureService{})
	client := featurev1.NewFeatureServiceClient(dial(t, "inproc:///test", local))
	if _, err := client.GetUser(soon(t), alice()); err != nil {
		t.Fatal(err)
	}
	local.Pause("test")
	stop()
	if _, err := client.GetUser(soon(t), alice()); status.Code(err) != codes.Unavailable {
		t.Errorf("stopped: got %v, want UNAVAILABLE", err)
	}
}

func TestPauseLosesNoByte(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	listener, err := local.listen("raw")
	if err != nil {
		t.Fatal(err)
	}
	sent := strings.Repeat("0123456789abcdef", 64<<10)
	echoed := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			echoed <- err
			return
		}
		_, err = io.CopyN(conn, conn, int64(len(sent)))
		echoed <- err
	}()
	conn, err := local.dial(soon(t), "raw")
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, sent)
		written <- err
	}()
	var got strings.Builder
	for part := int64(len(sent)) / 64; int64(got.Len()) < int64(len(sent)); {
		if _, err := io.CopyN(&got, conn, part); err != nil {
			t.Fatal(err)
		}
		local.Pause("raw")
		local.Pause("raw")
		local.Resume("raw")
	}
	if got.String() != sent {
		t.Error("what came back is not what was sent")
	}
	for _, err := range []error{<-written, <-echoed, conn.Close(), listener.Close()} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestCloseWhilePaused(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(net.Conn) error{
		"read":  func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"write": func(c net.Conn) error { _, err := c.Write([]byte("x")); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			defer there.Close()
			var shut gate
			shut.shut()
			conn := newGatedConn(here, &shut)
			used := make(chan error, 1)
			go func() { used <- use(conn) }()
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			if err := <-used; err == nil {
				t.Error("got no error from a closed connection")
			}
			if err := conn.Close(); err != nil {
				t.Errorf("closed twice: %v", err)
			}
		})
	}
}

func TestDialFailures(t *testing.T) {
	t.Parallel()
	cfg := ClientDefaults()
	for target, want := range map[string]string{
		"":                 "target",
		"host:9000":        "target",
		"inproc:///":       "target",
		"inproc:///lonely": "no network in memory",
	} {
		cfg.Target = target
		if _, err := Dial(cfg, ClientDeps{Signals: telemetry.Discard()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", target, err, want)
		}
	}
}
