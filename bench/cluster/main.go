// Command cluster installs the chart on a real cluster and judges what callers get while it is upgraded, scaled, rolled back and
// killed under a constant load. It drives kubectl and helm as their users do, and takes away all that it made. It imports no
// service: `make test-k8s` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are one run as it is typed.
type options struct {
	k8s, k8sHome, kubectlProgram, helmProgram, chart string
	archives                                         list
	repository, tag, next                            string
	redisRepository, redisTag                        string
	namespace, out, report                           string
	rate                                             float64
	requests                                         int
	deadline                                         time.Duration
	// settle is how long a load goes on before something is done to the mesh.
	settle time.Duration
	// vanish is how long the pods of a release may take to go after it.
	vanish time.Duration
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return fmt.Sprint(*l) }

// Set adds one.
func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// The exit codes: broken is for expectations that did not hold, and for a run that could not go on.
const (
	broken  = 1
	misused = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(start(ctx, os.Args[1:], os.Stdout, os.Stderr)) //nolint:gocritic // stop has nothing to undo at the very end
}

func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "cluster:", err)
		return misused
	}
	if err := run(ctx, o, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "cluster:", err)
		return broken
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{settle: 3 * time.Second, vanish: 90 * time.Second}
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.k8s, "k8s", "", "the folder of k8s-up.sh, which makes a cluster for the run (default: that of KUBECONFIG is used)")
	flags.StringVar(&o.k8sHome, "k8s-home", "", "the scratch folder of k8s-up.sh, with the programs in bin")
	flags.StringVar(&o.kubectlProgram, "kubectl", "kubectl", "the kubectl program")
	flags.StringVar(&o.helmProgram, "helm", "helm", "the helm program")
	flags.StringVar(&o.chart, "chart", "helm/repli", "the chart's folder")
	flags.Var(&o.archives, "archive", "an image that the made cluster imports; may be given several times")
	flags.StringVar(&o.repository, "repository", "repli", "the image's name")
	flags.StringVar(&o.tag, "tag", "", "the tag that is installed")
	flags.StringVar(&o.next, "next-tag", "", "the tag that is upgraded to")
	flags.StringVar(&o.redisRepository, "redis-repository", "", "the name of the trial Redis's image (default: the chart's)")
	flags.StringVar(&o.redisTag, "redis-tag", "", "its tag (default: the chart's)")
	flags.StringVar(&o.namespace, "namespace", "repli-test", "the namespace that is made for the run; it must not be there")
	flags.StringVar(&o.out, "out", "bench/out/cluster", "a folder for cluster.json, cluster.md and the logs")
	flags.StringVar(&o.report, "report", "", "one more file for cluster.md, written when all expectations held")
	flags.Float64Var(&o.rate, "rate", 100, "requests a second")
	flags.IntVar(&o.requests, "requests", 22500, "how many requests each rollout is put under")
	flags.DurationVar(&o.deadline, "deadline", 100*time.Millisecond, "the deadline of each request")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.validate(flags.Args())
}

func (o options) validate(rest []string) error {
	var faults []error
	expect := func(ok bool, text string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(text, args...))
		}
	}
	expect(len(rest) == 0, "unknown arguments %q", rest)
	expect(o.tag != "" && o.next != "" && o.tag != o.next, "-tag, -next-tag: are %q and %q, expected two different ones", o.tag, o.next)
	expect(o.rate > 0, "-rate: is %v, expected more than 0", o.rate)
	expect(o.requests > 0, "-requests: is %v, expected more than 0", o.requests)
	expect(o.deadline > 0, "-deadline: is %v, expected more than 0s", o.deadline)
	if o.k8s == "" {
		expect(os.Getenv("KUBECONFIG") != "", "KUBECONFIG is not set, and neither is -k8s: expected a cluster, or what makes one")
		expect(len(o.archives) == 0, "-archive: is %v without -k8s, expected images that the cluster can pull", o.archives)
	} else {
		_, err := os.Stat(o.script())
		expect(err == nil, "-k8s: %v, expected the folder of k8s-up.sh", err)
		expect(o.k8sHome != "", "-k8s-home: is empty, expected the folder in whose bin k8s-build.sh has put Kubernetes")
	}
	return errors.Join(faults...)
}
