package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// script is what makes a cluster.
func (o options) script() string { return filepath.Join(o.k8s, "k8s-up.sh") }

// tools reach the cluster of the run.
func (o options) tools() (tools, error) {
	t := tools{kubectlPath: o.kubectlProgram, helmPath: o.helmProgram, namespace: o.namespace}
	if o.k8s == "" {
		return t, nil
	}
	bin := filepath.Join(o.k8sHome, "bin")
	var archives []string
	for _, archive := range o.archives {
		path, err := filepath.Abs(archive)
		if err != nil {
			return t, err
		}
		archives = append(archives, path)
	}
	t.kubectlPath = filepath.Join(bin, "kubectl")
	t.prefix = []string{"bash", o.script(), "exec"}
	t.env = []string{"K8S_HOME=" + o.k8sHome, "BIN=" + bin, "IMAGES=" + strings.Join(archives, " ")}
	for _, program := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl", "coredns", "pause"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			return t, fmt.Errorf("%w: build it with k8s-build.sh, as the README beside it says", err)
		}
	}
	return t, nil
}

// up makes the cluster; down takes it away, and what is left of one that did not come up.
func (o options) up(ctx context.Context, t tools) error {
	t.prefix = nil
	_, err := t.run(ctx, command{within: 5 * time.Minute, args: []string{"bash", o.script(), "up"}})
	return err
}

func (o options) down(ctx context.Context, t tools) error {
	t.prefix = nil
	_, err := t.run(context.WithoutCancel(ctx), command{within: 5 * time.Minute, args: []string{"bash", o.script(), "down"}})
	return err
}

// weights are where the weight of all pods stands against the machine's other work, in the two versions of control groups.
var weights = map[string]string{"/sys/fs/cgroup/cpu/kubepods/cpu.shares": "65536", "/sys/fs/cgroup/kubepods/cpu.weight": "10000"}

// favour has the pods of a made cluster go before whatever else the machine does, as on a node that has no other work; without it
// somebody's build is what is measured. It says whether they do. The groups go with the cluster.
func favour() bool {
	favoured := false
	for path, weight := range weights {
		if file, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
			_, err = file.WriteString(weight)
			favoured = errors.Join(err, file.Close()) == nil || favoured
		}
	}
	return favoured
}

// makeNamespace makes the one of the run, with the strictest of the Pod Security Standards. One that is there is somebody else's.
func makeNamespace(ctx context.Context, t tools) error {
	if _, err := t.kubectl(ctx, time.Minute, "create", "namespace", t.namespace); err != nil {
		return err
	}
	_, err := t.kubectl(ctx, time.Minute, "label", "namespace", t.namespace, "pod-security.kubernetes.io/enforce=restricted")
	return err
}

// takeAway undoes what the run did, whatever became of it.
func takeAway(ctx context.Context, t tools) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	if out, err := t.helm(ctx, time.Minute, "list", "--all", "--short"); err != nil || strings.TrimSpace(out) != "" {
		_, err := t.helm(ctx, 2*time.Minute, "uninstall", release, "--wait", "--timeout", "90s")
		errs = append(errs, err)
	}
	_, err := t.kubectl(ctx, 3*time.Minute, "delete", "namespace", t.namespace, "--wait", "--timeout", "150s")
	return errors.Join(append(errs, err)...)
}
