package e2e

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/pkg/redistest"
)

// inputs is what a mesh is made from.
type inputs struct {
	views, users, items, events, bundle string
	known                               string
	rankingEnv                          []string
}

// demoInputs are the files of the demo shop, as a user has them in a checkout.
func demoInputs() inputs {
	in := func(name string) string { return filepath.Join("..", "..", "..", "demo", name) }
	return inputs{
		views: in("data/views.yaml"), users: in("data/users.csv.gz"), items: in("data/items.csv.gz"),
		events: in("data/events.csv.gz"), bundle: in("bundles/mlp"), known: "u00042",
	}
}

// mesh is four processes and a Redis.
type mesh struct {
	owner                               *testing.T
	redis                               *redistest.Server
	gateway, feature, ranking, fallback *process
	client                              *client.Client
	addresses                           map[string]string
	rankingEnv                          []string // beside the addresses
}

// environment places a service on free ports.
func (m *mesh) environment(t *testing.T, name string, more ...string) []string {
	t.Helper()
	prefix := "REPLI_" + strings.ToUpper(name)
	return append(more,
		prefix+"_PROCESS_SERVER_LISTEN="+m.address(t, name),
		prefix+"_PROCESS_SERVER_ADMIN_LISTEN="+m.address(t, name+" admin"))
}

// address is where a service listens, whether it has started or will.
func (m *mesh) address(t *testing.T, name string) string {
	t.Helper()
	if m.addresses[name] == "" {
		m.addresses[name] = freePort(t)
	}
	return m.addresses[name]
}

func config(name string) []string {
	return []string{"--config", filepath.Join("..", "..", "..", "config", name+".yaml")}
}

// startMesh loads the inputs into a new Redis, builds a snapshot and starts the four services on the shipped
// configurations.
func startMesh(t *testing.T, in inputs) *mesh {
	t.Helper()
	m := &mesh{owner: t, redis: redistest.Start(t), addresses: map[string]string{}, rankingEnv: in.rankingEnv}
	must(t, nil, "load", "--views", in.views, "--users", in.users, "--items", in.items, "--events", in.events,
		"--redis", m.redis.Addr)
	snapshot := filepath.Join(t.TempDir(), "snapshot.repli")
	must(t, nil, "snapshot", "build", "--views", in.views, "--users", in.users, "--events", in.events, "--out", snapshot)

	m.startFeature(t, in)
	m.startRanking(t, in)
	m.startFallback(t, snapshot)
	m.startGateway(t)
	if err := m.client.Ready(t.Context(), patience); err != nil {
		t.Fatal(err)
	}
	await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
	for _, name := range []string{"gateway", "feature", "ranking", "fallback"} {
		awaitReady(t, m.addresses[name+" admin"])
	}
	return m
}

// startGateway starts the gateway and a client of it.
func (m *mesh) startGateway(t *testing.T) {
	t.Helper()
	m.gateway = start(t, m.owner, "gateway", config("gateway"), m.environment(t, "gateway",
		"REPLI_GATEWAY_PEERS_FEATURE_TARGET=dns:///"+m.address(t, "feature"),
		"REPLI_GATEWAY_PEERS_RANKING_TARGET=dns:///"+m.address(t, "ranking"),
		"REPLI_GATEWAY_PEERS_FALLBACK_TARGET=dns:///"+m.address(t, "fallback"),
		"REPLI_GATEWAY_GATEWAY_LAST_GOOD_REFRESH=200ms")...)
	var err error
	if m.client, err = client.New(m.gateway.address); err != nil {
		t.Fatal(err)
	}
	m.owner.Cleanup(func() {
		if err := m.client.Close(); err != nil {
			m.owner.Error(err)
		}
	})
}

func (m *mesh) startFallback(t *testing.T, snapshot string) {
	t.Helper()
	m.fallback = start(t, m.owner, "fallback", config("fallback"),
		m.environment(t, "fallback", "REPLI_FALLBACK_FALLBACK_SNAPSHOT="+snapshot)...)
}

func (m *mesh) startFeature(t *testing.T, in inputs) {
	t.Helper()
	m.feature = start(t, m.owner, "feature", config("feature"), m.environment(t, "feature",
		"REPLI_FEATURE_VIEWS="+in.views, "REPLI_FEATURE_FEATURE_STORE_REDIS_ADDRESSES="+m.redis.Addr)...)
}

func (m *mesh) startRanking(t *testing.T, in inputs) {
	t.Helper()
	m.ranking = start(t, m.owner, "ranking", config("ranking"), m.environment(t, "ranking", append(slices.Clone(m.rankingEnv),
		"REPLI_RANKING_RANKING_BUNDLE="+in.bundle, "REPLI_RANKING_FEATURE_TARGET=dns:///"+m.address(t, "feature"))...)...)
}

func TestFourProcesses(t *testing.T) {
	in := demoInputs()
	m := startMesh(t, in)
	exerciseMesh(t, m, in)
}

