//go:build chart

package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/services/fallback"
	"github.com/repli-mesh/repli/services/feature"
	"github.com/repli-mesh/repli/services/gateway"
	"github.com/repli-mesh/repli/services/ranking"
)

// loaded is a service's configuration as its process would read it.
type loaded struct {
	server  rpc.ServerConfig
	targets map[string]string // by the component that they should reach
	all     any
}

// service is what the chart has to know of one.
type service struct {
	port int
	grpc string
	load func(config.Source) (loaded, error)
}

var services = map[string]service{
	"gateway": {9000, repliv1.RecommendationService_ServiceDesc.ServiceName, func(s config.Source) (loaded, error) {
		c, err := config.Load(s, gateway.ProcessDefaults())
		return loaded{c.Process.Server, map[string]string{
			"feature": c.Peers.Feature.Target, "ranking": c.Peers.Ranking.Target, "fallback": c.Peers.Fallback.Target,
		}, c}, err
	}},
	"feature": {9010, featurev1.FeatureService_ServiceDesc.ServiceName, func(s config.Source) (loaded, error) {
		c, err := config.Load(s, feature.ProcessDefaults())
		return loaded{c.Process.Server, nil, c}, err
	}},
	"ranking": {9020, rankingv1.RankingService_ServiceDesc.ServiceName, func(s config.Source) (loaded, error) {
		c, err := config.Load(s, ranking.ProcessDefaults())
		return loaded{c.Process.Server, map[string]string{"feature": c.Feature.Target}, c}, err
	}},
	"fallback": {9030, fallbackv1.FallbackService_ServiceDesc.ServiceName, func(s config.Source) (loaded, error) {
		c, err := config.Load(s, fallback.ProcessDefaults())
		return loaded{c.Process.Server, nil, c}, err
	}},
}

// settings loads the configuration that a component's pods are given, as they would: file and environment.
func settings(t *testing.T, all []object, component string) loaded {
	t.Helper()
	file := find(t, all, "ConfigMap", component).text("data", component+".yaml")
	var env []string
	for _, variable := range find(t, all, "Deployment", component).under("spec", "template", "spec").list("containers")[0].list("env") {
		env = append(env, variable.text("name")+"="+variable.text("value"))
	}
	source := config.Source{Path: component + ".yaml", Data: []byte(file), Env: env, Prefix: "REPLI_" + strings.ToUpper(component)}
	got, err := services[component].load(source)
	if err != nil {
		t.Fatalf("%s refuses what the chart gives it: %v\n%s", component, err, file)
	}
	return got
}

// TestServicesTakeTheirConfiguration holds the rendered files against the services themselves, and against the Services that
// reach them.
func TestServicesTakeTheirConfiguration(t *testing.T) {
	t.Parallel()
	for set := range sets {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			all := render(t, set)
			for component, want := range services {
				got := settings(t, all, component)
				if got.server.Listen != fmt.Sprintf("0.0.0.0:%d", want.port) || got.server.AdminListen != fmt.Sprintf("0.0.0.0:%d", want.port+1) {
					t.Errorf("%s listens on %s and %s", component, got.server.Listen, got.server.AdminListen)
				}
				for peer, target := range got.targets {
					address := find(t, all, "Service", peer)
					if expected := fmt.Sprintf("dns:///%s:%d", address.name(), services[peer].port); target != expected {
						t.Errorf("%s dials %s at %s, expected %s", component, peer, target, expected)
					}
					if address.at("spec", "clusterIP") != "None" {
						t.Errorf("the Service of %s is not headless: a connection would be pinned to one pod", peer)
					}
				}
			}
		})
	}
}

// TestPodsHaveTheTimeToStop holds the pods' patience against the servers' own.
func TestPodsHaveTheTimeToStop(t *testing.T) {
	t.Parallel()
	for set := range sets {
		all := render(t, set)
		for component := range services {
			pod := find(t, all, "Deployment", component).under("spec", "template", "spec")
			server := settings(t, all, component).server
			sleep, _ := pod.list("containers")[0].at("lifecycle", "preStop", "sleep", "seconds").(int)
			need := time.Duration(sleep)*time.Second + server.ReadyDelay + server.DrainTimeout + 3*time.Second
			grace, _ := pod.at("terminationGracePeriodSeconds").(int)
			if have := time.Duration(grace) * time.Second; have < need {
				t.Errorf("%s %s: a pod is killed after %v, and needs %v to stop", set, component, have, need)
			}
			if server.MaxConnectionAgeGrace < server.DrainTimeout {
				t.Errorf("%s %s: a connection may end calls after %v, a pod after %v", set, component, server.MaxConnectionAgeGrace, server.DrainTimeout)
			}
		}
	}
}

// TestValuesReachTheServices follows single values to where they are used.
func TestValuesReachTheServices(t *testing.T) {
	t.Parallel()
	volumes, buckets := render(t, "volumes"), render(t, "bucket")
	edge := settings(t, volumes, "gateway").all.(gateway.ProcessConfig)
	if edge.Gateway.Candidates != 300 || edge.Gateway.Budget.Promise != 20*time.Millisecond || edge.Gateway.Budget.Ranking.Floor != 5*time.Millisecond {
		t.Errorf("the gateway has %+v", edge.Gateway)
	}
	if edge.Peers.Ranking.ConnectTimeout != 2*time.Second || edge.Process.Telemetry.LogLevel != "warn" || edge.Process.Telemetry.TraceRatio != 1 {
		t.Errorf("the gateway has %+v, %+v", edge.Peers, edge.Process.Telemetry)
	}
	store := settings(t, volumes, "feature").all.(feature.ProcessConfig).Feature.Store.Redis
	if store.Master != "shop" || len(store.Addresses) != 2 || store.PasswordFile != "/etc/repli/redis/password" || store.TLS.Enabled {
		t.Errorf("the store is %+v", store)
	}
	store = settings(t, buckets, "feature").all.(feature.ProcessConfig).Feature.Store.Redis
	if !store.Cluster || !store.TLS.Enabled || store.TLS.CAFile != "/etc/repli/redis-ca/ca.crt" || store.TLS.ServerName != "cache" ||
		store.Addresses[1] != "cache-1:6380" {
		t.Errorf("the store is %+v", store)
	}
	if got := settings(t, volumes, "ranking").all.(ranking.ProcessConfig).Ranking; got.Bundle != "/models/shop/bundle" || got.Registry.Path != "" {
		t.Errorf("the model is %+v", got)
	}
	if got := settings(t, buckets, "ranking").all.(ranking.ProcessConfig).Ranking; got.Bundle != "" || !got.Registry.Remote() {
		t.Errorf("the model is %+v", got)
	}
	if got := settings(t, volumes, "fallback").all.(fallback.ProcessConfig).Fallback.Snapshot; got != "/snapshot/shop/snapshot.repli" {
		t.Errorf("the snapshot is %s", got)
	}
}
