package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/repli-mesh/repli/bench/load"
)

const (
	// startable bounds how long a pod of the load takes to start.
	startable = time.Minute
	job       = "job/bench-load"
)

//go:embed job.yaml
var jobText string

var jobTemplate = template.Must(template.New("job").Parse(jobText))

// order is a load to put on the mesh.
type order struct {
	image    string
	rate     float64
	requests int
	deadline time.Duration
	// settle is how long it goes on before something is done to the mesh.
	settle time.Duration
	// log gets all that the load prints, as it comes.
	log io.Writer
}

// manifest is the Job of the order. Any number of its requests may fail: they are judged here.
func (o order) manifest() (string, error) {
	args := []string{
		"--address", "dns:///" + release + "-gateway:9000", "--rate", fmt.Sprint(o.rate), "--count", fmt.Sprint(o.requests),
		"--duration", "0s", "--deadline", o.deadline.String(), "--progress", "5s", "--wait", "30s", "--max-failures", fmt.Sprint(o.requests),
	}
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = fmt.Sprintf("%q", arg)
	}
	var text bytes.Buffer
	err := jobTemplate.Execute(&text, map[string]string{"Image": o.image, "Args": strings.Join(quoted, ", ")})
	return text.String(), err
}

// length is how long the load goes on.
func (o order) length() time.Duration {
	return time.Duration(float64(o.requests) / o.rate * float64(time.Second))
}

// underLoad puts the load on the mesh, acts while it lasts, and returns the sums when it has ended. The load's Job is gone then.
func underLoad(ctx context.Context, t tools, o order, act func(context.Context) error) (sums load.Summary, err error) {
	text, err := o.manifest()
	if err != nil {
		return sums, err
	}
	defer func() {
		_, gone := t.kubectl(context.WithoutCancel(ctx), time.Minute, "delete", job, "--ignore-not-found", "--cascade=foreground", "--wait")
		err = errors.Join(err, gone)
	}()
	if err := t.apply(ctx, text); err != nil {
		return sums, err
	}
	ready := []string{"wait", "--for=jsonpath={.status.ready}=1", job, "--timeout=" + startable.String()}
	if _, err := t.kubectl(ctx, startable+10*time.Second, ready...); err != nil {
		return sums, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var said bytes.Buffer
	var following error
	var group sync.WaitGroup
	group.Go(func() { // until the container ends
		args := []string{t.kubectlPath, "--namespace", t.namespace, "logs", "--follow", job}
		_, following = t.run(ctx, command{within: o.length() + 2*time.Minute, output: io.MultiWriter(&said, o.log), args: args})
	})
	if err = pause(ctx, o.settle); err == nil {
		err = act(ctx)
	}
	if err != nil {
		cancel()
	}
	group.Wait()
	if err != nil {
		return sums, err
	}
	if following != nil {
		return sums, following
	}
	return parseSums(said.String())
}

// parseSums finds the sums among what the load has printed.
func parseSums(said string) (load.Summary, error) {
	var sums load.Summary
	for _, line := range slices.Backward(strings.Split(said, "\n")) {
		if strings.HasPrefix(line, "{") {
			return sums, json.Unmarshal([]byte(line), &sums)
		}
	}
	return sums, fmt.Errorf("the load has printed no sums: %s", tail(said))
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
