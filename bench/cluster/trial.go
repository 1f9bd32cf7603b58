package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	release = "repli"
	// installable is how long an installation may take until everything is ready.
	installable = 60 * time.Second
	// rollable bounds a rollout of all services.
	rollable = 8 * time.Minute
)

// services are the Deployments that take part in every answer.
var services = []string{"gateway", "feature", "ranking", "fallback"}

// trial is one run at work. Not safe for concurrent use.
type trial struct {
	options
	tools

	report *report
	w      io.Writer
}

// all goes through the steps, and stops at the first that could not be done. Steps that were done and in which an expectation did
// not hold are told of at the end.
func (t *trial) all(ctx context.Context) error {
	steps := []func(context.Context) error{
		t.install, t.test, t.calm, t.upgrade, t.scaleUp, t.scaleDown, t.rollback, t.kill, t.test, t.uninstall,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return t.report.verdict()
}

func (t *trial) install(ctx context.Context) error {
	return t.do(ctx, "install", "`helm install --wait`, all pods new", func(s *step) error {
		args := append([]string{"install", release, t.chart, "--wait", "--timeout", "3m"}, t.settings(t.tag)...)
		if _, err := t.helm(ctx, 4*time.Minute, args...); err != nil {
			return err
		}
		s.expect(s.elapsed() < installable, "took %.1f s, expected less than %v", s.elapsed().Seconds(), installable)
		return nil
	})
}

// settings are the values of a version.
func (t *trial) settings(tag string, more ...string) []string {
	args := []string{"--values", filepath.Join(t.chart, "values-trial.yaml")}
	sets := append([]string{"image.repository=" + t.repository, "image.tag=" + tag}, more...)
	if t.redisRepository != "" {
		sets = append(sets, "redis.trial.image.repository="+t.redisRepository, "redis.trial.image.tag="+t.redisTag)
	}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	return args
}

func (t *trial) test(ctx context.Context) error {
	return t.do(ctx, "test", "`helm test`: a real Recommend is PERSONALIZED", func(*step) error {
		_, err := t.helm(ctx, 3*time.Minute, "test", release, "--timeout", "2m")
		return err
	})
}

// calm is the load with nothing done to the mesh: what is broken in it is the machine's doing.
func (t *trial) calm(ctx context.Context) error {
	return t.loaded(ctx, "calm", "nothing is done", t.requests/5, func(context.Context) error { return nil })
}

func (t *trial) upgrade(ctx context.Context) error {
	return t.rolling(ctx, "upgrade", "`helm upgrade` to another image: every pod of the four services is replaced",
		append([]string{"upgrade", release, t.chart}, t.settings(t.next)...))
}

func (t *trial) rollback(ctx context.Context) error {
	return t.rolling(ctx, "rollback", "`helm rollback` to the installed version: every pod is replaced", []string{"rollback", release, "1"})
}

// rolling changes the release, so that every pod of the services is replaced, and wants that nobody notices.
func (t *trial) rolling(ctx context.Context, name, what string, args []string) error {
	before, err := t.pods(ctx)
	if err != nil {
		return err
	}
	return t.loaded(ctx, name, what, t.requests, func(ctx context.Context) error {
		if err := t.change(ctx, args); err != nil {
			return err
		}
		after, err := t.pods(ctx)
		for _, pod := range before {
			if slices.Contains(after, pod) {
				err = errors.Join(err, fmt.Errorf("%s is there before and after", pod))
			}
		}
		return err
	})
}

func (t *trial) scaleUp(ctx context.Context) error {
	return t.scale(ctx, "scale up", "two pods more of each service but the gateway, one more of that", "3", "4")
}

func (t *trial) scaleDown(ctx context.Context) error {
	return t.scale(ctx, "scale down", "one pod of each service is left", "1", "1")
}

func (t *trial) scale(ctx context.Context, name, what, gateways, others string) error {
	args := append([]string{"upgrade", release, t.chart}, t.settings(t.next, "gateway.replicas="+gateways,
		"feature.replicas="+others, "ranking.replicas="+others, "fallback.replicas="+others)...)
	return t.loaded(ctx, name, what, t.requests/2, func(ctx context.Context) error { return t.change(ctx, args) })
}

// change has helm change the release, and waits until no old pod serves.
func (t *trial) change(ctx context.Context, args []string) error {
	if _, err := t.helm(ctx, rollable, append(args, "--wait", "--timeout", rollable.String())...); err != nil {
		return err
	}
	for _, service := range services {
		args := []string{"rollout", "status", "deployment/" + release + "-" + service, "--timeout", rollable.String()}
		if _, err := t.kubectl(ctx, rollable, args...); err != nil {
			return err
		}
	}
	return nil
}

// kill takes one pod of each service away without a word, as a node that dies does, and waits for the next in its place.
func (t *trial) kill(ctx context.Context) error {
	return t.loaded(ctx, "kill", "one pod of each service is killed, one after the other", t.requests/2, func(ctx context.Context) error {
		for _, service := range services {
			names, err := t.pods(ctx, service)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				return fmt.Errorf("%s has no pods", service)
			}
			if _, err := t.kubectl(ctx, time.Minute, "delete", "pod", names[0], "--grace-period=0", "--force", "--wait=false"); err != nil {
				return err
			}
			args := []string{"rollout", "status", "deployment/" + release + "-" + service, "--timeout", "2m"}
			if _, err := t.kubectl(ctx, 3*time.Minute, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// pods are the names of those of the services, or of some of them, that are not on their way out.
func (t *trial) pods(ctx context.Context, of ...string) ([]string, error) {
	if len(of) == 0 {
		of = services
	}
	selector := fmt.Sprintf("app.kubernetes.io/instance=%s,app.kubernetes.io/component in (%s)", release, strings.Join(of, ","))
	const format = `go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}`
	out, err := t.kubectl(ctx, time.Minute, "get", "pods", "--selector", selector, "--output", format)
	return strings.Fields(out), err
}
