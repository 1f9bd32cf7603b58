//go:build chart

package check

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

// chart is the folder of the chart.
const chart = "../repli"

// version is that of Kubernetes: a helm that `go install` has built takes it for an old one.
var version = os.Getenv("REPLI_KUBERNETES")

// sets are the values that the chart is held against: those that ship, and what they do not touch.
var sets = map[string][]string{
	"trial":      {"-f", chart + "/values-trial.yaml"},
	"production": {"-f", chart + "/values-production.yaml", "--set-file", "views.text=../../demo/data/views.yaml"},
	"volumes":    {"-f", "testdata/volumes.yaml"},
	"bucket":     {"-f", "testdata/bucket.yaml", "--set-file", "views.text=../../demo/data/views.yaml"},
	"bare":       {"-f", "testdata/bare.yaml"},
}

// object is one that Kubernetes would be given.
type object map[string]any

// at returns what is under a path of keys, or nil.
func (o object) at(path ...string) any {
	var here any = map[string]any(o)
	for _, key := range path {
		section, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = section[key]
	}
	return here
}

// under is at, for sections.
func (o object) under(path ...string) object {
	section, _ := o.at(path...).(map[string]any)
	return section
}

// list is at, for lists of sections.
func (o object) list(path ...string) []object {
	var all []object
	items, _ := o.at(path...).([]any)
	for _, item := range items {
		section, _ := item.(map[string]any)
		all = append(all, section)
	}
	return all
}

func (o object) text(path ...string) string {
	text, _ := o.at(path...).(string)
	return text
}

func (o object) kind() string { return o.text("kind") }
func (o object) name() string { return o.text("metadata", "name") }

// component is the one that an object belongs to.
func (o object) component() string {
	return o.text("metadata", "labels", "app.kubernetes.io/component")
}

// tool is the program in a variable of the environment.
func tool(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s: is empty, expected the path of a program: run make chart-check", variable)
	}
	return path
}

// helm runs helm on the chart and returns both of its outputs.
func helm(t *testing.T, args ...string) (string, string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "REPLI_HELM"), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return stdout.String(), stderr.String(), err
}

func template(args ...string) []string {
	return append([]string{"template", "mesh", chart, "--namespace", "shop", "--kube-version", version}, args...)
}

// rendered are what helm made of a set, so that it is asked once.
var rendered sync.Map

// text is what helm makes of a set of values and some more.
func text(t *testing.T, set string, args ...string) string {
	t.Helper()
	key := strings.Join(append([]string{set}, args...), "\x00")
	if known, ok := rendered.Load(key); ok {
		return known.(string)
	}
	stdout, stderr, err := helm(t, template(append(append([]string{}, sets[set]...), args...)...)...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", set, args, err, stderr)
	}
	rendered.Store(key, stdout)
	return stdout
}

// render is text, decoded.
func render(t *testing.T, set string, args ...string) []object {
	t.Helper()
	return decode(t, text(t, set, args...))
}

func decode(t *testing.T, text string) []object {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var all []object
	for {
		var o map[string]any // not object, which the decoder would make of sections, too
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if o != nil {
			all = append(all, o)
		}
	}
}

// find returns the one object of a kind and component.
func find(t *testing.T, all []object, kind, component string) object {
	t.Helper()
	var found []object
	for _, o := range all {
		if o.kind() == kind && o.component() == component {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s and component %s, expected one", len(found), kind, component)
	}
	return found[0]
}

// pods returns the specs of all pods, by the kind and name of what makes them.
func pods(all []object) map[string]object {
	found := map[string]object{}
	for _, o := range all {
		var spec object
		switch o.kind() {
		case "Pod":
			spec = o.under("spec")
		case "Deployment", "Job":
			spec = o.under("spec", "template", "spec")
		case "CronJob":
			spec = o.under("spec", "jobTemplate", "spec", "template", "spec")
		default:
			continue
		}
		found[o.kind()+" "+o.name()] = spec
	}
	return found
}

// containers are all of a pod, those that run first among them.
func containers(pod object) []object {
	return append(pod.list("initContainers"), pod.list("containers")...)
}
