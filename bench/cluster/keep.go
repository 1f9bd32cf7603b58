package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// keep writes what explains a failure: the objects, the events and what every pod has logged. It does what it can.
func keep(ctx context.Context, t tools, folder string) {
	ctx = context.WithoutCancel(ctx)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return
	}
	save := func(name string, args ...string) {
		text, err := t.kubectl(ctx, time.Minute, args...)
		if err != nil {
			text += "\n" + err.Error()
		}
		_ = os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
	}
	save("objects.txt", "get", "all", "--output=wide")
	save("pods.txt", "describe", "pods")
	save("events.txt", "get", "events", "--sort-by=.lastTimestamp")
	pods, err := t.kubectl(ctx, time.Minute, "get", "pods", "--output=name")
	if err != nil {
		return
	}
	for _, pod := range strings.Fields(pods) {
		name := strings.ReplaceAll(pod, "/", "-")
		save(name+".log", "logs", pod, "--all-containers", "--prefix")
		save(name+".previous.log", "logs", pod, "--all-containers", "--prefix", "--previous")
	}
}
