//go:build chart

package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/gateway"
)

// TestMisspeltAndMistypedValuesAreNamed holds the schema against mistakes: each has to be refused, by the path of its key.
func TestMisspeltAndMistypedValuesAreNamed(t *testing.T) {
	t.Parallel()
	for _, mistake := range []struct{ set, path, key string }{
		// misspelt
		{"gatewy.replicas=3", "/", "gatewy"},
		{"gateway.replicsa=3", "/gateway", "replicsa"},
		{"image.repo=x", "/image", "repo"},
		{"redis.trail.enabled=true", "/redis", "trail"},
		{"redis.tls.caSecrets=x", "/redis/tls", "caSecrets"},
		{"feature.resources.limits.mem=1Gi", "/feature/resources/limits", "mem"},
		{"gateway.config.gateway.budget.promis=10ms", "/gateway/config/gateway/budget", "promis"},
		{"feature.config.feature.cache.byte=1", "/feature/config/feature/cache", "byte"},
		{"fallback.autoscaling.min=1", "/fallback/autoscaling", "min"},
		{"gateway.pod.preStop=1", "/gateway/pod", "preStop"},
		{"snapshot.build.cron=x", "/snapshot/build", "cron"},
		// mistyped
		{"gateway.replicas=many", "/gateway/replicas", "integer"},
		{"gateway.replicas=-1", "/gateway/replicas", "minimum"},
		{"demo.enabled=yes", "/demo/enabled", "boolean"},
		{"image.tag=15", "/image/tag", "string"},
		{"image.tag=latest", "/image/tag", "not"},
		{"image.pullPolicy=Sometimes", "/image/pullPolicy", "one of"},
		{"gateway.config.gateway.budget.promise=10", "/gateway/config/gateway/budget/promise", "string"},
		{"gateway.config.gateway.budget.promise=10 ms", "/gateway/config/gateway/budget/promise", "pattern"},
		{"gateway.config.gateway.candidates=lots", "/gateway/config/gateway/candidates", "integer"},
		{"feature.resources.limits.memory=lots", "/feature/resources/limits/memory", "pattern"},
		{"telemetry.traceRatio=2", "/telemetry/traceRatio", "maximum"},
		{"telemetry.logLevel=loud", "/telemetry/logLevel", "one of"},
		{"gateway.podDisruptionBudget.maxUnavailable=half", "/gateway/podDisruptionBudget/maxUnavailable", "oneOf"},
		{"load.users=file", "/load/users", "array"},
		{"test.tier=GOOD", "/test/tier", "one of"},
		{"snapshot.build.activeDeadlineSeconds=0", "/snapshot/build/activeDeadlineSeconds", "minimum"},
		{"pod.maxSurge=half", "/pod/maxSurge", "oneOf"},
		{"networkPolicy.s3Ports=[]", "/networkPolicy/s3Ports", "minItems"}, // none would mean all
		// missing: null takes a default away
		{"gateway.replicas=null", "/gateway", "replicas"},
		// what the chart decides is no value
		{"gateway.config.process.server.listen=x", "/gateway/config/process/server", "listen"},
		{"gateway.config.peers.feature.target=x", "/gateway/config/peers/feature", "target"},
		{"feature.config.feature.store.kind=memory", "/feature/config/feature/store", "kind"},
	} {
		t.Run(mistake.set, func(t *testing.T) {
			t.Parallel()
			set := "--set"
			if strings.HasSuffix(mistake.set, "=[]") {
				set = "--set-json" // --set knows no empty list
			}
			stdout, stderr, err := helm(t, template(append(append([]string{}, sets["trial"]...), set, mistake.set)...)...)
			if err == nil {
				t.Fatalf("rendered %d bytes", len(stdout))
			}
			at := "at '" + strings.TrimSuffix(mistake.path, "/") + "'"
			if !strings.Contains(stderr, at) || !strings.Contains(stderr, mistake.key) {
				t.Errorf("says %q, expected %s and %s", stderr, at, mistake.key)
			}
		})
	}
}

