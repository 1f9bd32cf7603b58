package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tools run kubectl and helm against the cluster. Safe for concurrent use.
type tools struct {
	kubectlPath, helmPath, namespace string
	// prefix is the command that the others are run by, where the cluster is reachable from its own network only.
	prefix []string
	// env is added to the environment.
	env []string
}

// command is one child process.
type command struct {
	stdin string
	// output gets what it prints as it comes, and nothing is returned then; nil is for what is returned as a whole.
	output io.Writer
	within time.Duration
	args   []string
}

// kubectl runs it in the namespace of the run and returns what it prints.
func (t tools) kubectl(ctx context.Context, within time.Duration, args ...string) (string, error) {
	return t.run(ctx, command{within: within, args: append([]string{t.kubectlPath, "--namespace", t.namespace}, args...)})
}

// apply has kubectl make objects of the text.
func (t tools) apply(ctx context.Context, text string) error {
	args := []string{t.kubectlPath, "--namespace", t.namespace, "apply", "-f", "-"}
	_, err := t.run(ctx, command{within: time.Minute, stdin: text, args: args})
	return err
}

// helm runs it in the namespace of the run and returns what it prints.
func (t tools) helm(ctx context.Context, within time.Duration, args ...string) (string, error) {
	return t.run(ctx, command{within: within, args: append([]string{t.helmPath, "--namespace", t.namespace}, args...)})
}

// run runs the command to its end, or ends it with all its children when its time is over or ctx is done.
func (t tools) run(ctx context.Context, c command) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	args := append(append([]string{}, t.prefix...), c.args...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the caller's own programs
	cmd.Env = append(os.Environ(), t.env...)
	cmd.Stdin = strings.NewReader(c.stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if c.output != nil {
		cmd.Stdout, cmd.Stderr = c.output, c.output
	}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w after at most %v", context.Cause(ctx), c.within)
		}
		return stdout.String(), fmt.Errorf("%s: %w: %s", short(c.args), err, tail(stderr.String()))
	}
	return stdout.String(), nil
}

// short is the command as far as it tells what was done.
func short(args []string) string {
	text := filepath.Base(args[0]) + " " + strings.Join(args[1:], " ")
	return text[:min(len(text), 160)]
}

// tail is the end of what a program said.
func tail(text string) string {
	text = strings.TrimSpace(text)
	return text[max(0, len(text)-600):]
}