// exerciseMesh breaks each part in turn. It leaves the mesh without its fallback service.
func exerciseMesh(t *testing.T, m *mesh, in inputs) {
	t.Helper()
	const tight = 50 * time.Millisecond
	request := &repliv1.RecommendRequest{UserId: in.known, Count: 10}

	t.Run("each process shows its status", func(t *testing.T) { statusPages(t, m) })
	t.Run("a known user", func(t *testing.T) {
		response := ask(t, m.gateway.address, in.known, "--count", "10", "--deadline", "1s")
		if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED || len(response.GetItems()) != 10 || response.GetNewUser() {
			t.Errorf("answer %s", protojson.Format(response))
		}
	})
	t.Run("a new user", func(t *testing.T) {
		response := ask(t, m.gateway.address, "nobody-has-met-me", "--count", "10", "--deadline", "1s")
		if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED || !response.GetNewUser() {
			t.Errorf("answer %s", protojson.Format(response))
		}
	})
	t.Run("the caller's own candidates", func(t *testing.T) {
		whole := recommend(t, m.client, time.Second, &repliv1.RecommendRequest{UserId: in.known, Count: 20})
		first, second := whole.GetItems()[0].GetItemId(), whole.GetItems()[1].GetItemId()
		response := ask(t, m.gateway.address, in.known, "--candidates", "no-such-item,"+second, "--exclude", first,
			"--deadline", "1s", "--count", "20")
		var ids []string
		for _, item := range response.GetItems() {
			ids = append(ids, item.GetItemId())
		}
		if slices.Contains(ids, first) || slices.Contains(ids, "no-such-item") || !slices.Contains(ids, second) {
			t.Errorf("items %v: %s is excluded, no-such-item unknown, %s a candidate", ids, first, second)
		}
		if c := response.GetCoverage(); c.GetUnknown() < 1 {
			t.Errorf("coverage %v does not count no-such-item as unknown", c)
		}
	})
	t.Run("figures", func(t *testing.T) {
		page := fetch(t, "http://"+m.addresses["gateway admin"]+"/metrics")
		for _, want := range []string{
			"repli_gateway_requests_total", `repli_tier="personalized"`, "repli_gateway_request_duration_seconds_bucket",
			`le="0.00025"`, "rpc_server",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("/metrics has no %s", want)
			}
		}
		for _, name := range []string{"gateway", "feature", "ranking", "fallback"} {
			if page := fetch(t, "http://"+m.addresses[name+" admin"]+"/metrics"); strings.Contains(page, strconv.Quote(in.known)) {
				t.Errorf("the figures of %s name a user", name)
			}
		}
	})
	t.Run("the store hangs", func(t *testing.T) {
		m.redis.Pause(t)
		t.Cleanup(func() { m.redis.Resume(t) })
		for range 20 { // the row is in memory, within its time to live or past it
			response := recommend(t, m.client, tight, request)
			if response.GetTier() > repliv1.Tier_TIER_STALE || len(response.GetItems()) != 10 {
				t.Fatalf("answer %s", protojson.Format(response))
			}
		}
		response := recommend(t, m.client, tight, &repliv1.RecommendRequest{UserId: "nobody has met them", Count: 10})
		if response.GetTier() != repliv1.Tier_TIER_SIMPLE || len(response.GetItems()) != 10 {
			t.Fatalf("answer %s", protojson.Format(response))
		}
	})
	await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
	t.Run("ranking hangs", func(t *testing.T) {
		m.ranking.signal(t, syscall.SIGSTOP)
		t.Cleanup(func() { m.ranking.signal(t, syscall.SIGCONT) })
		response := await(t, m.client, in.known, repliv1.Tier_TIER_SIMPLE)
		if response.GetDegradations()[0].GetComponent() != repliv1.Component_COMPONENT_RANKING {
			t.Errorf("answer %s", protojson.Format(response))
		}
	})
	await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
	t.Run("the feature service restarts", func(t *testing.T) {
		m.feature.kill(t)
		await(t, m.client, in.known, repliv1.Tier_TIER_STALE)
		m.startFeature(t, in)
		await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
	})
	t.Run("ranking restarts", func(t *testing.T) {
		m.ranking.kill(t)
		await(t, m.client, in.known, repliv1.Tier_TIER_SIMPLE)
		m.startRanking(t, in)
		await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
	})
	t.Run("the store is gone", func(t *testing.T) {
		m.redis.Stop(t)
		for i := range 20 {
			response := recommend(t, m.client, tight, request)
			if response.GetTier() > repliv1.Tier_TIER_STALE || len(response.GetItems()) != 10 {
				t.Fatalf("answer %s", protojson.Format(response))
			}
			unseen := &repliv1.RecommendRequest{UserId: "unseen" + strconv.Itoa(i), Count: 10}
			if response = recommend(t, m.client, tight, unseen); response.GetTier() != repliv1.Tier_TIER_SIMPLE || len(response.GetItems()) != 10 {
				t.Fatalf("answer %s", protojson.Format(response))
			}
			if response.GetDegradations()[0].GetComponent() != repliv1.Component_COMPONENT_FEATURE_STORE {
				t.Errorf("answer %s", protojson.Format(response))
			}
		}
	})
	t.Run("the store comes back, and its data", func(t *testing.T) {
		m.redis.Restart(t)
		must(t, nil, "load", "--views", in.views, "--users", in.users, "--items", in.items, "--redis", m.redis.Addr)
		response := await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
		if response.GetNewUser() {
			t.Error("the known user is not known any more")
		}
	})
	t.Run("the fallback service is gone", func(t *testing.T) {
		m.fallback.kill(t)
		response := await(t, m.client, in.known, repliv1.Tier_TIER_PARTIAL)
		if len(response.GetItems()) != 10 || response.GetCoverage().GetScored() == 0 {
			t.Errorf("answer %s", protojson.Format(response))
		}
		m.ranking.kill(t)
		if response := await(t, m.client, in.known, repliv1.Tier_TIER_STATIC); len(response.GetItems()) != 10 {
			t.Errorf("answer %s", protojson.Format(response))
		}
	})
}