// TestContradictionsAreNamed holds the templates against values that are sound one by one.
func TestContradictionsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ set, change, want string }{
		{"trial", "redis.url=redis://cache:6379", "redis.url: is set with redis.trial.enabled"},
		{"trial", "redis.trial.enabled=false", "redis.url: is empty, expected redis://HOST:PORT"},
		{"trial", "models.s3=s3://bucket/models", "models.s3: is set with demo.enabled"},
		{"trial", "snapshot.build.enabled=true", "snapshot.build.events: is empty"},
		{"production", "redis.cluster=false,redis.url=redis://a:1\\,b:1", "redis.url: has several hosts"},
		{"production", "redis.sentinelMaster=m", "redis.sentinelMaster: is set with redis.cluster"},
		{"production", "views.configMap=v", "views.configMap: is set with views.text"},
		{"bare", "demo.enabled=false", "views.text: is empty"},
		{"production", "redis.url=cache:6379", "redis.url: is no such address, expected redis://HOST:PORT"},
		{"production", "redis.url=redis://user:hush@cache:6379", "redis.url: is no such address"},
		{"production", "models.s3=s3://key:hush@bucket/models", "models.s3: is no such address"},
		{"production", "snapshot.s3=s3://bucket/folder/", "snapshot.s3: is no such address, expected s3://BUCKET/KEY"},
		{"production", "snapshot.build.users={s3://key:hush@bucket/users.csv}", "snapshot.build.users[0]: is no such file"},
		{"production", "telemetry.otlpEndpoint=http://user:hush@collector:4317", "telemetry.otlpEndpoint: is no such address"},
		{"production", "models.s3=", "models.s3: is empty"},
		{"production", "models.volume.claim=c", "models.volume.claim: is set with models.s3"},
		{"production", "snapshot.s3=", "snapshot.s3: is empty"},
		{"production", "snapshot.volume.claim=c", "snapshot.volume.claim: is set with snapshot.s3"},
		{"production", "load.enabled=true", "load.users: is empty"},
		{"production", "load.enabled=true,load.users={/data/u.csv}", `load.users[0]: is no such file, expected s3://BUCKET/KEY without credentials, or /data/FILE with load.claim`},
		{"production", "snapshot.build.events={elsewhere}", "snapshot.build.events[0]: is no such file"},
		{"production", "gateway.autoscaling.maxReplicas=2", "gateway.autoscaling.maxReplicas: is 2, expected at least minReplicas, 3"},
		{
			"trial", "fallback.pod.terminationGracePeriodSeconds=20",
			"pod.terminationGracePeriodSeconds: is 20 for fallback, expected at least 22 = preStopSeconds 5s + fallback.config.process.server.ready_delay 2s + drain_timeout 10s",
		},
		{"trial", "gateway.config.process.server.drain_timeout=1m30s", "terminationGracePeriodSeconds: is 30 for gateway, expected at least 102 ="},
		{"trial", "ranking.config.process.warm_up=5m", "pod.startupSeconds: is 120 for ranking, expected more than ranking.config.process.warm_up, 300s"},
		{"trial", "gateway.config.process.server.max_connection_age_grace=500ms", "max_connection_age_grace: is 500ms, expected at least the longest call, gateway.config.gateway.budget.max, 1s"},
		{"trial", "fallback.config.process.server.drain_timeout=900ms", "fallback.config.process.server.drain_timeout: is 900ms, expected at least the longest call, gateway.config.gateway.budget.max, 1s"},
		{"trial", "ranking.pod.maxSurge=0", "pod.maxSurge: is 0 for ranking, expected more than 0"},
		{"trial", "fallback.pod.maxSurge=0%", "pod.maxSurge: is 0% for fallback, expected more than 0"},
		{"trial", "feature.config.feature.cache.bytes=268435456", "feature.resources.limits.memory: is 256Mi, expected at least 357913941 bytes = feature.config.feature.cache.bytes 268435456 + a third"},
	} {
		t.Run(c.change, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, err := helm(t, template(append(append([]string{}, sets[c.set]...), "--set", c.change)...)...)
			if err == nil {
				t.Fatalf("rendered %d bytes", len(stdout))
			}
			if !strings.Contains(stderr, c.want) {
				t.Errorf("says %q, expected %q", stderr, c.want)
			}
			if strings.Contains(stderr, "hush") {
				t.Errorf("repeats a secret: %s", stderr)
			}
		})
	}
}

