package mesh

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// startPatience is for busy machines.
	startPatience = 30 * time.Second
	// stopPatience is how long a process may take to end well.
	stopPatience = 3 * time.Second
	// keptOutput is how much of what a process printed is kept for errors.
	keptOutput = 8 << 10
)

// Process is one child process that can be started again and again. Safe for concurrent use.
type Process struct {
	// Name is the service's, such as "feature@2", or "redis".
	Name string

	program string
	args    []string
	env     []string
	pinned  bool
	// announces says whether the process prints the address that it serves on.
	announces bool

	mu      sync.Mutex
	cmd     *exec.Cmd
	done    chan struct{}
	address string
	output  *tail
}

// Start starts the process and waits until it says that it serves, where it does. It fails when it ends instead.
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("%s: runs already", p.Name)
	}
	cmd := exec.Command(p.program, p.args...) //nolint:gosec,noctx // the mesh's own programs; Stop ends them, in order
	cmd.Env = p.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is the drill's to handle
	p.output = &tail{}
	cmd.Stderr = p.output
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := startOn(cmd, p.pinned); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	serving := make(chan string, 1)
	p.cmd, p.done = cmd, make(chan struct{})
	go func(done chan struct{}, output *tail) {
		defer close(done)
		follow(stdout, output, serving)
		_ = cmd.Wait() // most are killed
	}(p.done, p.output)
	if !p.announces {
		return nil
	}
	return p.await(ctx, serving)
}

func (p *Process) await(ctx context.Context, serving <-chan string) error {
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	select {
	case p.address = <-serving:
		return nil
	case <-p.done:
		p.cmd = nil
		return fmt.Errorf("%s: ended before it served: %s", p.Name, p.output)
	case <-patience.C:
		return fmt.Errorf("%s: does not serve after %v: %s", p.Name, startPatience, p.output)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow keeps what a process prints and sends the address that it serves on.
func follow(stdout io.Reader, output io.Writer, serving chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), " serves on "); ok {
			select {
			case serving <- address:
			default:
			}
		}
		_, _ = fmt.Fprintln(output, lines.Text())
	}
}

// Address is where the process said that it serves.
func (p *Process) Address() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.address
}

// CPU is the processor time, in user and system mode, that the process has taken since it started, in hundredths of a second.
func (p *Process) CPU() (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0, fmt.Errorf("%s: does not run", p.Name)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.Name, err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold anything
	var user, system int64
	if fields := strings.Fields(rest); len(fields) > 12 {
		if _, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err == nil {
			return time.Duration(user+system) * tick, nil
		}
	}
	return 0, fmt.Errorf("%s: cannot read the processor time in %q", p.Name, text)
}

// tick is the unit of the times in /proc/PID/stat.
const tick = 10 * time.Millisecond

// Signal sends a signal; a process that does not run is an error.
func (p *Process) Signal(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s: does not run", p.Name)
	}
	return p.cmd.Process.Signal(signal)
}

// Kill ends the process as a crash would and waits for its end. One that does not run stays so.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL) }

// Stop ends the process as Kubernetes does: SIGTERM, and SIGKILL when that takes too long.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

func (p *Process) end(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	faults := []error{ignoreDone(p.cmd.Process.Signal(syscall.SIGCONT)), ignoreDone(p.cmd.Process.Signal(signal))}
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
		faults = append(faults, ignoreDone(p.cmd.Process.Kill()))
		<-p.done
	}
	p.cmd = nil
	return errors.Join(faults...)
}

func ignoreDone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// tail keeps the end of what is written. Safe for concurrent use.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, text...)
	if extra := len(t.text) - keptOutput; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
