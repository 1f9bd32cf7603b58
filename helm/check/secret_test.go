//go:build chart

package check

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// cluster is as much of an API server as helm asks for Secrets: a namespace with some.
func cluster(t *testing.T, secrets map[string]map[string]string) string {
	t.Helper()
	resource := func(name, kind string) map[string]any {
		return map[string]any{"name": name, "kind": kind, "namespaced": true, "verbs": []string{"get", "list"}}
	}
	answers := map[string]any{
		"/version": map[string]string{"major": "1", "minor": "36", "gitVersion": "v" + version},
		"/api":     map[string]any{"kind": "APIVersions", "versions": []string{"v1"}},
		"/apis":    map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}},
		"/api/v1": map[string]any{"kind": "APIResourceList", "groupVersion": "v1", "resources": []any{
			resource("secrets", "Secret"), resource("serviceaccounts", "ServiceAccount"),
		}},
		"/api/v1/namespaces/shop/serviceaccounts/default": map[string]any{
			"kind": "ServiceAccount", "apiVersion": "v1", "metadata": map[string]string{"name": "default", "namespace": "shop"},
		},
	}
	for name, data := range secrets {
		answers["/api/v1/namespaces/shop/secrets/"+name] = map[string]any{
			"kind": "Secret", "apiVersion": "v1", "metadata": map[string]string{"name": name, "namespace": "shop"}, "data": data,
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestSecretsThatAreNotThereAreNamed asks a cluster that has the Secrets, some of them, or others.
func TestSecretsThatAreNotThereAreNamed(t *testing.T) {
	t.Parallel()
	password, authority := map[string]string{"password": "aHVzaA=="}, map[string]string{"ca.crt": "cGVt"}
	for name, c := range map[string]struct {
		secrets map[string]map[string]string
		want    string // "" where the values are sound
	}{
		"all there":    {map[string]map[string]string{"our-redis": password, "our-ca": authority}, ""},
		"no password":  {map[string]map[string]string{"our-ca": authority}, `redis.existingSecret: is "our-redis", expected the name of a Secret in the namespace "shop": there is none`},
		"no authority": {map[string]map[string]string{"our-redis": password}, `redis.tls.caSecret: is "our-ca", expected the name of a Secret`},
		"no such key": {
			map[string]map[string]string{"our-redis": {"pass": "aHVzaA=="}, "our-ca": authority},
			`redis.existingSecret: the Secret "our-redis" has no key "password"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(template(sets["bucket"]...), "--dry-run=server", "--kube-apiserver", cluster(t, c.secrets))
			stdout, stderr, err := helm(t, args...)
			if (err == nil) != (c.want == "") || !strings.Contains(stderr, c.want) {
				t.Errorf("%v, %q, expected %q", err, stderr, c.want)
			}
			if strings.Contains(stdout+stderr, "hush") || strings.Contains(stdout+stderr, "aHVzaA==") {
				t.Error("what is in a Secret is told")
			}
		})
	}
}