// TestReleasesAreNamedAsServicesCanBe installs under names that Helm takes and a Service does not.
func TestReleasesAreNamedAsServicesCanBe(t *testing.T) {
	t.Parallel()
	for release, sound := range map[string]bool{"my.shop": false, "2shop": false, "shop-2": true} {
		args := template(sets["trial"]...)
		args[1] = release
		_, stderr, err := helm(t, args...)
		named := strings.Contains(stderr, fmt.Sprintf("the release %q: Services cannot be called after it", release)) && strings.Contains(stderr, "fullnameOverride")
		if (err == nil) != sound || named == sound {
			t.Errorf("%s: %v, %s", release, err, stderr)
		}
		if _, stderr, err := helm(t, append(args, "--set", "fullnameOverride=shop")...); err != nil {
			t.Errorf("%s, with a name for its Services: %s", release, stderr)
		}
	}
}

// TestBudgetsAreRefusedAsTheGatewayRefusesThem asks both, the chart and the gateway, about divisions of time around the limit.
func TestBudgetsAreRefusedAsTheGatewayRefusesThem(t *testing.T) {
	t.Parallel()
	for _, budget := range []map[string]string{
		{},
		{"promise": "7ms"},
		{"promise": "6.9ms"},
		{"promise": "6.999ms", "reserve.share": "0.001"},
		{"ranking.floor": "50ms"},
		{"ranking.floor": "5ms"},
		{"ranking.floor": "5001us"},
		{"fallback.floor": "5ms"},
		{"feature.floor": "5.5ms"},
		{"promise": "100ms", "reserve.share": "0.9"},
		{"promise": "100ms", "reserve.share": "0.9", "reserve.ceiling": "0s"},
		{"promise": "100ms", "reserve.share": "0.9", "reserve.ceiling": "0s", "ranking.floor": "8ms"},
		{"promise": "1m0.5s", "default": "1m0.5s", "max": "2m", "ranking.floor": "1m", "ranking.ceiling": "0s"},
		{"default": "5ms"},
		{"max": "50ms"},
		{"default": "2s"},
		{"promise": "0s"},
		{"promise": "2ms"}, // less than the reserve's floor
		{"promise": "8ms", "reserve.floor": "9ms"},
		{"reserve.share": "0"},
		{"fallback.share": "-0.5"},
		{"feature.share": "1.01"},
		{"ranking.share": "1"},
		{"reserve.floor": "0s"},
		{"feature.floor": "0ms"},
		{"ranking.ceiling": "1999us"},
		{"ranking.ceiling": "2ms"},
		{"fallback.ceiling": "0s"},
	} {
		t.Run(fmt.Sprint(budget), func(t *testing.T) {
			t.Parallel()
			args, env := append([]string{}, sets["trial"]...), []string{}
			for key, value := range budget {
				set := "--set"
				if strings.HasSuffix(key, ".share") {
					set = "--set-json" // --set takes fractions for texts
				}
				args = append(args, set, "gateway.config.gateway.budget."+key+"="+value)
				env = append(env, "REPLI_GATEWAY_GATEWAY_BUDGET_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+value)
			}
			// A long drain, so that only the division of time is at stake.
			args = append(args, "--set", "pod.terminationGracePeriodSeconds=600")
			for component := range services {
				server := component + ".config.process.server."
				args = append(args, "--set", server+"drain_timeout=5m,"+server+"max_connection_age_grace=5m")
			}
			_, want := config.Load(config.Source{Env: env, Prefix: "REPLI_GATEWAY"}, gateway.ProcessDefaults())
			_, stderr, got := helm(t, template(args...)...)
			if (want == nil) != (got == nil) {
				t.Fatalf("the gateway says %v, the chart %v: %s", want, got, stderr)
			}
			if want != nil && !strings.Contains(stderr, "gateway.config."+sentence(want.Error())) {
				t.Errorf("the gateway says %q, the chart %q", want, stderr)
			}
		})
	}
}

// sentence is an error of the configuration without the variable that it came from.
func sentence(text string) string {
	_, rest, _ := strings.Cut(text, "gateway.budget.")
	return "gateway.budget." + rest
}
