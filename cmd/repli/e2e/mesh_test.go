// Package e2e tests the binary as a user runs it: real processes, real sockets, a real Redis. It imports no service.
package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
)

// patience is for busy machines: nothing is measured with it.
const patience = 60 * time.Second

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "repli-e2e")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "repli")
	build := exec.Command("go", "build", "-o", binary, "github.com/repli-mesh/repli/cmd/repli")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("building the binary: %v\n%s", err, out))
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// repli runs one command to its end and returns what it printed and its exit code.
func repli(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("repli %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must runs one command that has to succeed and returns what it printed.
func must(t *testing.T, env []string, args ...string) string {
	t.Helper()
	stdout, stderr, code := repli(t, env, args...)
	if code != 0 {
		t.Fatalf("repli %v ended with %d: %s%s", args, code, stdout, stderr)
	}
	return stdout
}

// process is one running service.
type process struct {
	name, address string

	cmd    *exec.Cmd
	exited chan error
	mu     sync.Mutex
	log    strings.Builder
}

// start runs a service and waits until it serves. The owner's cleanup stops it and wants a clean end.
func start(t, owner *testing.T, name string, args []string, env ...string) *process {
	t.Helper()
	p := &process{name: name, exited: make(chan error, 1)}
	p.cmd = exec.Command(binary, append([]string{name}, args...)...)
	p.cmd.Env = append(os.Environ(), env...)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serving := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if address, ok := serves(lines.Text()); ok {
				serving <- address
			}
			_, _ = fmt.Fprintln(p, lines.Text())
		}
		p.exited <- p.cmd.Wait()
	}()
	owner.Cleanup(func() { p.stop(owner) })
	select {
	case p.address = <-serving:
	case err := <-p.exited:
		p.exited <- err
		t.Fatalf("%s ended before it served: %v\n%s", name, err, p.output())
	case <-time.After(patience):
		t.Fatalf("%s does not serve\n%s", name, p.output())
	}
	return p
}

// Write keeps what the process prints, for when a test fails.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(text)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("%s: %v: %v", p.name, s, err)
	}
}

// kill ends the process as a crash would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	if err := <-p.exited; err == nil {
		t.Errorf("%s ended well although it was killed", p.name)
	}
	p.cmd = nil
}

// stop ends the process as Kubernetes does, and wants exit code 0.
func (p *process) stop(t *testing.T) {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.exited:
		if err != nil {
			t.Errorf("%s did not end well: %v\n%s", p.name, err, p.output())
		}
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		t.Errorf("%s did not end\n%s", p.name, p.output())
	}
	p.cmd = nil
	if t.Failed() {
		t.Logf("%s printed:\n%s", p.name, p.output())
	}
}

// freePort returns an address that nobody listens on. Some other process may take it first; then the start fails aloud.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// recommend asks through the Go client.
func recommend(
	t *testing.T, c *client.Client, deadline time.Duration, request *repliv1.RecommendRequest,
) *repliv1.RecommendResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	response, err := c.Recommend(ctx, request)
	if err != nil {
		t.Fatalf("Recommend: %v", err)
	}
	return response
}

// await asks until an answer of that tier comes, and returns it. Every answer on the way must be one, too.
func await(
	t *testing.T, c *client.Client, user string, tier repliv1.Tier,
) *repliv1.RecommendResponse {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		response := recommend(t, c, time.Second, &repliv1.RecommendRequest{UserId: user, Count: 10})
		if response.GetTier() == tier {
			return response
		}
		if time.Now().After(end) {
			t.Fatalf("no %v came; the last answer: %s", tier, protojson.Format(response))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fetch reads a page of an admin port.
func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, response.StatusCode, err)
	}
	return string(body)
}

// awaitReady asks an admin port until it says that its process is ready.
func awaitReady(t *testing.T, admin string) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + admin + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode == http.StatusNoContent {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not ready: %s", admin, response.Status)
		}
	}
}

// ask runs `repli recommend --json` and returns the answer that it printed.
func ask(t *testing.T, address, user string, args ...string) *repliv1.RecommendResponse {
	t.Helper()
	out := must(t, nil, append([]string{"recommend", "--address", address, "--user", user, "--json"}, args...)...)
	if strings.Count(out, "\n") != 1 || !json.Valid([]byte(out)) {
		t.Fatalf("printed %q, want one JSON object in one line", out)
	}
	response := &repliv1.RecommendResponse{}
	if err := protojson.Unmarshal([]byte(out), response); err != nil {
		t.Fatal(err)
	}
	return response
}

// serves reads the address out of the line that says where a process serves.
func serves(line string) (string, bool) {
	if _, address, ok := strings.Cut(line, " serves on "); ok {
		return address, true
	}
	if address, ok := strings.CutPrefix(line, "Serving on "); ok {
		return strings.CutSuffix(address, " until interrupted. Try:")
	}
	return "", false
}
