package main

import (
	"context"
	"slices"
	"strings"
	"time"
)

// given are the objects that every namespace has, and those that say what has happened.
var given = []string{"configmap/kube-root-ca.crt", "serviceaccount/default"}

// uninstall takes the release away and wants that nothing of it is left.
func (t *trial) uninstall(ctx context.Context) error {
	return t.do(ctx, "uninstall", "`helm uninstall --wait`: no object of the release is left", func(s *step) error {
		if _, err := t.helm(ctx, 4*time.Minute, "uninstall", release, "--wait", "--timeout", "3m"); err != nil {
			return err
		}
		left, err := t.leftover(ctx)
		for err == nil && len(left) > 0 && s.elapsed() < t.vanish { // what belongs to something that is gone is collected soon
			if err = pause(ctx, time.Second); err == nil {
				left, err = t.leftover(ctx)
			}
		}
		s.expect(len(left) == 0, "is left: %s", strings.Join(left, ", "))
		return err
	})
}

// leftover lists what is in the namespace, and what belongs to the release outside of it.
func (t *trial) leftover(ctx context.Context) ([]string, error) {
	inside, err := t.objects(ctx, "--namespaced=true")
	if err != nil {
		return nil, err
	}
	outside, err := t.objects(ctx, "--namespaced=false", "--selector", "app.kubernetes.io/instance="+release)
	return slices.DeleteFunc(append(inside, outside...), func(object string) bool {
		return slices.Contains(given, object) || strings.HasPrefix(object, "event/") || strings.HasPrefix(object, "event.events.k8s.io/")
	}), err
}

// objects lists all of every kind that can be listed.
func (t *trial) objects(ctx context.Context, namespaced string, more ...string) ([]string, error) {
	kinds, err := t.kubectl(ctx, time.Minute, "api-resources", "--verbs=list", namespaced, "--output=name")
	if err != nil {
		return nil, err
	}
	all := strings.Join(strings.Fields(kinds), ",")
	names, err := t.kubectl(ctx, time.Minute, append([]string{"get", all, "--ignore-not-found", "--output=name"}, more...)...)
	return strings.Fields(names), err
}
